#pragma once
/* SPDX-License-Identifier: MIT */
/* Completion of a word: what all candidates that begin like it have in common behind it. */

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define MATCH_SHOWN 100 /* candidates that are kept to be shown */

struct match {
	const char *word; /* what is there of it; the caller's */
	size_t len;
	bool fold;        /* capital letters are the same as others */
	unsigned n;       /* candidates */
	struct buf rest;  /* what they have in common behind the word: whole characters */
	struct buf all;   /* the first of them, a blank between two */
};

/* Adds a candidate. A name with control characters, or longer than a name can be, is left out. */
void match_add(struct match *m, const char *s, size_t len);
void match_done(struct match *m);
