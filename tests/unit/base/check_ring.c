/* SPDX-License-Identifier: MIT */
/* Order, the bound, the way around, and two threads at once. */

#include "base/ring.h"
#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

#include "unit/fixture/run.h"

#define RECORDS 8

static bool put(struct ring *r, uint64_t v)
{
	uint64_t *p = ring_reserve(r);

	if (!p)
		return false;
	*p = v;
	ring_put(r);
	return true;
}

static bool take(struct ring *r, uint64_t *ret)
{
	const uint64_t *p = ring_peek(r);

	if (!p)
		return false;
	*ret = *p;
	ring_drop(r);
	return true;
}

START_TEST(is_empty_then_full_then_empty)
{
	struct ring *r;
	uint64_t v;

	ck_assert_int_eq(ring_new(&r, RECORDS, sizeof(v)), 0);
	ck_assert_ptr_null(ring_peek(r));
	ck_assert_uint_eq(ring_count(r), 0);

	for (uint64_t i = 0; i < RECORDS; i++)
		ck_assert(put(r, i));
	ck_assert_ptr_null(ring_reserve(r));
	ck_assert_uint_eq(ring_count(r), RECORDS);

	for (uint64_t i = 0; i < RECORDS; i++) {
		ck_assert(take(r, &v));
		ck_assert_uint_eq(v, i);
	}
	ck_assert(!take(r, &v));
	ck_assert_ptr_null(ring_free(r));
}
END_TEST

START_TEST(goes_around_at_every_fill)
{
	struct ring *r;
	uint64_t put_next = 0, take_next = 0, v;

	ck_assert_int_eq(ring_new(&r, RECORDS, sizeof(v)), 0);
	for (unsigned fill = 1; fill <= RECORDS; fill++)
		for (unsigned round = 0; round < 3 * RECORDS; round++) {
			for (unsigned i = 0; i < fill; i++)
				ck_assert(put(r, put_next++));
			for (unsigned i = 0; i < fill; i++) {
				ck_assert(take(r, &v));
				ck_assert_uint_eq(v, take_next++);
			}
		}
	(void)ring_free(r);
}
END_TEST

/* Room that was reserved but not put is not seen, and is the same again. */
START_TEST(is_not_seen_before_it_is_put)
{
	struct ring *r;
	void *p;

	ck_assert_int_eq(ring_new(&r, RECORDS, 100), 0);
	p = ring_reserve(r);
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_null(ring_peek(r));
	ck_assert_ptr_eq(ring_reserve(r), p);
	ring_put(r);
	ck_assert_ptr_eq(ring_peek(r), p);
	ck_assert_ptr_eq(ring_reserve(r), (char *)p + 100);
	(void)ring_free(r);
}
END_TEST

#define THREAD_RECORDS 200000

static void *put_many(void *arg)
{
	for (uint64_t i = 0; i < THREAD_RECORDS;) {
		if (put(arg, i))
			i++;
		else
			(void)sched_yield();
	}
	return NULL;
}

START_TEST(two_threads_keep_the_order)
{
	struct ring *r;
	pthread_t thread;
	uint64_t v;

	ck_assert_int_eq(ring_new(&r, RECORDS, sizeof(v)), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, put_many, r), 0);
	for (uint64_t i = 0; i < THREAD_RECORDS;) {
		if (take(r, &v))
			ck_assert_uint_eq(v, i++);
		else
			(void)sched_yield();
	}
	(void)pthread_join(thread, NULL);
	ck_assert_uint_eq(ring_count(r), 0);
	(void)ring_free(r);
}
END_TEST

START_TEST(no_memory_is_an_error)
{
	struct ring *r = NULL;

	ck_assert_int_eq(ring_new(&r, 1, (size_t)1 << 60), -ENOMEM);
	ck_assert_ptr_null(r);
	ck_assert_ptr_null(ring_free(NULL));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ring");
	TCase *tc = tcase_create("ring");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, is_empty_then_full_then_empty);
	tcase_add_test(tc, goes_around_at_every_fill);
	tcase_add_test(tc, is_not_seen_before_it_is_put);
	tcase_add_test(tc, two_threads_keep_the_order);
	tcase_add_test(tc, no_memory_is_an_error);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
