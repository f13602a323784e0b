/* SPDX-License-Identifier: MIT */
/*
 * The verb line: finding the verb, splitting and decoding its fields in every dialect, numbers. The first byte chooses
 * the most fields and the rule, the rest is a line.
 */
#include "base/str.h"
#include "fuzz/fuzz.h"
#include "wire/error_code.h"
#include "wire/field.h"
#include "wire/number.h"
#include "wire/verb.h"

#include <stdbool.h>
#include <string.h>

/* Names of all lengths and of the protocol; a few that differ in one byte, or are another's beginning. */
static const struct verb rows[] = {
	{ .name = "HELLO" }, { .name = "HELP" },   { .name = "PING" },     { .name = "NICK" },   { .name = "AUTH" },
	{ .name = "BYE" },   { .name = "QUIT" },   { .name = "EXIT" },     { .name = "LIST" },   { .name = "READ" },
	{ .name = "RANGE" }, { .name = "WRITE" },  { .name = "UPLOAD" },   { .name = "DELETE" }, { .name = "RENAME" },
	{ .name = "SAY" },   { .name = "HISTORY" }, { .name = "MAILBOX" }, { .name = "DOUBLE" }, { .name = "D" },
	{ .name = "DO" },    { .name = "DOUBLED-DOUBLED" }, { .name = "UPLOADED" }, { .name = "UPLOADEDX" },
	{ .name = "AZ@[" },
};

static char *copy_of(const char *s, size_t n)
{
	char *copy = malloc(n);

	FUZZ_CHECK(copy || n == 0);
	if (n > 0)
		memcpy(copy, s, n);
	return copy;
}

static void check_verb(const struct verb_table *t, const char *name, size_t len)
{
	const struct verb *expected = NULL;
	const struct verb_entry *e;
	char *copy = copy_of(name, len);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_casecmp(rows[i].name, strlen(rows[i].name), name, len) == 0)
			expected = &rows[i];
	e = verb_table_find(t, copy, len);
	FUZZ_CHECK((e ? e->verb : NULL) == expected);
	FUZZ_CHECK(!e || e->owner == 7);
	free(copy);
}

static size_t count_commas(const char *s, size_t n)
{
	size_t i, commas = 0;

	for (i = 0; i < n; i++)
		commas += s[i] == ',';
	return commas;
}

/* Joined with commas again, the fields are the line; and there are as many as the rule allows. */
static void check_split_plain(const char *s, size_t n, enum field_rule rule, unsigned max)
{
	size_t commas = count_commas(s, n);
	char *copy = copy_of(s, n);
	size_t at = 0;
	struct fields f;
	unsigned i;

	FUZZ_CHECK(field_split(copy, n, DIALECT_LINE, rule, max, &f) == FIELD_OK);
	FUZZ_CHECK(f.n == (commas + 1 < max ? commas + 1 : max));
	for (i = 0; i < f.n; i++) {
		FUZZ_CHECK(f.at[i].data == copy + at);
		at += f.at[i].len;
		FUZZ_CHECK(at <= n);
		if (i + 1 < f.n)
			FUZZ_CHECK(s[at++] == ',');
	}
	FUZZ_CHECK(at == n);
	FUZZ_CHECK(n == 0 || memcmp(copy, s, n) == 0);
	if (rule == FIELD_RULE_LAST_COMMA && f.n > 1)
		FUZZ_CHECK(count_commas(f.at[f.n - 1].data, f.at[f.n - 1].len) == 0);
	else
		for (i = 0; i + 1 < f.n; i++)
			FUZZ_CHECK(count_commas(f.at[i].data, f.at[i].len) == 0);
	free(copy);
}

/* What was decoded, encoded and decoded again, is the same. */
static void check_split_ioe1(const char *s, size_t n, unsigned max)
{
	char *copy = copy_of(s, n), *again = malloc(3 * n + FIELDS_MAX), *p = again;
	enum field_result result;
	struct fields f, g;
	unsigned i;

	FUZZ_CHECK(again);
	result = field_split(copy, n, DIALECT_IOE1, FIELD_RULE_REST, max, &f);
	FUZZ_CHECK((result == FIELD_TOO_MANY) == (count_commas(s, n) >= max));
	if (result == FIELD_OK) {
		for (i = 0; i < f.n; i++) {
			if (i > 0)
				*p++ = ',';
			p += field_encode(p, f.at[i].data, f.at[i].len);
		}
		FUZZ_CHECK(field_split(again, (size_t)(p - again), DIALECT_IOE1, FIELD_RULE_REST, max, &g) == FIELD_OK);
		FUZZ_CHECK(g.n == f.n);
		for (i = 0; i < f.n; i++) {
			FUZZ_CHECK(g.at[i].len == f.at[i].len);
			FUZZ_CHECK(f.at[i].len == 0 || memcmp(g.at[i].data, f.at[i].data, f.at[i].len) == 0);
		}
	}
	free(copy);
	free(again);
}

