/* SPDX-License-Identifier: MIT */
#include "control/peer_rights.h"

#include "base/macro.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <sys/socket.h>

#define PEER_RIGHTS_ENTRY_MAX (1U << 20) /* bytes of a group's entry, which has the names of all its members */

int peer_rights_admin_group(gid_t *ret)
{
	_cleanup_(freep) char *buf = NULL;
	struct group entry, *found = NULL;
	size_t size = 1024;
	int r;

	do {
		free(buf);
		buf = malloc(size *= 2);
		if (!buf)
			return -ENOMEM;
		r = getgrnam_r(PEER_RIGHTS_GROUP, &entry, buf, size, &found);
	} while (r == ERANGE && size < PEER_RIGHTS_ENTRY_MAX);

	/* Several numbers mean "there is none": getgrnam_r(3). */
	if (r != 0 && r != ENOENT && r != ESRCH && r != EPERM && r != EBADF)
		return -r;
	*ret = found ? found->gr_gid : PEER_RIGHTS_NO_GROUP;
	return 0;
}

bool peer_rights_allow(uid_t own, gid_t admins, uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups)
{
	if (uid == (uid_t)-1)
		return false;
	if (uid == 0 || uid == own)
		return true;
	if (admins == PEER_RIGHTS_NO_GROUP)
		return false;
	for (size_t i = 0; i < n_groups; i++)
		if (groups[i] == admins)
			return true;
	return gid == admins;
}

/* The supplementary groups that the peer had when it connected. */
static int peer_rights_groups(int fd, gid_t **ret, size_t *ret_n)
{
	_cleanup_(freep) gid_t *groups = NULL;
	socklen_t size = 64 * sizeof(gid_t);

	/* If the memory is too small, the kernel returns the size that it needs. The groups of a peer never change. */
	for (int i = 0; i < 2; i++) {
		free(groups);
		groups = malloc(size);
		if (!groups)
			return -ENOMEM;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0) {
			*ret_n = size / sizeof(gid_t);
			*ret = STEAL_PTR(groups);
			return 0;
		}
		if (errno != ERANGE || size > NGROUPS_MAX * sizeof(gid_t))
			return -errno;
	}
	return -ERANGE;
}

int peer_rights_of(int fd, gid_t admins, struct peer_rights *ret)
{
	_cleanup_(freep) gid_t *groups = NULL;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	size_t n = 0;
	int domain, r;

	/* On TCP SO_PEERCRED succeeds as well, and says uid -1. */
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &(socklen_t){ sizeof(domain) }) < 0)
		return -errno;
	if (domain != AF_UNIX)
		return -EAFNOSUPPORT;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	if (cred.uid == (uid_t)-1)
		return -EACCES;
	/*
	 * The pid decides nothing: another process can have it by now. It is 0 for a peer from a pid namespace outside
	 * this one, such as root on the host of a container; the uid is enough to identify that user.
	 */
	/* SO_PEERCRED knows the primary group only. */
	r = peer_rights_groups(fd, &groups, &n);
	if (r < 0)
		return r;

	*ret = (struct peer_rights){
		.uid = cred.uid,
		.allowed = peer_rights_allow(geteuid(), admins, cred.uid, cred.gid, groups, n),
		.exempt = cred.uid == 0 || cred.uid == geteuid(),
	};
	return 0;
}
