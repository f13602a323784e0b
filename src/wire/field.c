/* SPDX-License-Identifier: MIT */
#include "wire/field.h"

#include "base/macro.h"
#include "base/str.h"

#include <stdbool.h>
#include <string.h>

static bool field_is_encoded(unsigned char c)
{
	return c < 0x20 || c == '%' || c == ',' || c == 0x7f;
}

static int field_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static char *field_put_hex(char *q, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";

	*q++ = '%';
	*q++ = hex[c >> 4];
	*q++ = hex[c & 15];
	return q;
}

size_t field_encode(char *dst, const char *s, size_t n)
{
	char *q = dst;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (likely(!field_is_encoded(c)))
			*q++ = (char)c;
		else
			q = field_put_hex(q, c);
	}
	return (size_t)(q - dst);
}

size_t field_encode_harmless(char *dst, const char *s, size_t n)
{
	char *q = dst;
	size_t k;

	for (; n > 0; s += k, n -= k) {
		unsigned char c = (unsigned char)*s;

		k = likely(c >= 0x20 && c < 0x7f) ? 1 : str_harmless_char(s, n);
		if (unlikely(k == 0 || field_is_encoded(c))) {
			/* The bytes behind it are no UTF-8 without this first one, so the next rounds encode them. */
			q = field_put_hex(q, c);
			k = 1;
			continue;
		}
		memcpy(q, s, k);
		q += k;
	}
	return (size_t)(q - dst);
}

size_t field_encoded_len(const char *s, size_t n)
{
	size_t i, len = n;

	for (i = 0; i < n; i++)
		if (field_is_encoded((unsigned char)s[i]))
			len += 2;
	return len;
}

long field_decode(char *s, size_t n)
{
	char *end = s + n, *p, *q;

	p = n ? memchr(s, '%', n) : NULL;
	if (!p)
		return (long)n;
	for (q = p; p < end; p++) {
		int high, low;

		if (*p != '%') {
			*q++ = *p;
			continue;
		}
		if (end - p < 3)
			return -1;
		high = field_hex(p[1]);
		low = field_hex(p[2]);
		if (high < 0 || low < 0)
			return -1;
		*q++ = (char)(high << 4 | low);
		p += 2;
	}
	return q - s;
}

/* Cuts at commas into at most @max fields; the last one has the rest, with its commas. */
static unsigned field_cut(char *s, size_t len, unsigned max, struct field *at)
{
	char *end = s + len, *comma;
	unsigned n = 0;

	while (n + 1 < max && s < end && (comma = memchr(s, ',', (size_t)(end - s)))) {
		at[n++] = (struct field){ s, (size_t)(comma - s) };
		s = comma + 1;
	}
	at[n++] = (struct field){ s, (size_t)(end - s) };
	return n;
}

static unsigned field_cut_last(char *s, size_t len, unsigned max, struct field *at)
{
	size_t head = len;
	unsigned n;

	while (head > 0 && s[head - 1] != ',')
		head--;
	if (head == 0 || max == 1)
		return field_cut(s, len, 1, at);
	n = field_cut(s, head - 1, max - 1, at);
	at[n++] = (struct field){ s + head, len - head };
	return n;
}

static enum field_result field_split_ioe1(char *s, size_t len, unsigned max, struct fields *ret)
{
	bool encoded = len > 0 && memchr(s, '%', len);
	struct field *last;
	unsigned i, n;

	n = field_cut(s, len, max, ret->at);
	last = &ret->at[n - 1];
	if (last->len > 0 && memchr(last->data, ',', last->len))
		return FIELD_TOO_MANY;
	for (i = 0; encoded && i < n; i++) {
		long k = field_decode(ret->at[i].data, ret->at[i].len);

		if (k < 0)
			return FIELD_BAD_PERCENT;
		ret->at[i].len = (size_t)k;
	}
	ret->n = n;
	return FIELD_OK;
}

enum field_result field_split(char *rest, size_t len, enum dialect d, enum field_rule rule, unsigned max,
			      struct fields *ret)
{
	max = max > 0 ? MIN(max, (unsigned)FIELDS_MAX) : 1;
	if (d == DIALECT_IOE1)
		return field_split_ioe1(rest, len, max, ret);
	if (rule == FIELD_RULE_LAST_COMMA)
		ret->n = field_cut_last(rest, len, max, ret->at);
	else
		ret->n = field_cut(rest, len, max, ret->at);
	return FIELD_OK;
}
