/* SPDX-License-Identifier: MIT */
#include "wire/field.h"

#include "base/macro.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

/* Splits a copy of exactly its size, and joins the fields with '|'. */
static enum field_result split(const char *in, size_t n, enum dialect d, enum field_rule rule, unsigned max,
			       char *joined, size_t cap)
{
	char *copy = malloc(n);
	struct fields f;
	enum field_result result;
	size_t len = 0;
	unsigned i;

	if (n > 0)
		memcpy(copy, in, n);
	result = field_split(copy, n, d, rule, max, &f);
	joined[0] = '\0';
	for (i = 0; result == FIELD_OK && i < f.n; i++)
		len += (size_t)snprintf(joined + len, cap - len, "%s%.*s", i ? "|" : "", (int)f.at[i].len, f.at[i].data);
	if (result == FIELD_OK) {
		ck_assert_uint_ge(f.n, 1);
		ck_assert_uint_le(f.n, max);
	}
	free(copy);
	return result;
}

struct row {
	const char *in;
	unsigned max;
	enum field_result result;
	const char *out;
};

static void check_rows(const struct row *rows, size_t n, enum dialect d, enum field_rule rule)
{
	char joined[256];
	size_t i;

	for (i = 0; i < n; i++) {
		ck_assert_msg(split(rows[i].in, strlen(rows[i].in), d, rule, rows[i].max, joined, sizeof(joined)) ==
				      rows[i].result, "%s", rows[i].in);
		if (rows[i].result == FIELD_OK)
			ck_assert_str_eq(joined, rows[i].out);
	}
}

START_TEST(rest)
{
	static const struct row rows[] = {
		{ "", 1, FIELD_OK, "" },
		{ "", 3, FIELD_OK, "" },
		{ "a", 1, FIELD_OK, "a" },
		{ "a,b,c", 1, FIELD_OK, "a,b,c" },
		{ "a,b,c", 2, FIELD_OK, "a|b,c" },
		{ "a,b,c", 3, FIELD_OK, "a|b|c" },
		{ "a,b,c", 64, FIELD_OK, "a|b|c" },
		{ ",", 2, FIELD_OK, "|" },
		{ ",", 1, FIELD_OK, "," },
		{ "a,", 2, FIELD_OK, "a|" },
		{ "a,", 5, FIELD_OK, "a|" },
		{ ",,,", 3, FIELD_OK, "||," },
		{ "room,100%, %41%zz", 2, FIELD_OK, "room|100%, %41%zz" },
	};

	check_rows(rows, ELEMENTSOF(rows), DIALECT_LINE, FIELD_RULE_REST);
	check_rows(rows, ELEMENTSOF(rows), DIALECT_RAW, FIELD_RULE_REST);
	check_rows(rows, ELEMENTSOF(rows), DIALECT_UNDECIDED, FIELD_RULE_REST);
}
END_TEST

START_TEST(last_comma)
{
	static const struct row rows[] = {
		{ "", 2, FIELD_OK, "" },
		{ "name", 2, FIELD_OK, "name" },
		{ "name,12", 2, FIELD_OK, "name|12" },
		{ "a,b,c,12", 2, FIELD_OK, "a,b,c|12" },
		{ "name,", 2, FIELD_OK, "name|" },
		{ ",12", 2, FIELD_OK, "|12" },
		{ ",,", 2, FIELD_OK, ",|" },
		{ "a,b,c,d", 1, FIELD_OK, "a,b,c,d" },
		{ "a,b,c,d", 3, FIELD_OK, "a|b,c|d" },
		{ "a,d", 3, FIELD_OK, "a|d" },
	};

	check_rows(rows, ELEMENTSOF(rows), DIALECT_LINE, FIELD_RULE_LAST_COMMA);
	check_rows(rows, ELEMENTSOF(rows), DIALECT_RAW, FIELD_RULE_LAST_COMMA);
}
END_TEST

