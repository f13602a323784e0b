/* SPDX-License-Identifier: MIT */
#include "base/ratelimit.h"

#include <check.h>
#include <limits.h>

#include "unit/fixture/run.h"

START_TEST(burst_and_interval)
{
	struct ratelimit r = { .interval_usec = 1000, .burst = 3 };
	unsigned missed = 77;

	ck_assert(ratelimit_pass(&r, 5000, &missed));
	ck_assert_uint_eq(missed, 0);
	ck_assert(ratelimit_pass(&r, 5000, &missed));
	ck_assert(ratelimit_pass(&r, 5999, &missed));
	missed = 77;
	ck_assert(!ratelimit_pass(&r, 5999, &missed));
	ck_assert(!ratelimit_pass(&r, 5999, &missed));
	ck_assert_uint_eq(missed, 77); /* only told with one that passes */
	ck_assert(ratelimit_pass(&r, 6000, &missed));
	ck_assert_uint_eq(missed, 2);
	ck_assert(ratelimit_pass(&r, 6000, &missed));
	ck_assert_uint_eq(missed, 0);
}
END_TEST

/* The interval begins with its first event, not at multiples of itself. */
START_TEST(interval_begins_with_an_event)
{
	struct ratelimit r = { .interval_usec = 1000, .burst = 1 };
	unsigned missed;

	ck_assert(ratelimit_pass(&r, 500, &missed));
	ck_assert(!ratelimit_pass(&r, 1499, &missed));
	ck_assert(ratelimit_pass(&r, 1700, &missed));
	ck_assert_uint_eq(missed, 1);
	ck_assert(!ratelimit_pass(&r, 2699, &missed));
	ck_assert(ratelimit_pass(&r, 2700, &missed));
}
END_TEST

START_TEST(nothing_passes_a_burst_of_none)
{
	struct ratelimit r = { .interval_usec = 1000, .burst = 0 };
	unsigned missed;

	ck_assert(!ratelimit_pass(&r, 0, &missed));
	ck_assert(!ratelimit_pass(&r, 10000, &missed));
}
END_TEST

START_TEST(count_of_missed_does_not_wrap)
{
	struct ratelimit r = { .interval_usec = 1000, .burst = 1 };
	unsigned missed;

	ck_assert(ratelimit_pass(&r, 1, &missed));
	r.missed = UINT_MAX - 1;
	ck_assert(!ratelimit_pass(&r, 2, &missed));
	ck_assert(!ratelimit_pass(&r, 2, &missed));
	ck_assert(ratelimit_pass(&r, 2000, &missed));
	ck_assert_uint_eq(missed, UINT_MAX);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ratelimit");
	TCase *t = tcase_create("ratelimit");

	tcase_add_test(t, burst_and_interval);
	tcase_add_test(t, interval_begins_with_an_event);
	tcase_add_test(t, nothing_passes_a_burst_of_none);
	tcase_add_test(t, count_of_missed_does_not_wrap);
	suite_add_tcase(s, t);
	return run_suite(s);
}
