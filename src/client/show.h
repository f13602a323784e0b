#pragma once
/* SPDX-License-Identifier: MIT */
/* What others have written, and names, as a line: nothing of it steers a terminal or begins a line of its own. */

#include "base/buf.h"
#include "wire/field.h"

#include <stdint.h>

/* Each appends to @to. 0 or -ENOMEM. */
int show_field(struct buf *to, const struct field *f);
int show_time(struct buf *to, uint64_t msec); /* "2026-01-31 23:59:59", local */
/* The same for people who were there: "23:59" today, else "2026-01-31 23:59". */
int show_clock(struct buf *to, uint64_t msec);

/*
 * @text with what str_harmless() leaves of it; where the locale is not UTF-8, bytes that are not ASCII as \xNN. The
 * caller's to free, or NULL: out of memory.
 */
char *show_line(const char *text);

/* The same, cut between two characters with "..." where @cap (>= 8) is too small. Returns @dst. */
char *show_name(char *dst, size_t cap, const char *s);
#define SHOW_NAME_MAX 400