START_TEST(ioe1)
{
	static const struct row rows[] = {
		{ "", 1, FIELD_OK, "" },
		{ "a,b,c", 3, FIELD_OK, "a|b|c" },
		{ "a,b,c", 2, FIELD_TOO_MANY, NULL },
		{ "a,b", 1, FIELD_TOO_MANY, NULL },
		{ ",", 1, FIELD_TOO_MANY, NULL },
		{ ",,", 3, FIELD_OK, "||" },
		{ "a%2Cb,c", 2, FIELD_OK, "a,b|c" },
		{ "a%2cb,%25", 2, FIELD_OK, "a,b|%" },
		{ "%2541", 1, FIELD_OK, "%41" }, /* decoded once */
		{ "%41%6a%4A", 1, FIELD_OK, "AjJ" },
		{ "%", 1, FIELD_BAD_PERCENT, NULL },
		{ "%4", 1, FIELD_BAD_PERCENT, NULL },
		{ "%4,1", 2, FIELD_BAD_PERCENT, NULL }, /* not across the comma */
		{ "%,41", 2, FIELD_BAD_PERCENT, NULL },
		{ "%g1", 1, FIELD_BAD_PERCENT, NULL },
		{ "%1G", 1, FIELD_BAD_PERCENT, NULL },
		{ "%-1", 1, FIELD_BAD_PERCENT, NULL },
		{ "a,b%", 2, FIELD_BAD_PERCENT, NULL },
		{ "a,b,%", 2, FIELD_TOO_MANY, NULL },
	};

	check_rows(rows, ELEMENTSOF(rows), DIALECT_IOE1, FIELD_RULE_REST);
	check_rows(rows, ELEMENTSOF(rows), DIALECT_IOE1, FIELD_RULE_LAST_COMMA);
}
END_TEST

/* As many as there may be, and one more; a nonsensical maximum does no harm. */
START_TEST(most_fields)
{
	char commas[FIELDS_MAX];
	struct fields f;

	memset(commas, ',', sizeof(commas));
	ck_assert_int_eq(field_split(commas, FIELDS_MAX - 1, DIALECT_IOE1, FIELD_RULE_REST, FIELDS_MAX, &f), FIELD_OK);
	ck_assert_uint_eq(f.n, FIELDS_MAX);
	ck_assert_int_eq(field_split(commas, FIELDS_MAX, DIALECT_IOE1, FIELD_RULE_REST, FIELDS_MAX, &f),
			 FIELD_TOO_MANY);
	ck_assert_int_eq(field_split(commas, FIELDS_MAX, DIALECT_IOE1, FIELD_RULE_REST, 1000, &f), FIELD_TOO_MANY);
	ck_assert_int_eq(field_split(commas, FIELDS_MAX, DIALECT_LINE, FIELD_RULE_REST, 1000, &f), FIELD_OK);
	ck_assert_uint_eq(f.n, FIELDS_MAX);
	ck_assert_uint_eq(f.at[FIELDS_MAX - 1].len, 1);
	ck_assert_int_eq(field_split(commas, FIELDS_MAX, DIALECT_LINE, FIELD_RULE_LAST_COMMA, 1000, &f), FIELD_OK);
	ck_assert_uint_eq(f.n, FIELDS_MAX);
	ck_assert_int_eq(field_split(commas, FIELDS_MAX, DIALECT_LINE, FIELD_RULE_LAST_COMMA, 0, &f), FIELD_OK);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_int_eq(field_split(commas, 0, DIALECT_IOE1, FIELD_RULE_REST, 1, &f), FIELD_OK);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_uint_eq(f.at[0].len, 0);
}
END_TEST

