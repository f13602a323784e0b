/* SPDX-License-Identifier: MIT */
#include "roles/chat/rate_limit.h"

#include "base/clock.h"

#include <check.h>

#include "unit/fixture/run.h"

/* How many of @tries pass at once. */
static unsigned pass(struct chat_rate_limit *f, uint64_t now, uint64_t rate, uint64_t burst, unsigned tries)
{
	unsigned n = 0;
	uint64_t wait;

	for (unsigned i = 0; i < tries; i++)
		n += chat_rate_limit_pass(f, now, rate, burst, &wait);
	return n;
}

START_TEST(a_burst_and_then_the_rate)
{
	struct chat_rate_limit f = {};
	uint64_t now = 77 * USEC_PER_SEC;

	ck_assert_uint_eq(pass(&f, now, 10, 50, 1000), 50);
	for (unsigned second = 1; second <= 5; second++)
		ck_assert_uint_eq(pass(&f, now + second * USEC_PER_SEC, 10, 50, 1000), 10);
	/* A rest gives back no more than a burst. */
	ck_assert_uint_eq(pass(&f, now + 10000 * USEC_PER_SEC, 10, 50, 1000), 50);
}
END_TEST

/* Who waits as long as he was told gets through, and not a microsecond earlier. */
START_TEST(the_wait_is_exact)
{
	struct chat_rate_limit f = {};
	uint64_t now = 1, wait = 0;

	ck_assert_uint_eq(pass(&f, now, 3, 7, 7), 7);
	for (unsigned i = 0; i < 20; i++) {
		ck_assert(!chat_rate_limit_pass(&f, now, 3, 7, &wait));
		ck_assert_uint_gt(wait, 0);
		ck_assert_uint_le(wait, USEC_PER_SEC / 3 + 1);
		ck_assert(!chat_rate_limit_pass(&f, now + wait - 1, 3, 7, &(uint64_t){ 0 }));
		now += wait;
		ck_assert(chat_rate_limit_pass(&f, now, 3, 7, &wait));
	}
}
END_TEST

START_TEST(no_rate_is_no_bound)
{
	struct chat_rate_limit f = {};

	ck_assert_uint_eq(pass(&f, 5, 0, 1, 100000), 100000);
	/* And owes nothing where a bound is set later. */
	ck_assert_uint_eq(pass(&f, 5, 1, 1, 10), 1);
}
END_TEST

START_TEST(the_largest_and_the_smallest)
{
	struct chat_rate_limit f = {};

	ck_assert_uint_eq(pass(&f, 1000, 1, 1, 10), 1);
	ck_assert_uint_eq(pass(&f, 1000 + USEC_PER_SEC - 1, 1, 1, 10), 0);
	ck_assert_uint_eq(pass(&f, 1000 + USEC_PER_SEC, 1, 1, 10), 1);
	f = (struct chat_rate_limit){};
	ck_assert_uint_eq(pass(&f, 1000, 1000000, 1000000, 1000001), 1000000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("chat_rate_limit");
	TCase *t = tcase_create("chat_rate_limit");

	tcase_add_test(t, a_burst_and_then_the_rate);
	tcase_add_test(t, the_wait_is_exact);
	tcase_add_test(t, no_rate_is_no_bound);
	tcase_add_test(t, the_largest_and_the_smallest);
	suite_add_tcase(s, t);
	return run_suite(s);
}
