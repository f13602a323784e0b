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
	FIELD_RULE_REST,       /* in raw and line the last of @max fields takes the rest, commas included */
	FIELD_RULE_LAST_COMMA, /* in raw and line the last field is what follows the last comma (WRITE's size) */
};

enum field_result {
	FIELD_OK,
	FIELD_TOO_MANY,    /* more than @max, in ioe/1 */
	FIELD_BAD_PERCENT, /* a % that two hex digits do not follow */
};

/*
 * Splits what follows the verb's comma. In ioe/1 commas always separate and each field is decoded in place. @max is
 * at least 1 and at most FIELDS_MAX. A present but empty rest is one empty field: "LIST," has one, "LIST" none (the
 * caller does not call this for it).
 */
enum field_result field_split(char *rest, size_t len, enum dialect d, enum field_rule rule, unsigned max,
			      struct fields *ret);

/* Encodes '%', ',', bytes below 0x20 and 0x7f. @dst has room for 3 * n; returns the length. */
size_t field_encode(char *dst, const char *s, size_t n);

/* As field_encode(), for what others have written and a terminal may show: whatever str_harmless() makes
 * a '?' is encoded as well, byte by byte. */
size_t field_encode_harmless(char *dst, const char *s, size_t n);

/* How long the encoded form is; equal to @n when nothing needs encoding. */
size_t field_encoded_len(const char *s, size_t n);

/* Decodes in place. The new length, or -1 for a % that two hex digits do not follow. */
long field_decode(char *s, size_t n);
