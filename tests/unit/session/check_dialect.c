/* SPDX-License-Identifier: MIT */
/* The tables of the dialects: each row is complete, and each op writes what ioe-protocol(7) says. */

#include "session/dialect.h"
#include "base/macro.h"
#include "session/session-private.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

static const struct {
	enum dialect dialect;
	const char *name, *line_end, *separator;
	bool encodes_fields, has_events, has_bare_lines, is_legacy, has_telnet, has_counted_body, is_final;
} rows[] = {
	{ DIALECT_UNDECIDED, "undecided", "\n", "",
	  .has_bare_lines = true, .has_telnet = true, .has_counted_body = true },
	{ DIALECT_LINE, "line", "\n", "", .has_bare_lines = true, .has_telnet = true, .has_counted_body = true },
	{ DIALECT_IOE1, "ioe/1", "\n", "", .encodes_fields = true, .has_events = true, .has_counted_body = true },
	{ DIALECT_RAW, "raw", "", "\n", .has_bare_lines = true, .is_legacy = true, .is_final = true },
};

START_TEST(every_dialect_has_a_row)
{
	ck_assert_uint_eq(ELEMENTSOF(rows), DIALECT_MAX);
	ck_assert_uint_eq(rows[_i].dialect, (unsigned)_i);
	ck_assert_str_eq(dialect_name(rows[_i].dialect), rows[_i].name);
	ck_assert_str_eq(dialect_name(DIALECT_MAX), "?");
}
END_TEST

START_TEST(traits_are_those_of_the_manual)
{
	const struct dialect_traits *t = dialect_traits(rows[_i].dialect);

	ck_assert_str_eq(t->line_end, rows[_i].line_end);
	ck_assert_int_eq(t->encodes_fields, rows[_i].encodes_fields);
	ck_assert_int_eq(t->has_events, rows[_i].has_events);
	ck_assert_int_eq(t->has_bare_lines, rows[_i].has_bare_lines);
	ck_assert_int_eq(t->is_legacy, rows[_i].is_legacy);
	ck_assert_uint_eq(dialect_of_events(rows[_i].dialect),
			  _i == DIALECT_UNDECIDED ? DIALECT_LINE : rows[_i].dialect);
}
END_TEST

START_TEST(ops_are_complete)
{
	enum dialect d = rows[_i].dialect;
	const struct dialect_ops *ops = dialect_get(d);

	ck_assert_ptr_nonnull(ops);
	ck_assert_str_eq(ops->separator, rows[_i].separator);
	ck_assert_int_eq(ops->has_telnet, rows[_i].has_telnet);
	ck_assert_int_eq(ops->has_counted_body, rows[_i].has_counted_body);
	ck_assert_int_eq(ops->is_final, rows[_i].is_final);
	ck_assert(ops->size && ops->error);
	ck_assert_int_eq(ops->field != NULL, rows[_i].encodes_fields);
	ck_assert_int_eq(ops->field_len != NULL, rows[_i].encodes_fields);
	ck_assert_int_eq(ops->goaway != NULL, rows[_i].has_events);
	ck_assert_int_eq(dialect_is_fitted(d), rows[_i].is_legacy);
	ck_assert_int_eq(ops->text != NULL, rows[_i].is_legacy);
	ck_assert_int_eq(ops->frame != NULL, rows[_i].is_legacy);
	ck_assert_int_eq(ops->reply != NULL, rows[_i].is_legacy);
	ck_assert_int_eq(ops->event != NULL, rows[_i].is_legacy);
}
END_TEST

/* A line with the digits; for an old client 64 bytes, filled with blanks. */
START_TEST(a_size_is_as_the_dialect_has_it)
{
	static const uint64_t sizes[] = { 0, 6, 999999999999999999, UINT64_MAX };
	const struct dialect_ops *ops = dialect_get(rows[_i].dialect);

	for (unsigned i = 0; i < ELEMENTSOF(sizes); i++) {
		char got[DIALECT_SIZE_MAX], expected[DIALECT_SIZE_MAX + 1];
		size_t n = ops->size(got, sizes[i]);

		(void)snprintf(expected, sizeof(expected), rows[_i].is_legacy ? "%-64llu" : "%llu\n",
			       (unsigned long long)sizes[i]);
		ck_assert_uint_eq(n, strlen(expected));
		ck_assert_mem_eq(got, expected, n);
	}
}
END_TEST

