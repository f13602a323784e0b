#pragma once
/* SPDX-License-Identifier: MIT */
/* Decimal integers of any length, as Python's int() reads them in ASCII. */

#include <stddef.h>

/*
 * Finds the digits: blanks (space, TAB, LF, VT, FF, CR) around, one sign, single '_' between digits. 0, or -EINVAL
 * where int() would refuse.
 */
int number_check(const char *s, size_t n);

/*
 * The double of a number that number_check() takes, without leading zeros and never "-0". @dst has room for n + 1
 * bytes. Returns the length, or -EINVAL.
 */
long number_double(char *dst, const char *s, size_t n);
