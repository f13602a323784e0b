#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A local file that is being received. It is written under a temporary name beside its target, and renamed over the
 * target when it is whole. Until then an old target stays as it was. If the transfer fails, or a signal ends the
 * program, the temporary file is removed.
 */

#include <limits.h>

/* Only one exists at a time: a signal handler must find it. */
struct partial {
	int fd;
	const char *target; /* the caller's */
	char temp[PATH_MAX];
};
#define PARTIAL_INERT ((struct partial){ .fd = -1 })

/* 0; -EISDIR, -ENOTSUP where the target is something else than a regular file; or another negative errno. */
int partial_begin(struct partial *p, const char *target);

/* Renames the file over its target. 0 or negative errno; on failure the temporary file is removed. */
int partial_finish(struct partial *p);

/* Removes a file that was not finished. */
void partial_done(struct partial *p);

/* The same, from a signal handler. */
void partial_remove(void);
