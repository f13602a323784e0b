#pragma once
/* SPDX-License-Identifier: MIT */
/* Checks the names of files that clients send, and opens these files: never outside of the root, never through a
 * link. */

#include <stdbool.h>
#include <stddef.h>

#define PATH_ELEMENT_MAX 255
#define PATH_BYTES_MAX   4000

struct path_root {
	int fd;    /* the root folder; the owner of this struct closes it */
	bool walk; /* openat2() is missing: open element by element, with O_NOFOLLOW */
};

enum {
	PATH_E_DENIED = 1, /* clients must not use such a name */
	PATH_E_TOO_LONG,
};

/* Checks a name and copies it. 0, PATH_E_DENIED or PATH_E_TOO_LONG with the reason (a static sentence). */
int path_check(const char *name, size_t len, char ret[PATH_BYTES_MAX + 1], const char **ret_why);

/* Whether clients see a name in a folder: it is not hidden, is UTF-8, and has no control characters. */
bool path_is_shown(const char *name, size_t len);

/* Tries openat2() and sets root->walk. */
void path_probe(struct path_root *root);

/*
 * Opens the file or folder of a checked name; "" is the root itself. O_NONBLOCK, O_NOCTTY and O_CLOEXEC are added.
 * Returns the fd, -ELOOP (a part of the path is a link), -EXDEV (the path leads outside), or another negative errno.
 * Can block.
 */
int path_open(const struct path_root *root, const char *path, int flags);

/* The same from the kernel's memory only, without blocking. -EAGAIN: call path_open(), in a thread that can block. */
int path_open_cached(const struct path_root *root, const char *path, int flags);

/* Opens the folder above @path, for reading and fsync. *ret_base points into @path. The fd or negative errno. Can
 * block. */
int path_open_parent(const struct path_root *root, const char *path, const char **ret_base);
