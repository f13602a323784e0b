/* SPDX-License-Identifier: MIT */
#include "client/words.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "unit/fixture/run.h"

static const struct {
	const char *line;
	const char *words[6];
} good[] = {
	{ "", { NULL } },
	{ " \t\r\n", { NULL } },
	{ "ls", { "ls" } },
	{ "  get  a\tb \n", { "get", "a", "b" } },
	{ "get 'my file' \"your file\"", { "get", "my file", "your file" } },
	{ "get my\\ file", { "get", "my file" } },
	{ "a'b c'\"d e\"f g", { "ab cd ef", "g" } },
	{ "'' \"\" x", { "", "", "x" } },
	{ "'\\' \"\\\\\" \"\\\"\" \"\\n\" \\n", { "\\", "\\", "\"", "\\n", "n" } },
	{ "'\"' \"'\" \\' \\\"", { "\"", "'", "'", "\"" } },
	{ "# nothing", { NULL } },
	{ "  # nothing 'here", { NULL } },
	{ "ls # the folder", { "ls" } },
	{ "ls a#b '#c' \\#d", { "ls", "a#b", "#c", "#d" } },
	{ "double 1#", { "double", "1#" } },
	{ "put \xc3\xa4\xc3\xb6 'x\ty'", { "put", "\xc3\xa4\xc3\xb6", "x\ty" } },
	{ "a b c d e", { "a", "b", "c", "d", "e" } },
	{ "raw 'SAY,x,it'\\''s'", { "raw", "SAY,x,it's" } },
};

START_TEST(splits)
{
	const char *why = NULL;
	struct words w = { 0 };
	unsigned n = 0;

	ck_assert_int_eq(words_split(good[_i].line, &w, &why), 0);
	for (; n < 6 && good[_i].words[n]; n++) {
		ck_assert_uint_lt(n, w.n);
		ck_assert_str_eq(w.at[n], good[_i].words[n]);
	}
	ck_assert_uint_eq(w.n, n);
	ck_assert_ptr_null(w.at[w.n]);
	words_done(&w);
	ck_assert_uint_eq(w.n, 0);
	words_done(&w);
}
END_TEST

static const char *const bad[] = { "'", "\"", "get 'a", "get \"a", "get \"a'", "get \"a\\\"", "x\\", "\\", "a\"\\" };

START_TEST(refuses)
{
	struct words w = { .n = 7 };
	const char *why = NULL;

	ck_assert_int_eq(words_split(bad[_i], &w, &why), -EINVAL);
	ck_assert_ptr_nonnull(why);
	/* Untouched. */
	ck_assert_uint_eq(w.n, 7);
}
END_TEST

/* As many words as a line can hold, and one as long as it can be. */
START_TEST(long_lines)
{
	_cleanup_(freep) char *line = malloc(200001);
	const char *why = NULL;
	struct words w = { 0 };

	for (size_t i = 0; i < 200000; i++)
		line[i] = i % 2 == 0 ? 'x' : ' ';
	line[200000] = '\0';
	ck_assert_int_eq(words_split(line, &w, &why), 0);
	ck_assert_uint_eq(w.n, 100000);
	ck_assert_str_eq(w.at[99999], "x");
	words_done(&w);

	line[199999] = 'x';
	ck_assert_int_eq(words_split(line + 1, &w, &why), 0);
	ck_assert_uint_eq(w.n, 99999);
	words_done(&w);

	memset(line, '7', 200000);
	ck_assert_int_eq(words_split(line, &w, &why), 0);
	ck_assert_uint_eq(w.n, 1);
	ck_assert_uint_eq(strlen(w.at[0]), 200000);
	words_done(&w);
}
END_TEST

static const struct {
	const char *line;
	const char *last; /* NULL: no words */
	unsigned n;
	char quote;
} begun[] = {
	{ "", "", 1, 0 },
	{ "get", "get", 1, 0 },
	{ "get ", "", 2, 0 },
	{ "get a\\ b", "a b", 2, 0 },
	{ "get 'a b", "a b", 2, '\'' },
	{ "get \"a \\\"b", "a \"b", 2, '"' },
	{ "get 'a'b\"c", "abc", 2, '"' },
	{ "get 'a b' ", "", 3, 0 },
	{ "get a\\", "a", 2, 0 },
	{ "get # a", NULL, 0, 0 },
	{ "get a#b", "a#b", 2, 0 },
};

START_TEST(a_line_that_has_begun)
{
	struct words w = { 0 };
	char quote = 'x';

	ck_assert_int_eq(words_split_open(begun[_i].line, &w, &quote), 0);
	ck_assert_uint_eq(w.n, begun[_i].n);
	ck_assert_int_eq(quote, begun[_i].quote);
	if (begun[_i].last)
		ck_assert_str_eq(w.at[w.n - 1], begun[_i].last);
	words_done(&w);
}
END_TEST

/* Whatever a name holds, it is read back as that name. */
START_TEST(quoted_and_read_again)
{
	static const char *const names[] = { "a", "a b", "it's", "\"a\"", "\\", "#a", "a#", "'\"\\ #'", "$(x) `y`;&" };
	static const char quotes[] = { 0, '\'', '"' };

	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		char quote = quotes[_i], end[2] = { quotes[_i], '\0' };
		struct buf line = { 0 };
		struct words w = { 0 };
		const char *why = NULL;

		ck_assert_int_eq(buf_append_str(&line, end), 0);
		ck_assert_int_eq(words_quote(&line, names[i], strlen(names[i]), quote, true), 0);
		ck_assert_int_eq(buf_append_str(&line, end), 0);
		ck_assert_int_eq(words_split(buf_str(&line), &w, &why), 0);
		ck_assert_uint_eq(w.n, 1);
		ck_assert_str_eq(w.at[0], names[i]);
		words_done(&w);
		buf_done(&line);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("words");
	TCase *t = tcase_create("words");

	tcase_add_loop_test(t, splits, 0, (int)ELEMENTSOF(good));
	tcase_add_loop_test(t, refuses, 0, (int)ELEMENTSOF(bad));
	tcase_add_test(t, long_lines);
	tcase_add_loop_test(t, a_line_that_has_begun, 0, (int)ELEMENTSOF(begun));
	tcase_add_loop_test(t, quoted_and_read_again, 0, 3);
	suite_add_tcase(s, t);
	return run_suite(s);
}
