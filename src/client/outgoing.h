#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A file that is sent to a server, which must know its size first. A large file is sent from the disk. A small one, one
 * without a size (a pipe), and one whose size is said to be 0 (/proc) are read before, and the size is the number of
 * bytes read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct outgoing {
	int fd;       /* -1: all of it is in memory */
	off_t begin;  /* in the file */
	char *memory;
	uint64_t size;
};
#define OUTGOING_INERT ((struct outgoing){ .fd = -1 })

/* The positive results. */
#define OUTGOING_E_FOLDER     1
#define OUTGOING_E_NO_FILE    2 /* a FIFO, a device ... */
#define OUTGOING_E_NO_TEMPORARY 3 /* no temporary file ($TMPDIR, /tmp) can be filled: *ret_error */

/* Inert before. 0, one of the above, or negative errno. */
int outgoing_open(struct outgoing *s, const char *file, int *ret_error);
/* From a descriptor, which stays the caller's, from where it stands to its end. */
int outgoing_open_fd(struct outgoing *s, int fd, int *ret_error);
void outgoing_done(struct outgoing *s);

/* Up to @n bytes from @at on, into @buf: the count, 0 where there are no more, or negative errno. */
ssize_t outgoing_read(const struct outgoing *s, uint64_t at, void *buf, size_t n);
