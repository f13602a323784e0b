#pragma once
/* SPDX-License-Identifier: MIT */
/* Reads and writes whole files and buffers. The calls block: they are for workers, the start and the tools, never for
 * the thread of an event loop. */

#include "base/buf.h"

#include <stddef.h>
#include <sys/types.h>

/* Write all of @n bytes, and go on after short writes and EINTR. 0 or negative errno. */
int io_write_all(int fd, const void *p, size_t n);
int io_pwrite_all(int fd, const void *p, size_t n, off_t off);

/* Reads @n bytes, fewer only at the end of the file. Returns the number of bytes, or negative errno. */
ssize_t io_pread_full(int fd, void *p, size_t n, off_t off);

/* Appends the whole file to @b. 0, -ENOBUFS (more than b->max), or negative errno. */
int io_read_file(int dirfd, const char *path, struct buf *b);

/* Replaces the file @name in @dirfd by one with these bytes, which survives a loss of power: it writes under a
 * temporary name, and calls fsync, rename, and fsync of the folder. 0 or negative errno. */
int io_replace_file(int dirfd, const char *name, const void *p, size_t n, mode_t mode);
