#pragma once
/* SPDX-License-Identifier: MIT */
/* Names of files as clients write them, and the opening of what they name: never outside of the root, never a link. */

#include <stdbool.h>
#include <stddef.h>

#define PATH_ELEMENT_MAX 255
#define PATH_BYTES_MAX   4000

struct path_root {
	int fd;    /* the root folder; its owner's */
	bool walk; /* no openat2() here: element by element, with O_NOFOLLOW */
};

enum {
	PATH_E_DENIED = 1, /* no name of a file that may be reached */
	PATH_E_TOO_LONG,
};

/* Checks a name and copies it. 0, PATH_E_DENIED or PATH_E_TOO_LONG with the reason (a static sentence). */
int path_check(const char *name, size_t len, char ret[PATH_BYTES_MAX + 1], const char **ret_why);

/* Whether a name in a folder may be shown: not hidden, UTF-8, no control characters. */
bool path_is_shown(const char *name, size_t len);

/* Tries openat2() and sets root->walk. */
void path_probe(struct path_root *root);

/*
 * Opens what a checked name leads to; "" is the root itself. O_NONBLOCK, O_NOCTTY and O_CLOEXEC are added. The fd, or
 * -ELOOP (a link is in the way), -EXDEV (it leads outside), or another negative errno. May block.
 */
int path_open(const struct path_root *root, const char *path, int flags);

/* The same out of what the kernel has in memory; -EAGAIN: path_open() has to be asked, where blocking is allowed. */
int path_open_cached(const struct path_root *root, const char *path, int flags);

/* The folder that holds @path, for reading and fsync. *ret_base points into @path. The fd or negative errno. May block. */
int path_open_parent(const struct path_root *root, const char *path, const char **ret_base);
