/* SPDX-License-Identifier: MIT */
#include "client/exit.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>

#include "unit/run.h"

/* What the manual promises. */
static const struct {
	enum slug slug;
	int code;
} codes[] = {
	{ SLUG_BAD_COMMAND, 1 }, { SLUG_BAD_ARGUMENT, 1 }, { SLUG_TOO_LONG, 1 },    { SLUG_NOT_FOUND, 5 },
	{ SLUG_EXISTS, 6 },	 { SLUG_DENIED, 4 },	   { SLUG_AUTH_REQUIRED, 4 }, { SLUG_AUTH_FAILED, 4 },
	{ SLUG_TAKEN, 12 },	 { SLUG_TOO_LARGE, 11 },   { SLUG_NO_SPACE, 11 },   { SLUG_QUOTA, 11 },
	{ SLUG_BUSY, 12 },	 { SLUG_LIMIT, 11 },	   { SLUG_SLOW, 12 },	    { SLUG_CORRUPT, 10 },
	{ SLUG_OFFLINE, 1 },	 { SLUG_TIMEOUT, 7 },	   { SLUG_UNAVAILABLE, 1 }, { SLUG_SHUTTING_DOWN, 12 },
	{ SLUG_INTERNAL, 1 },	 { SLUG_MAX, 1 },
};

START_TEST(every_slug_has_a_row)
{
	ck_assert_uint_eq(ELEMENTSOF(codes), SLUG_MAX + 1);
	for (unsigned i = 0; i < ELEMENTSOF(codes); i++) {
		const struct exit_row *row = exit_from_slug(codes[i].slug);

		ck_assert_int_eq(codes[i].slug, i);
		ck_assert_int_eq(row->code, codes[i].code);
		ck_assert_ptr_nonnull(row->words);
	}
	ck_assert_ptr_eq(exit_from_slug((enum slug)1000), exit_from_slug(SLUG_MAX));
}
END_TEST

START_TEST(errnos)
{
	ck_assert_int_eq(exit_from_errno(-ETIMEDOUT), 7);
	ck_assert_int_eq(exit_from_errno(-EINTR), 9);
	ck_assert_int_eq(exit_from_errno(-ECONNRESET), 1);
	ck_assert_int_eq(exit_from_errno(-EBUSY), 12);
	ck_assert_int_eq(exit_from_errno(-ESHUTDOWN), 12);
	ck_assert_int_eq(exit_from_dial(-ETIMEDOUT), 3);
	ck_assert_int_eq(exit_from_dial(-ECONNREFUSED), 3);
	ck_assert_int_eq(exit_from_dial(-EINTR), 9);
	ck_assert_int_eq(exit_from_dial(-EBUSY), 12);
	ck_assert_str_eq(exit_errno_words(-ECONNREFUSED), "nothing listens there");
	ck_assert_str_eq(exit_errno_words(-EPROTO), "what answers does not speak ioe/1");
	ck_assert_ptr_nonnull(exit_errno_words(-ENETUNREACH));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("exit");
	TCase *t = tcase_create("exit");

	tcase_add_test(t, every_slug_has_a_row);
	tcase_add_test(t, errnos);
	suite_add_tcase(s, t);
	return run_suite(s);
}
