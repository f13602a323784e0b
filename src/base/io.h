#pragma once
/* SPDX-License-Identifier: MIT */
/* Reads and writes whole files and buffers, where blocking is allowed: workers, start, tools. Never in a loop
 * thread. */

#include "base/buf.h"

#include <stddef.h>
#include <sys/types.h>

/* All of it, through short writes and EINTR. 0 or negative errno. */
int io_write_all(int fd, const void *p, size_t n);
int io_pwrite_all(int fd, const void *p, size_t n, off_t off);

/* Up to @n bytes, fewer only at end of file: the count, or negative errno. */
ssize_t io_pread_full(int fd, void *p, size_t n, off_t off);

/* The whole of a file into @b (its max holds): 0, -ENOBUFS, or negative errno. */
int io_read_file(int dirfd, const char *path, struct buf *b);

/* Replaces @name in @dirfd with these bytes, durably: temporary name, fsync, rename, fsync of the folder. */
int io_replace_file(int dirfd, const char *name, const void *p, size_t n, mode_t mode);
