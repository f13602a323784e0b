#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A local file on its way: written under a temporary name beside its target, renamed over it when it is whole. Until
 * then a target that was there stays as it was, and what breaks off leaves nothing behind, a signal included.
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

/* Puts it in its place. 0 or negative errno; the temporary file is gone either way. */
int partial_finish(struct partial *p);

/* Removes what was begun and not finished. */
void partial_done(struct partial *p);

/* The same for the one under way, from a signal handler. */
void partial_remove(void);
