#pragma once
/* SPDX-License-Identifier: MIT */
/* The fields of a line, and ioe/1's percent-encoding of them. */

#include "wire/dialect.h"

#include <stddef.h>

#define FIELDS_MAX 64 /* behind the verb; in ioe/1 more are an error */

struct field {
	char *data; /* in the line's memory */
	size_t len;
};

struct fields {
	unsigned n;
	struct field at[FIELDS_MAX];
};

enum field_rule {
	FIELD_RULE_REST,       /* in raw and line, field number @max is the whole rest, with its commas */
	FIELD_RULE_LAST_COMMA, /* in raw and line, the last field begins behind the last comma (the size of WRITE) */
};

enum field_result {
	FIELD_OK,
	FIELD_TOO_MANY,    /* more than @max, in ioe/1 */
	FIELD_BAD_PERCENT, /* a % without two hex digits behind it */
};

/*
 * Splits @rest, the bytes behind the verb's comma. In ioe/1 every comma separates two fields, and each field is decoded
 * in place. @max is 1 to FIELDS_MAX. An empty rest is one empty field: "LIST," has one. A line without a comma ("LIST")
 * has none, and is not for this function. @ret points into @rest.
 */
enum field_result field_split(char *rest, size_t len, enum dialect d, enum field_rule rule, unsigned max,
			      struct fields *ret);

/* Encodes '%', ',', and the bytes 0x00 to 0x1f and 0x7f. @dst has room for 3 * n bytes. Returns the length. */
size_t field_encode(char *dst, const char *s, size_t n);

/* As field_encode(), for the text of other users, which a terminal can show: each byte of a character that
 * str_harmless() would replace by a '?' is encoded, too. */
size_t field_encode_harmless(char *dst, const char *s, size_t n);

/* The length that field_encode() would return; equal to @n if no byte needs encoding. */
size_t field_encoded_len(const char *s, size_t n);

/* Decodes in place. Returns the new length, or -1: a % has no two hex digits behind it. */
long field_decode(char *s, size_t n);
