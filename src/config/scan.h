#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Checks the text of a configuration before libconfig parses it, and writes the text that libconfig gets.
 *
 * libconfig 1.5 wraps integers over 31 bits, accepts an unfinished string or comment at the end, cuts strings at a NUL,
 * follows @include, compares each name of a group with all others, leaks the memory of a string in a wrong place, and
 * reports an array of mixed types as a syntax error. scan_text() refuses or rewrites all of these.
 */

#include "config/fault.h"

#include <stddef.h>

#define SCAN_DEPTH_MAX    16
#define SCAN_SETTINGS_MAX 1000 /* in one group */

/*
 * libconfig gets a number that is not decimal, or does not fit an int, as a string that begins with this byte. So the
 * check of its row can report the number and the range. No other value can have a control character.
 */
#define SCAN_ODD_NUMBER '\001'

/*
 * Appends the text to @ret: without comments, with round brackets for every list, and with the marks of
 * SCAN_ODD_NUMBER. Each line keeps its number. @name is the name of the file. 0, -EINVAL with one fault added, or
 * -ENOMEM.
 */
int scan_text(const char *text, size_t len, const char *name, struct buf *ret, struct faults *faults);
