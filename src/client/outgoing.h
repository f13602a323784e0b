#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What is sent to a server that must be told the size first. A file of some size is sent as it lies there; what is
 * small, has no size (a pipe), or says that it is empty (/proc) is read before, and its size is what there was to read.
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

/* Why one cannot be had: positive, and no errno. */
#define OUTGOING_E_FOLDER     1
#define OUTGOING_E_NO_FILE    2 /* a FIFO, a device ... */
#define OUTGOING_E_NO_TEMPORARY   3 /* *ret_error says why no temporary file can be filled ($TMPDIR, /tmp) */

/* Inert before. 0, one of the above, or negative errno. */
int outgoing_open(struct outgoing *s, const char *file, int *ret_error);
/* From a descriptor, which stays the caller's, from where it stands to its end. */
int outgoing_open_fd(struct outgoing *s, int fd, int *ret_error);
void outgoing_done(struct outgoing *s);

/* Up to @n bytes from @at on, into @buf: the count, 0 where there are no more, or negative errno. */
ssize_t outgoing_read(const struct outgoing *s, uint64_t at, void *buf, size_t n);
