#pragma once
/* SPDX-License-Identifier: MIT */
/* What others have written, as a line: nothing of it steers a terminal, and nothing of it begins a line of its own. */

#include "base/buf.h"
#include "wire/field.h"

#include <stdint.h>

/* Each appends to @to. 0 or -ENOMEM. */
int show_field(struct buf *to, const struct field *f);
int show_time(struct buf *to, uint64_t msec); /* "2026-01-31 23:59:59", local */
