/* SPDX-License-Identifier: MIT */
/*
 * The file of a socket stays after a daemon was killed. The next daemon must replace it, but never while another daemon
 * listens on it; a connect() shows whether one does. If two daemons started at the same time, both would find no
 * listener, and the second would unlink the new socket of the first. So the folder is locked from the connect() until
 * the new socket listens.
 *
 * Before listen() every connect is refused, so no client gets in before mode and group are right.
 */
#include "control/endpoint.h"

#include "base/log.h"
#include "base/macro.h"
#include "control/peer_rights.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define ENDPOINT_BACKLOG 64

void endpoint_done(struct endpoint *e)
{
	struct stat st;

	if (e->path && lstat(e->path, &st) == 0 && st.st_dev == e->dev && st.st_ino == e->ino)
		(void)unlink(e->path);
	free(e->path);
	if (e->fd >= 0)
		(void)close(e->fd);
	*e = (struct endpoint)ENDPOINT_NULL;
}

static int endpoint_address(const char *dir, const char *name, struct sockaddr_un *ret, char *why, size_t why_size)
{
	int len;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	len = snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/%s", dir, name);
	if (len > ENDPOINT_PATH_MAX) {
		(void)snprintf(why, why_size,
			       "The control socket's path %s/%s has %d bytes, and the kernel takes 1 to %d: set a shorter "
			       "runtime_dir.",
			       dir, name, len, ENDPOINT_PATH_MAX);
		return -ENAMETOOLONG;
	}
	return 0;
}

/* Opens the folder and locks it. The lock ends when the descriptor is closed. */
static int endpoint_lock(const char *dir, int *ret_fd, char *why, size_t why_size)
{
	_cleanup_(closep) int fd = -1;
	int r;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		r = -errno;
		(void)snprintf(why, why_size, "The runtime directory %s cannot be opened: %s.", dir, strerror(-r));
		return r;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
		(void)snprintf(why, why_size, "The runtime directory %s cannot be locked: %s.", dir,
			       r == -EADDRINUSE ? "another ioed is just starting on it" : strerror(-r));
		return r;
	}
	*ret_fd = STEAL_FD(fd);
	return 0;
}

/* Connects. 0: a process listens; -ECONNREFUSED: none does; another negative errno: it is unknown. */
static int endpoint_probe(const struct sockaddr_un *addr)
{
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0)
		return 0;
	return errno == EAGAIN ? 0 : -errno; /* its queue is full: a process listens, even if it is stuck */
}

static int endpoint_clear(int dir_fd, const char *name, const struct sockaddr_un *addr, char *why, size_t why_size)
{
	struct stat st;
	int r;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		r = -errno;
		if (r == -ENOENT)
			return 0;
	} else if (!S_ISSOCK(st.st_mode)) {
		(void)snprintf(why, why_size, "%s exists and is no socket: move it away.",
			       addr->sun_path);
		return -EEXIST;
	} else {
		r = endpoint_probe(addr);
		if (r == 0) {
			(void)snprintf(why, why_size, "Another ioed runs on %s: stop it, or choose another instance.",
				       addr->sun_path);
			return -EADDRINUSE;
		}
		if (r == -ECONNREFUSED)
			r = unlinkat(dir_fd, name, 0) < 0 ? -errno : 0;
		if (r == 0)
			return 0;
	}
	(void)snprintf(why, why_size, "The old control socket %s cannot be replaced: %s.", addr->sun_path, strerror(-r));
	return r;
}

static int endpoint_bind(int fd, const struct sockaddr_un *addr)
{
	/* bind() makes the file with the mode of the socket, so at no moment it has a wider one. */
	if (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0)
		return -errno;
	return 0;
}

/* Sets the mode by descriptor, as another user who can write to the folder could put a link in the file's place. */
static int endpoint_set_mode(int fd, int dir_fd, const char *name)
{
	char self[40];

	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (chmod(self, 0660) == 0)
		return 0;
	/* Without /proc. */
	return errno == ENOENT && fchmodat(dir_fd, name, 0660, 0) == 0 ? 0 : -errno;
}

static int endpoint_publish(struct endpoint *e, int dir_fd, const char *name, gid_t group)
{
	_cleanup_(closep) int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
		return -ESTALE; /* another file has its place already */
	e->dev = st.st_dev;
	e->ino = st.st_ino;
	/* Under ioe@.service this is already the daemon's group, and the unit forbids chown(). */
	if (group != (gid_t)-1 && group != st.st_gid && fchownat(fd, "", (uid_t)-1, group, AT_EMPTY_PATH) < 0)
		log_notice("The control socket %s cannot be given to the group %s (%s): only root and the daemon's own "
			   "user can administer it. The daemon must be a member of the group.",
			   e->path, PEER_RIGHTS_GROUP, strerror(errno));
	r = endpoint_set_mode(fd, dir_fd, name);
	if (r >= 0 && listen(e->fd, ENDPOINT_BACKLOG) < 0)
		r = -errno;
	return r;
}

static int endpoint_listen(int dir_fd, const char *name, const struct sockaddr_un *addr, gid_t group,
			   struct endpoint *ret)
{
	_cleanup_(endpoint_done) struct endpoint e = ENDPOINT_NULL;
	int r;

	e.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (e.fd < 0)
		return -errno;
	e.path = strdup(addr->sun_path);
	if (!e.path)
		return -ENOMEM;
	r = endpoint_bind(e.fd, addr);
	if (r < 0)
		return r;
	r = endpoint_publish(&e, dir_fd, name, group);
	if (r < 0)
		return r;
	*ret = e;
	e = (struct endpoint)ENDPOINT_NULL;
	return 0;
}

int endpoint_open(const char *dir, const char *name, gid_t group, struct endpoint *ret, char *why, size_t why_size)
{
	_cleanup_(closep) int dir_fd = -1;
	struct sockaddr_un addr;
	int r;

	r = endpoint_address(dir, name, &addr, why, why_size);
	if (r < 0)
		return r;
	r = endpoint_lock(dir, &dir_fd, why, why_size);
	if (r < 0)
		return r;
	r = endpoint_clear(dir_fd, name, &addr, why, why_size);
	if (r < 0)
		return r;
	r = endpoint_listen(dir_fd, name, &addr, group, ret);
	if (r < 0)
		(void)snprintf(why, why_size, "The control socket %s cannot be made: %s.", addr.sun_path, strerror(-r));
	return r;
}
