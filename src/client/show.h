#pragma once
/* SPDX-License-Identifier: MIT */
/* What others have written, and names, as a line: nothing of it steers a terminal or begins a line of its own. */

#include "base/buf.h"
#include "wire/field.h"

#include <stdint.h>

/* Each appends to @to. 0 or -ENOMEM. */
int show_field(struct buf *to, const struct field *f);
int show_time(struct buf *to, uint64_t msec); /* "2026-01-31 23:59:59", local */

/*
 * A name or a word, for a message: as it is where the locale is UTF-8 and the character is valid and no control, else
 * its bytes as \xNN. Always ends in NUL, cut between two characters with "..." where @cap (>= 8) is too small.
 * Returns @dst.
 */
char *show_name(char *dst, size_t cap, const char *s);
#define SHOW_NAME_MAX 400