START_TEST(encode_every_byte)
{
	char in, out[3], expected[4];
	int c;

	for (c = 0; c < 256; c++) {
		bool encoded = c < 0x20 || c == 0x7f || c == '%' || c == ',';
		size_t len;

		in = (char)c;
		len = field_encode(out, &in, 1);
		ck_assert_uint_eq(len, encoded ? 3 : 1);
		ck_assert_uint_eq(field_encoded_len(&in, 1), len);
		if (!encoded) {
			ck_assert_int_eq(out[0], in);
			continue;
		}
		(void)snprintf(expected, sizeof(expected), "%%%02X", (unsigned)c);
		ck_assert_mem_eq(out, expected, 3);
		ck_assert_int_eq(field_decode(out, 3), 1);
		ck_assert_int_eq(out[0], in);
	}
	ck_assert_uint_eq(field_encode(out, "", 0), 0);
	ck_assert_uint_eq(field_encoded_len("", 0), 0);
	ck_assert_int_eq(field_decode(out, 0), 0);
}
END_TEST

/* Any fields, encoded and joined, come back as they were. */
static const struct {
	const char *in, *out;
} harmless[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "a,b%c", "a%2Cb%25c" },
	{ "t\tl\nd\x7f", "t%09l%0Ad%7F" },
	{ "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80" },
	{ "\x1b[2J", "%1B[2J" },
	{ "csi\xc2\x9b" "2J", "csi%C2%9B2J" },
	{ "\xc2\xa0", "\xc2\xa0" },
	{ "\x9b" "2J", "%9B2J" },
	{ "\xff\xfe", "%FF%FE" },
	{ "\xc0\xaf", "%C0%AF" },
	{ "\xed\xa0\x80", "%ED%A0%80" },
	{ "cut\xe2\x82", "cut%E2%82" },
	{ "cut\xc3", "cut%C3" },
	{ "gpj\xe2\x80\xae.exe\xe2\x81\xa9", "gpj%E2%80%AE.exe%E2%81%A9" },
	{ "a\xe2\x80\xa8" "b\xd8\x9c", "a%E2%80%A8b%D8%9C" },
};

/* What a terminal could take for a command does not reach it, whoever decodes nothing; who decodes has it all. */
START_TEST(encode_harmless)
{
	const char *in = harmless[_i].in;
	size_t n = strlen(in), len;
	char *out = malloc(3 * n + 1);

	len = field_encode_harmless(out, in, n);
	out[len] = '\0';
	ck_assert_str_eq(out, harmless[_i].out);
	ck_assert_int_eq(field_decode(out, len), (long)n);
	ck_assert_mem_eq(out, in, n);
	free(out);
}
END_TEST

START_TEST(round_trip)
{
	uint64_t x = 88172645463325252ULL;
	char in[8][20], line[8 * 61];
	size_t lens[8], len, n, i, k;
	struct fields f;
	int round;

	for (round = 0; round < 20000; round++) {
		n = 1 + (size_t)round % 8;
		len = 0;
		for (i = 0; i < n; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			lens[i] = (x >> 50) % (sizeof(in[i]) + 1);
			for (k = 0; k < lens[i]; k++)
				in[i][k] = (char)((x >> k) * 0x9e3779b97f4a7c15ULL >> (round & 1 ? 56 : 58));
			if (i > 0)
				line[len++] = ',';
			k = field_encode(line + len, in[i], lens[i]);
			ck_assert_uint_eq(k, field_encoded_len(in[i], lens[i]));
			len += k;
		}
		ck_assert_int_eq(field_split(line, len, DIALECT_IOE1, FIELD_RULE_REST, 8, &f), FIELD_OK);
		ck_assert_uint_eq(f.n, n);
		for (i = 0; i < n; i++) {
			ck_assert_uint_eq(f.at[i].len, lens[i]);
			if (lens[i] > 0)
				ck_assert_mem_eq(f.at[i].data, in[i], lens[i]);
		}
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("field");
	TCase *t = tcase_create("field");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, rest);
	tcase_add_test(t, last_comma);
	tcase_add_test(t, ioe1);
	tcase_add_test(t, most_fields);
	tcase_add_test(t, encode_every_byte);
	tcase_add_loop_test(t, encode_harmless, 0, ELEMENTSOF(harmless));
	tcase_add_test(t, round_trip);
	suite_add_tcase(s, t);
	return run_suite(s);
}
