#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Where a folder lies, and who else may change what is in it. Folders are told by descriptors, which O_PATH is enough
 * for. Walks up to the root of the file system: for workers, start-up and tools, never for a loop's thread.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether nobody but root and this user can put files into a folder or take them away, nor put another one in its
 * place: it and all above belong to one of both, and are writable for nobody else; above it, a folder with the sticky
 * bit is as good, since the one in it belongs to us. 0, -EPERM with a sentence in @why, or another negative errno.
 */
int place_is_private(int fd, char *why, size_t why_size);

/*
 * Whether @fd is the folder @root or lies below it, also by another mount of the same file system, as far as
 * /proc/self/mountinfo tells. 1, 0 or negative errno.
 */
int place_is_within(int fd, int root);

/* Whether it or one above has an entry of this name. 1, 0 or negative errno. */
int place_is_below_name(int fd, const char *name);

/* Whether a folder below @root is so by a name that begins with a dot, as far as names are known. */
bool place_is_hidden(int fd, int root);
