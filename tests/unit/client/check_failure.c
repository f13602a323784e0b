/* SPDX-License-Identifier: MIT */
#include "client/failure.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>

#include "unit/fixture/run.h"

/* What the manual promises. */
static const struct {
	enum error_code error;
	int code;
} codes[] = {
	{ ERROR_BAD_COMMAND, 1 }, { ERROR_BAD_ARGUMENT, 1 }, { ERROR_TOO_LONG, 1 },      { ERROR_NOT_FOUND, 5 },
	{ ERROR_EXISTS, 6 },      { ERROR_DENIED, 4 },       { ERROR_AUTH_REQUIRED, 4 }, { ERROR_AUTH_FAILED, 4 },
	{ ERROR_TAKEN, 12 },      { ERROR_TOO_LARGE, 11 },   { ERROR_NO_SPACE, 11 },     { ERROR_QUOTA, 11 },
	{ ERROR_BUSY, 12 },       { ERROR_LIMIT, 11 },       { ERROR_SLOW, 12 },         { ERROR_CORRUPT, 10 },
	{ ERROR_OFFLINE, 1 },     { ERROR_TIMEOUT, 7 },      { ERROR_UNAVAILABLE, 1 },   { ERROR_SHUTTING_DOWN, 12 },
	{ ERROR_INTERNAL, 1 },    { ERROR_MAX, 1 },
};

START_TEST(every_code_has_a_row)
{
	ck_assert_uint_eq(ELEMENTSOF(codes), ERROR_MAX + 1);
	for (unsigned i = 0; i < ELEMENTSOF(codes); i++) {
		const struct failure_row *row = failure_from_error_code(codes[i].error);

		ck_assert_int_eq(codes[i].error, i);
		ck_assert_int_eq(row->code, codes[i].code);
		ck_assert_ptr_nonnull(row->words);
	}
	ck_assert_ptr_eq(failure_from_error_code((enum error_code)1000), failure_from_error_code(ERROR_MAX));
}
END_TEST

START_TEST(errnos)
{
	ck_assert_int_eq(failure_from_errno(-ETIMEDOUT), 7);
	ck_assert_int_eq(failure_from_errno(-EINTR), 9);
	ck_assert_int_eq(failure_from_errno(-ECONNRESET), 1);
	ck_assert_int_eq(failure_from_errno(-EBUSY), 12);
	ck_assert_int_eq(failure_from_errno(-ESHUTDOWN), 12);
	ck_assert_int_eq(failure_from_dial(-ETIMEDOUT), 3);
	ck_assert_int_eq(failure_from_dial(-ECONNREFUSED), 3);
	ck_assert_int_eq(failure_from_dial(-EINTR), 9);
	ck_assert_int_eq(failure_from_dial(-EBUSY), 12);
	ck_assert_str_eq(failure_errno_words(-ECONNREFUSED), "nothing listens there");
	ck_assert_str_eq(failure_errno_words(-EPROTO), "the program that answers does not speak ioe/1");
	ck_assert_ptr_nonnull(failure_errno_words(-ENETUNREACH));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("failure");
	TCase *t = tcase_create("failure");

	tcase_add_test(t, every_code_has_a_row);
	tcase_add_test(t, errnos);
	suite_add_tcase(s, t);
	return run_suite(s);
}
