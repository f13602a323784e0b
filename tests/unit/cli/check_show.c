/* SPDX-License-Identifier: MIT */
#include "cli/show.h"

#include "base/macro.h"
#include "base/str.h"

#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

static const struct {
	const char *name, *utf8, *ascii;
} names[] = {
	{ "", "", "" },
	{ "notes.txt", "notes.txt", "notes.txt" },
	{ "\xc3\x9c" "bung 日本.pdf", "\xc3\x9c" "bung 日本.pdf", "\\xc3\\x9cbung \\xe6\\x97\\xa5\\xe6\\x9c\\xac.pdf" },
	{ "esc\x1b[2J\n\t\x7f", "esc?[2J?\t?", "esc?[2J?\t?" },
	{ "c1\xc2\x9b" "x", "c1?x", "c1?x" },
	{ "\xe2\x80\xae" "gpj.exe", "?gpj.exe", "?gpj.exe" },
	{ "no\xff\xc3", "no??", "no??" },
	{ "a\\b", "a\\b", "a\\b" },
};

static bool use_utf8(void)
{
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}

START_TEST(as_it_is_where_the_locale_can)
{
	char got[SHOW_NAME_MAX], *line = show_line(names[_i].name);

	ck_assert_str_eq(show_name(got, sizeof(got), names[_i].name), names[_i].ascii);
	ck_assert_str_eq(line, names[_i].ascii);
	/* It is said again as it is. */
	ck_assert_str_eq(show_name(got, sizeof(got), line), line);
	free(line);
	if (use_utf8())
		ck_assert_str_eq(show_name(got, sizeof(got), names[_i].name), names[_i].utf8);
}
END_TEST

/* Never in the middle of a character, and never over the end. */
START_TEST(cut_between_two_characters)
{
	static const char name[] = "a\xc3\x9c日\x1b\xf0\x9f\x8c\xbb\xff rest";
	char whole[SHOW_NAME_MAX], got[SHOW_NAME_MAX + 1];

	if (_i == 1 && !use_utf8())
		return;
	(void)show_name(whole, sizeof(whole), name);
	for (size_t cap = 8; cap <= strlen(whole) + 2; cap++) {
		memset(got, 'X', sizeof(got));
		ck_assert_ptr_eq(show_name(got, cap, name), got);
		ck_assert_int_eq(got[cap], 'X');
		ck_assert_uint_lt(strlen(got), cap);
		ck_assert(str_is_utf8(got, strlen(got)));
		if (cap > strlen(whole))
			ck_assert_str_eq(got, whole);
		else
			ck_assert_str_eq(got + strlen(got) - 3, "...");
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("show");
	TCase *t = tcase_create("show");

	tcase_add_loop_test(t, as_it_is_where_the_locale_can, 0, (int)ELEMENTSOF(names));
	tcase_add_loop_test(t, cut_between_two_characters, 0, 2);
	suite_add_tcase(s, t);
	return run_suite(s);
}