/* A program gets it as a field; on a terminal nothing is left that the terminal acts on. */
START_TEST(the_text_of_an_error_is_harmless)
{
	static const char text[] = "100%, \033[2J\n";
	const char *expected = rows[_i].encodes_fields ? "100%25%2C ?[2J?" : "100%, \\x1b[2J\\x0a";
	const struct request q = { .dialect = (uint8_t)rows[_i].dialect };
	char got[DIALECT_ERROR_MAX];
	size_t n = dialect_get(rows[_i].dialect)->error(&q, got, text, strlen(text));

	ck_assert_uint_eq(n, strlen(expected));
	ck_assert_mem_eq(got, expected, n);
}
END_TEST

START_TEST(the_longest_text_of_an_error_fits)
{
	static const char worst[] = { '\033', ',', '%', '\377', 'a' };
	const struct request q = { .dialect = (uint8_t)rows[_i].dialect };
	char text[DIALECT_TEXT_MAX], got[DIALECT_ERROR_MAX + 16];

	for (unsigned i = 0; i < ELEMENTSOF(worst); i++) {
		memset(text, worst[i], sizeof(text));
		memset(got, '#', sizeof(got));
		ck_assert_uint_le(dialect_get(rows[_i].dialect)->error(&q, got, text, sizeof(text) - 1),
				  DIALECT_ERROR_MAX);
		ck_assert_mem_eq(got + DIALECT_ERROR_MAX, "################", 16);
	}
}
END_TEST

/* An old client takes 64 bytes for the answer to READ, and 1028 for others: what stands in front counts. */
START_TEST(an_old_client_gets_as_much_of_an_error_as_it_takes)
{
	static const struct role_verb padded = { .verb = { .name = "READ", .flags = VERB_PADDED } };
	static const struct {
		const struct role_verb *verb;
		uint64_t before;
		size_t room;
	} cases[] = { { NULL, 0, DIALECT_TEXT_MAX }, { NULL, 1000, 28 },   { NULL, 2000, 0 },
		      { &padded, 0, 64 },	     { &padded, 20, 44 }, { &padded, 64, 0 } };
	char text[DIALECT_TEXT_MAX], got[DIALECT_ERROR_MAX];

	memset(text, 'a', sizeof(text));
	for (unsigned i = 0; i < ELEMENTSOF(cases); i++) {
		const struct request q = { .verb = cases[i].verb, .dialect = DIALECT_RAW,
					   .out.bytes = cases[i].before };

		ck_assert_uint_eq(dialect_raw.error(&q, got, text, sizeof(text)), cases[i].room);
	}
}
END_TEST

START_TEST(a_field_is_encoded_for_programs_alone)
{
	static const char data[] = "a,b%c";
	char got[3 * sizeof(data)];
	size_t n;

	ck_assert_uint_eq(dialect_ioe1.field_len(data, strlen(data)), strlen("a%2Cb%25c"));
	n = dialect_ioe1.field(got, data, strlen(data));
	ck_assert_uint_eq(n, strlen("a%2Cb%25c"));
	ck_assert_mem_eq(got, "a%2Cb%25c", n);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dialect");
	TCase *tc = tcase_create("dialect");

	tcase_add_loop_test(tc, every_dialect_has_a_row, 0, DIALECT_MAX);
	tcase_add_loop_test(tc, traits_are_those_of_the_manual, 0, DIALECT_MAX);
	tcase_add_loop_test(tc, ops_are_complete, 0, DIALECT_MAX);
	tcase_add_loop_test(tc, a_size_is_as_the_dialect_has_it, 0, DIALECT_MAX);
	tcase_add_loop_test(tc, the_text_of_an_error_is_harmless, 0, DIALECT_MAX);
	tcase_add_loop_test(tc, the_longest_text_of_an_error_fits, 0, DIALECT_MAX);
	tcase_add_test(tc, an_old_client_gets_as_much_of_an_error_as_it_takes);
	tcase_add_test(tc, a_field_is_encoded_for_programs_alone);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
