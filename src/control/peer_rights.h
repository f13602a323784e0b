#pragma once
/* SPDX-License-Identifier: MIT */
/* The user at the other end of a UNIX socket, and whether that user is allowed to administer the daemon. */

#include <stdbool.h>
#include <sys/types.h>

#define PEER_RIGHTS_GROUP    "ioe-admin"
#define PEER_RIGHTS_NO_GROUP ((gid_t)-1)

/* Looks up the group ioe-admin; PEER_RIGHTS_NO_GROUP: there is none. Can block. 0, or negative errno: the look-up
 * failed. */
int peer_rights_admin_group(gid_t *ret);

struct peer_rights {
	uid_t uid;
	bool allowed;
	bool exempt; /* root or the daemon's own user: control.per_user does not apply */
};

/*
 * Asks the kernel for the peer of a connected socket. 0; -EAFNOSUPPORT: it is no UNIX socket; -EACCES: the kernel knows
 * no user; or another negative errno. @admins can be PEER_RIGHTS_NO_GROUP.
 */
int peer_rights_of(int fd, gid_t admins, struct peer_rights *ret);

/* The decision itself, without a system call. @groups are the supplementary groups. */
bool peer_rights_allow(uid_t own, gid_t admins, uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups);
