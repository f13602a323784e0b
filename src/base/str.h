#pragma once
/* SPDX-License-Identifier: MIT */
/* Reads and writes numbers, sizes and times as text, and makes text harmless. Input need not end in NUL: its length is
 * an argument. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits only (no sign, no blank, at least one). 0, -EINVAL (not a number), -ERANGE (outside min..max). */
int str_to_u64(const char *s, size_t n, uint64_t min, uint64_t max, uint64_t *ret);

/* "64K": digits and one of K M G T (1024-based, either case) or none. 0, -EINVAL, -ERANGE (over 2^63 - 1). */
int str_to_size(const char *s, size_t n, uint64_t *ret);

/* "50ms", "10s", "5m", "1h", "7d", in microseconds; a bare number other than 0 is -EINVAL. 0, -EINVAL, -ERANGE
 * (over 2^63 - 1). */
int str_to_usec(const char *s, size_t n, uint64_t *ret);

/* The shortest text that str_to_size() or str_to_usec() reads back as the same value. Times below a millisecond
 * ("250us") are only shown, and not read. */
#define STR_NUMBER_MAX 32
char *str_from_size(char dst[STR_NUMBER_MAX], uint64_t bytes);
char *str_from_usec(char dst[STR_NUMBER_MAX], uint64_t usec);

/* Decimal, without NUL; returns the length (at most 20). For the hot path, where printf costs too much. */
size_t str_put_u64(char *dst, uint64_t v);

/* Strict UTF-8 as in RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF. */
bool str_is_utf8(const char *s, size_t n);

/* Whether @s has a C0 control or DEL as a byte, or a C1 control (U+0080 to U+009F) as UTF-8. */
bool str_has_control(const char *s, size_t n);

/* Writes @s with every byte outside 0x20..0x7e, and '\\', as \xNN; always ends in NUL, cut with "..." where @cap is
 * too small (@cap >= 4). Returns @dst. For logs and error messages. */
char *str_escape(char *dst, size_t cap, const char *s, size_t n);

/*
 * Copies @s for another user's terminal, and puts one '?' for each of these: a control character (C0 except TAB, C1,
 * DEL), a character that breaks its line or changes its direction (U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to
 * U+2069), and a byte that is not UTF-8. @dst has room for @n bytes; it can be @s itself. Returns the length.
 */
size_t str_harmless(char *dst, const char *s, size_t n);

/* The bytes of the character at @s, or 0 where str_harmless() makes it a '?'; @n > 0. */
size_t str_harmless_char(const char *s, size_t n);

/* Whether @s has no TAB, and nothing that str_harmless() would change. */
bool str_is_harmless(const char *s, size_t n);

/* Compares as strcasecmp() does. Only ASCII letters are folded, in every locale. */
int str_casecmp(const char *a, size_t an, const char *b, size_t bn);
