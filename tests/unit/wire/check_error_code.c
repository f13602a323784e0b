/* SPDX-License-Identifier: MIT */
#include "wire/dialect.h"
#include "wire/error_code.h"

#include "base/macro.h"

#include <check.h>
#include <string.h>

#include "unit/run.h"

/* The words of the protocol, in its order. */
static const char *const words[] = {
	"bad-command", "bad-argument", "too-long", "not-found",   "exists",        "denied",   "auth-required",
	"auth-failed", "taken",        "too-large", "no-space",   "quota",         "busy",     "limit",
	"slow",        "corrupt",      "offline",  "timeout",     "unavailable",   "shutting-down", "internal",
};

START_TEST(names)
{
	size_t i;

	ck_assert_uint_eq(ELEMENTSOF(words), SLUG_MAX);
	for (i = 0; i < SLUG_MAX; i++) {
		ck_assert_str_eq(slug_name((enum slug)i), words[i]);
		ck_assert_int_eq(slug_from_name(words[i], strlen(words[i])), (int)i);
		ck_assert_int_eq(slug_from_name(words[i], strlen(words[i]) - 1), SLUG_MAX);
		ck_assert_int_eq(slug_from_name(words[i], strlen(words[i]) + 1), SLUG_MAX);
	}
}
END_TEST

START_TEST(none)
{
	ck_assert_int_eq(slug_from_name("", 0), SLUG_MAX);
	ck_assert_int_eq(slug_from_name("BUSY", 4), SLUG_MAX);
	ck_assert_int_eq(slug_from_name("nonsense", 8), SLUG_MAX);
	ck_assert_str_eq(slug_name(SLUG_MAX), "internal");
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
	Suite *s = suite_create("slug");
	TCase *t = tcase_create("slug");

	tcase_add_test(t, names);
	tcase_add_test(t, none);
	tcase_add_test(t, dialects);
	suite_add_tcase(s, t);
	return run_suite(s);
}
