#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Where a folder lies in the file system, and which other users can change its entries. A folder is given as a
 * descriptor; O_PATH is enough. All of these walk up to the root of the file system and can block: they are for
 * workers, the start and the tools, never for the thread of an event loop.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * Checks that only root and this user can add files to the folder @fd, remove them, or put another folder in its place:
 * the folder and all folders above it belong to root or to this user, and no other user can write to them. Above @fd, a
 * folder with the sticky bit passes, too. 0, -EPERM with a sentence in @why, or another negative errno.
 */
int place_is_private(int fd, char *why, size_t why_size);

/*
 * Whether @fd is the folder @root or lies below it. Other mounts of the same file system count, as far as
 * /proc/self/mountinfo shows them. 1, 0 or negative errno.
 */
int place_is_within(int fd, int root);

/* Whether the folder @fd or a folder above it has an entry with this name. 1, 0 or negative errno. */
int place_is_below_name(int fd, const char *name);

/* Whether the path from @root to @fd has a name that begins with a dot. False where /proc does not show the paths. */
bool place_is_hidden(int fd, int root);
