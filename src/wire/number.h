#pragma once
/* SPDX-License-Identifier: MIT */
/* Decimal integers of any length, in the form that Python's int() accepts, in ASCII. No I/O. */

#include <stddef.h>

/*
 * Checks a number: digits, with blanks (space, TAB, LF, VT, FF, CR) around, one sign before, and single '_' between. 0,
 * or -EINVAL: int() would refuse it.
 */
int number_check(const char *s, size_t n);

/*
 * Writes the double of a number that number_check() accepts, without leading zeros and never "-0", and without a NUL.
 * @dst has room for n + 1 bytes. Returns the length, or -EINVAL.
 */
long number_double(char *dst, const char *s, size_t n);
