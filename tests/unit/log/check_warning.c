/* SPDX-License-Identifier: MIT */
/* Warnings: each sentence once, whoever says it, and what they come to. */
#include "log/warning.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

START_TEST(none_is_nothing)
{
	struct warnings w = { 0 };

	ck_assert(!warnings_degrade(&w));
	for (unsigned i = 0; i < WARNING_MAX; i++)
		ck_assert(!warnings_has(&w, (enum warning)i));
	warnings_done(&w);
}
END_TEST

START_TEST(a_sentence_is_said_once)
{
	struct warnings w = { 0 };

	warnings_add(&w, WARNING_STORE, "%s is gone", "a");
	warnings_add(&w, WARNING_STORE, "%s is gone", "b");
	warnings_add(&w, WARNING_STORE, "%s is gone", "a");
	warnings_add(&w, WARNING_LOG_DROPPED, "%s is gone", "a"); /* of another kind */
	ck_assert_uint_eq(w.n, 3);
	ck_assert_str_eq(w.list[0].text, "a is gone");
	ck_assert_str_eq(w.list[1].text, "b is gone");
	ck_assert_int_eq(w.list[2].what, WARNING_LOG_DROPPED);
	ck_assert(warnings_has(&w, WARNING_STORE));
	ck_assert(!warnings_has(&w, WARNING_DISK_SLOW));
	warnings_done(&w);
	ck_assert_uint_eq(w.n, 0);
	ck_assert(!warnings_has(&w, WARNING_STORE));
}
END_TEST

/* Each kind by itself. */
START_TEST(some_degrade)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WARNING_MAX; i++) {
		struct warnings w = { 0 };

		warnings_add(&w, (enum warning)i, "x");
		ck_assert(warnings_degrade(&w) == warning_rows[i].degrades);
		n += warnings_degrade(&w);
		warnings_done(&w);
	}
	ck_assert_uint_gt(n, 0);
	ck_assert_uint_lt(n, WARNING_MAX);
}
END_TEST

/* As many listeners as there may be, and more, and a sentence as long as a path. */
START_TEST(very_many)
{
	struct warnings w = { 0 };
	char path[4096];

	(void)memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	for (unsigned i = 0; i < 1000; i++)
		warnings_add(&w, WARNING_LISTENER_PAUSED, "%u %s", i, path);
	ck_assert(!w.short_of_memory);
	ck_assert_uint_eq(w.n, 1000);
	ck_assert_uint_eq(strlen(w.list[999].text), sizeof(path) + 3);
	ck_assert_int_eq(strncmp(w.list[999].text, "999 x", 5), 0);
	warnings_done(&w);
}
END_TEST

START_TEST(rows_are_whole)
{
	for (unsigned i = 0; i < WARNING_MAX; i++) {
		ck_assert_uint_eq(strspn(warning_rows[i].name, "abcdefghijklmnopqrstuvwxyz-"),
				  strlen(warning_rows[i].name));
		ck_assert_ptr_nonnull(warning_rows[i].doc);
		for (unsigned k = 0; k < i; k++)
			ck_assert_str_ne(warning_rows[i].name, warning_rows[k].name);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("warning");
	TCase *t = tcase_create("warning");

	tcase_add_test(t, none_is_nothing);
	tcase_add_test(t, a_sentence_is_said_once);
	tcase_add_test(t, some_degrade);
	tcase_add_test(t, very_many);
	tcase_add_test(t, rows_are_whole);
	suite_add_tcase(s, t);
	return run_suite(s);
}
