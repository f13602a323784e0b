/* SPDX-License-Identifier: MIT */
#include "wire/dialect.h"
#include "wire/error_code.h"

#include "base/macro.h"

#include <check.h>
#include <string.h>

#include "unit/fixture/run.h"

/* The words of the protocol, in its order. */
static const char *const words[] = {
	"bad-command", "bad-argument", "too-long", "not-found",   "exists",        "denied",   "auth-required",
	"auth-failed", "taken",        "too-large", "no-space",   "quota",         "busy",     "limit",
	"slow",        "corrupt",      "offline",  "timeout",     "unavailable",   "shutting-down", "internal",
};

START_TEST(names)
{
	size_t i;

	ck_assert_uint_eq(ELEMENTSOF(words), ERROR_MAX);
	for (i = 0; i < ERROR_MAX; i++) {
		ck_assert_str_eq(error_code_name((enum error_code)i), words[i]);
		ck_assert_int_eq(error_code_from_name(words[i], strlen(words[i])), (int)i);
		ck_assert_int_eq(error_code_from_name(words[i], strlen(words[i]) - 1), ERROR_MAX);
		ck_assert_int_eq(error_code_from_name(words[i], strlen(words[i]) + 1), ERROR_MAX);
	}
}
END_TEST

START_TEST(none)
{
	ck_assert_int_eq(error_code_from_name("", 0), ERROR_MAX);
	ck_assert_int_eq(error_code_from_name("BUSY", 4), ERROR_MAX);
	ck_assert_int_eq(error_code_from_name("nonsense", 8), ERROR_MAX);
	ck_assert_str_eq(error_code_name(ERROR_MAX), "internal");
}
END_TEST

START_TEST(dialects)
{
	ck_assert_str_eq(dialect_name(DIALECT_UNDECIDED), "undecided");
	ck_assert_str_eq(dialect_name(DIALECT_LINE), "line");
	ck_assert_str_eq(dialect_name(DIALECT_IOE1), "ioe/1");
	ck_assert_str_eq(dialect_name(DIALECT_RAW), "raw");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("code");
	TCase *t = tcase_create("code");

	tcase_add_test(t, names);
	tcase_add_test(t, none);
	tcase_add_test(t, dialects);
	suite_add_tcase(s, t);
	return run_suite(s);
}
