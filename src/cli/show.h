#pragma once
/* SPDX-License-Identifier: MIT */
/* Prints names and text of other users on a terminal, so that no byte steers the terminal or begins a new line. */

#include "base/buf.h"
#include "wire/field.h"

#include <stdint.h>

#define SHOW_DATE_MAX 64
#define SHOW_NAME_MAX 400

/* "2026-01-31 23:59:59", local time of @msec since 1970; "?" where the C library knows none. Returns @dst. */
char *show_date(char dst[SHOW_DATE_MAX], uint64_t msec);

/* Each appends to @to. 0 or -ENOMEM. */
int show_field(struct buf *to, const struct field *f);
int show_time(struct buf *to, uint64_t msec); /* show_date() */
/* Shorter, for people who were there: "23:59" today, else "2026-01-31 23:59". */
int show_clock(struct buf *to, uint64_t msec);

/*
 * @text without the bytes that str_harmless() replaces; where the locale is not UTF-8, bytes that are not ASCII become
 * \xNN. The caller frees the line. NULL: out of memory.
 */
char *show_line(const char *text);

/* The same in @cap bytes (>= 8): a longer name is cut between two characters, and ends in "...". Returns @dst. */
char *show_name(char *dst, size_t cap, const char *s);
