/* SPDX-License-Identifier: MIT */
#include "roles/file/path.h"

#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PATH_FLAGS (O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static const char *path_element_fault(const char *e, size_t n)
{
	if (n == 0)
		return "it has an empty element: it begins or ends with / or has two of them in a row";
	if (e[0] == '.')
		return "an element begins with a dot";
	if (!str_is_utf8(e, n))
		return "it is no UTF-8";
	if (str_has_control(e, n))
		return "it holds a control character";
	return NULL;
}

int path_check(const char *name, size_t len, char ret[PATH_BYTES_MAX + 1], const char **ret_why)
{
	const char *e = name, *end = name + len, *why;

	if (len > PATH_BYTES_MAX) {
		*ret_why = "a name may have 4000 bytes";
		return PATH_E_TOO_LONG;
	}
	for (;;) {
		const char *slash = memchr(e, '/', (size_t)(end - e));
		size_t n = (size_t)((slash ? slash : end) - e);

		if (n > PATH_ELEMENT_MAX) {
			*ret_why = "an element of a name may have 255 bytes";
			return PATH_E_TOO_LONG;
		}
		why = path_element_fault(e, n);
		if (why) {
			*ret_why = why;
			return PATH_E_DENIED;
		}
		if (!slash)
			break;
		e = slash + 1;
	}
	memcpy(ret, name, len);
	ret[len] = '\0';
	return 0;
}

bool path_is_shown(const char *name, size_t len)
{
	return !path_element_fault(name, len);
}

static int path_openat2(const struct path_root *root, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | PATH_FLAGS),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | resolve,
	};
	int fd = (int)syscall(SYS_openat2, root->fd, *path ? path : ".", &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

void path_probe(struct path_root *root)
{
	int fd = path_openat2(root, "", O_RDONLY | O_DIRECTORY, 0);

	/* The kernel is old, or a seccomp filter refuses the call, as it cannot read the struct (RestrictSUIDSGID=). */
	root->walk = fd == -ENOSYS || fd == -EPERM;
	if (fd >= 0)
		(void)close(fd);
}

static int path_walk_step(int at, const char *element, int flags)
{
	int fd = openat(at, element, flags | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;

	if (fd >= 0)
		return fd;
	/* With O_DIRECTORY, the error for a link is ENOTDIR. */
	if (errno == ENOTDIR && fstatat(at, element, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return -ELOOP;
	return -errno;
}

/*
 * Opens one element at a time, each from the descriptor of the one before. A link that is put there meanwhile does no
 * harm: O_NOFOLLOW refuses it, and checked names have no "..".
 */
static int path_walk(const struct path_root *root, const char *path, int flags)
{
	_cleanup_(closep) int at = -1;
	char element[PATH_ELEMENT_MAX + 1];
	const char *slash;

	while ((slash = strchr(path, '/'))) {
		size_t n = (size_t)(slash - path);
		int next;

		if (n > PATH_ELEMENT_MAX)
			return -ENAMETOOLONG;
		memcpy(element, path, n);
		element[n] = '\0';
		next = path_walk_step(at < 0 ? root->fd : at, element, O_PATH | O_DIRECTORY);
		if (next < 0)
			return next;
		closep(&at);
		at = next;
		path = slash + 1;
	}
	return path_walk_step(at < 0 ? root->fd : at, *path ? path : ".", flags | PATH_FLAGS);
}

int path_open(const struct path_root *root, const char *path, int flags)
{
	int fd;

	if (root->walk)
		return path_walk(root, path, flags);
	/* EAGAIN: something was renamed meanwhile, so that the kernel cannot vouch for "beneath" (openat2(2)). */
	for (unsigned tries = 0; tries < 64; tries++) {
		fd = path_openat2(root, path, flags, 0);
		if (fd != -EAGAIN)
			break;
	}
	return fd;
}

int path_open_cached(const struct path_root *root, const char *path, int flags)
{
	return root->walk ? -EAGAIN : path_openat2(root, path, flags, RESOLVE_CACHED);
}

int path_open_parent(const struct path_root *root, const char *path, const char **ret_base)
{
	char parent[PATH_BYTES_MAX + 1] = "";
	const char *slash = strrchr(path, '/');

	if (slash) {
		memcpy(parent, path, (size_t)(slash - path));
		parent[slash - path] = '\0';
	}
	*ret_base = slash ? slash + 1 : path;
	return path_open(root, parent, O_RDONLY | O_DIRECTORY);
}