/* Any bytes come back from their encoded form, which has nothing in it that a line or a field could trip over. */
static void check_encoding(const char *s, size_t n)
{
	char *encoded = malloc(3 * n + 1);
	size_t len, i;

	FUZZ_CHECK(encoded);
	len = field_encode(encoded, s, n);
	FUZZ_CHECK(len == field_encoded_len(s, n) && len <= 3 * n);
	for (i = 0; i < len; i++)
		FUZZ_CHECK((unsigned char)encoded[i] >= 0x20 && encoded[i] != 0x7f && encoded[i] != ',');
	FUZZ_CHECK(field_decode(encoded, len) == (long)n);
	FUZZ_CHECK(n == 0 || memcmp(encoded, s, n) == 0);
	free(encoded);
}

/* The digits alone, without leading zeros. Returns how many; 0 for a zero. */
static size_t put_digits(char *dst, const char *s, size_t n)
{
	size_t i, len = 0;

	for (i = 0; i < n; i++)
		if (s[i] >= '0' && s[i] <= '9' && (len > 0 || s[i] != '0'))
			dst[len++] = s[i];
	return len;
}

/* In place, rounded down. Returns whether there was nothing to round. */
static bool halve_digits(char *s, size_t n)
{
	unsigned d, rest = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		d = rest * 10 + (unsigned)(s[i] - '0');
		s[i] = (char)('0' + d / 2);
		rest = d % 2;
	}
	return rest == 0;
}

static bool is_digit_at(const char *s, size_t n, size_t i)
{
	return i < n && s[i] >= '0' && s[i] <= '9';
}

/* A double is a number, written one way only; half of it is what came; and no '_' in that stood by itself. */
static void check_double(const char *s, size_t n, const char *dst, size_t len)
{
	char *came = malloc(n + 1), *half = malloc(len + 1);
	bool negative = dst[0] == '-';
	size_t i, n_came, n_half;

	FUZZ_CHECK(came && half);
	FUZZ_CHECK(len >= 1 && len <= n + 1 && number_check(dst, len) == 0);
	FUZZ_CHECK(dst[negative] != '0' || (!negative && len == 1));
	n_came = put_digits(came, s, n);
	FUZZ_CHECK(negative == (n_came > 0 && memchr(s, '-', n)));
	n_half = len - negative;
	memcpy(half, dst + negative, n_half);
	FUZZ_CHECK(halve_digits(half, n_half));
	n_half = put_digits(half, half, n_half);
	FUZZ_CHECK(n_half == n_came && memcmp(half, came, n_half) == 0);
	for (i = 0; i < n; i++)
		FUZZ_CHECK(s[i] != '_' || (i > 0 && is_digit_at(s, n, i - 1) && is_digit_at(s, n, i + 1)));
	free(came);
	free(half);
}

static void check_number(const char *s, size_t n)
{
	char *copy = copy_of(s, n), *dst = malloc(n + 1);
	long r;

	FUZZ_CHECK(dst);
	r = number_double(dst, copy, n);
	FUZZ_CHECK((r < 0) == (number_check(copy, n) < 0));
	if (r >= 0)
		check_double(s, n, dst, (size_t)r);
	free(copy);
	free(dst);
}

static void check_read_back(int (*parse)(const char *, size_t, uint64_t *), const char *text, uint64_t v)
{
	uint64_t back;

	FUZZ_CHECK(parse(text, strlen(text), &back) == 0 && back == v);
}

/* Other readers of short texts: they must take or refuse, whatever comes. */
static void check_texts(const char *s, size_t n)
{
	char text[STR_NUMBER_MAX], *copy = copy_of(s, n);
	uint64_t v;

	if (str_to_u64(copy, n, 1, 1000000, &v) == 0)
		FUZZ_CHECK(v >= 1 && v <= 1000000);
	if (str_to_size(copy, n, &v) == 0)
		check_read_back(str_to_size, str_from_size(text, v), v);
	if (str_to_usec(copy, n, &v) == 0)
		check_read_back(str_to_usec, str_from_usec(text, v), v);
	(void)error_code_from_name(copy, n);
	n = str_harmless(copy, copy, n);
	FUZZ_CHECK(str_is_utf8(copy, n));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verb_table table = { 0 };
	const char *line, *comma, *rest;
	size_t n, n_rest, i;
	enum field_rule rule;
	unsigned max;

	if (size < 1)
		return 0;
	max = 1 + (data[0] & 63);
	rule = data[0] & 64 ? FIELD_RULE_LAST_COMMA : FIELD_RULE_REST;
	line = (const char *)data + 1;
	n = size - 1;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		FUZZ_CHECK(verb_table_add(&table, &rows[i], 7) == 0);

	comma = n ? memchr(line, ',', n) : NULL;
	check_verb(&table, line, comma ? (size_t)(comma - line) : n);
	rest = comma ? comma + 1 : line;
	n_rest = n - (size_t)(rest - line);
	check_split_plain(rest, n_rest, rule, max);
	check_split_ioe1(rest, n_rest, max);
	check_encoding(rest, n_rest);
	check_number(rest, n_rest);
	check_number(line, n);
	check_texts(rest, n_rest);
	return 0;
}
