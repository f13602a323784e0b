#pragma once
/* SPDX-License-Identifier: MIT */
/* Numbers, sizes and times in text, and text made harmless. Lengths are explicit: input need not end in NUL. */

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

/* The shortest exact text that str_to_size/str_to_usec reads back ("250us", below a millisecond, is only shown).
 * @dst holds at least STR_NUMBER_MAX bytes. */
#define STR_NUMBER_MAX 32
char *str_from_size(char dst[STR_NUMBER_MAX], uint64_t bytes);
char *str_from_usec(char dst[STR_NUMBER_MAX], uint64_t usec);

/* Decimal, without NUL; returns the length (at most 20). For the hot path, where printf costs too much. */
size_t str_put_u64(char *dst, uint64_t v);

/* Strict UTF-8 as in RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF. */
bool str_is_utf8(const char *s, size_t n);

/* Holds C0 controls or DEL as bytes, or C1 controls (U+0080 to U+009F) as UTF-8. */
bool str_has_control(const char *s, size_t n);

/* Writes @s with every byte outside 0x20..0x7e, and '\\', as \xNN; always ends in NUL, cut with "..." where @cap is
 * too small (@cap >= 4). Returns @dst. For logs and error messages. */
char *str_escape(char *dst, size_t cap, const char *s, size_t n);

/*
 * Copies @s with each of these as one '?': a control character (C0 but TAB, C1, DEL), a character that turns round or
 * breaks the line it stands in (U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069), and a byte that is no
 * UTF-8. @dst has room for @n bytes, and may be @s. Returns the length. For another user's terminal.
 */
size_t str_harmless(char *dst, const char *s, size_t n);

/* The bytes of the character at @s, or 0 where str_harmless() makes it a '?'; @n > 0. */
size_t str_harmless_char(const char *s, size_t n);

/* Whether str_harmless() would change nothing, and no TAB is in it. */
bool str_is_harmless(const char *s, size_t n);

/* ASCII only, whatever the locale. */
int str_casecmp(const char *a, size_t an, const char *b, size_t bn);
