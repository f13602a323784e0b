#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Writes a stream of bytes of other users to standard output: unchanged into a file or a pipe; made harmless, except
 * line ends, for a terminal. A character can be cut between two calls.
 */

#include <stdbool.h>
#include <stddef.h>

struct screen {
	bool harmless;
	char tail[4]; /* a character begun */
	size_t n_tail;
};

/* Looks at what standard output is. */
void screen_init(struct screen *s);

/* 0 or negative errno. */
int screen_write(struct screen *s, const char *data, size_t n);

/* The end of the stream: what was begun, and all that stdio still holds. 0 or negative errno. */
int screen_finish(struct screen *s);
