/* SPDX-License-Identifier: MIT */
#include "cli/exit.h"

#include <check.h>

#include "unit/fixture/run.h"

START_TEST(every_code_has_a_name)
{
	for (int i = 0; i < EXIT_CODE_MAX; i++) {
		ck_assert_ptr_nonnull(exit_name(i));
		for (int k = 0; k < i; k++)
			ck_assert_str_ne(exit_name(i), exit_name(k));
	}
	ck_assert_str_eq(exit_name(EXIT_CODE_NOT_FOUND), "not-found");
	ck_assert_str_eq(exit_name(-1), "failed");
	ck_assert_str_eq(exit_name(EXIT_CODE_MAX), "failed");
	ck_assert_str_eq(exit_name(127), "failed");
}
END_TEST

/* The numbers that the manuals have. */
START_TEST(numbers)
{
	ck_assert_int_eq(EXIT_CODE_OK, 0);
	ck_assert_int_eq(EXIT_CODE_USAGE, 2);
	ck_assert_int_eq(EXIT_CODE_NO_SERVER, 3);
	ck_assert_int_eq(EXIT_CODE_NOT_PERMITTED, 4);
	ck_assert_int_eq(EXIT_CODE_NOT_FOUND, 5);
	ck_assert_int_eq(EXIT_CODE_TIMED_OUT, 7);
	ck_assert_int_eq(EXIT_CODE_SOME_FAILED, 8);
	ck_assert_int_eq(EXIT_CODE_INTERRUPTED, 9);
	ck_assert_int_eq(EXIT_CODE_LATER, 12);
	ck_assert_int_eq(EXIT_CODE_DEGRADED, 13);
}
END_TEST

START_TEST(joins)
{
	ck_assert_int_eq(exit_join(EXIT_CODE_OK, EXIT_CODE_NOT_FOUND, true), EXIT_CODE_NOT_FOUND);
	ck_assert_int_eq(exit_join(EXIT_CODE_NOT_FOUND, EXIT_CODE_NOT_FOUND, false), EXIT_CODE_NOT_FOUND);
	ck_assert_int_eq(exit_join(EXIT_CODE_OK, EXIT_CODE_OK, false), EXIT_CODE_OK);
	ck_assert_int_eq(exit_join(EXIT_CODE_OK, EXIT_CODE_NOT_FOUND, false), EXIT_CODE_SOME_FAILED);
	ck_assert_int_eq(exit_join(EXIT_CODE_SOME_FAILED, EXIT_CODE_OK, false), EXIT_CODE_SOME_FAILED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("exit");
	TCase *t = tcase_create("exit");

	tcase_add_test(t, every_code_has_a_name);
	tcase_add_test(t, numbers);
	tcase_add_test(t, joins);
	suite_add_tcase(s, t);
	return run_suite(s);
}
