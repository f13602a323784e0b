#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The look at a configuration's text before libconfig has it, and the text that libconfig gets.
 *
 * libconfig 1.5 wraps integers over 31 bits, ends quietly inside an unfinished string or comment, cuts strings at a
 * NUL, follows @include, compares each name of a group with all others, leaks a string where none should stand and
 * takes arrays of mixed types for an error of syntax. All this is settled here.
 */

#include "config/fault.h"

#include <stddef.h>

#define SCAN_DEPTH_MAX    16
#define SCAN_SETTINGS_MAX 1000 /* in one group */

/*
 * A number that is not decimal, or does not fit an int, reaches libconfig as a string that begins with this byte, so
 * that the check of its row can tell it with the range. No other value may hold control characters.
 */
#define SCAN_ODD_NUMBER '\001'

/*
 * Appends the text to @ret: comments gone, every bracket of a list round, odd numbers marked; lines stay where they
 * are. 0, -EINVAL with one fault added, or -ENOMEM. @name is the file's.
 */
int scan_text(const char *text, size_t len, const char *name, struct buf *ret, struct faults *faults);
