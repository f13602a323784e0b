/* SPDX-License-Identifier: MIT */
/* The memory of output queues: chunks of each kind, the lists of free ones, and the account, which ends at nothing. */

#include "net/chunk.h"
#include "base/macro.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>

#include "unit/fixture/run.h"

static struct chunk_pool pool;

static void setup(void)
{
	chunk_pool_init(&pool, UINT64_MAX);
}

static void teardown(void)
{
	ck_assert_uint_eq(chunk_pool_used(&pool), 0);
	chunk_pool_done(&pool);
	ck_assert_uint_eq(pool.n_free, 0);
	ck_assert_uint_eq(pool.n_free_slices, 0);
	ck_assert_ptr_null(pool.spare);
}

START_TEST(is_over_when_more_is_accounted_than_the_limit)
{
	chunk_pool_set_limit(&pool, 1000);
	ck_assert_uint_eq(chunk_pool_limit(&pool), 1000);
	chunk_pool_account(&pool, 1000);
	ck_assert(!chunk_pool_is_over(&pool));
	chunk_pool_account(&pool, 1);
	ck_assert(chunk_pool_is_over(&pool));
	chunk_pool_unaccount(&pool, 1001);
	ck_assert_uint_eq(chunk_pool_used(&pool), 0);
}
END_TEST

START_TEST(a_chunk_has_at_least_the_room_that_was_wanted)
{
	static const size_t sizes[] = { 0, 1, 1000, 2000, 2047, 2048, 5000, 1 << 20 };

	for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
		struct chunk *c = chunk_new(&pool, sizes[i]);

		ck_assert_ptr_nonnull(c);
		ck_assert_int_eq(c->kind, CHUNK_BYTES);
		ck_assert(!c->event);
		ck_assert_uint_ge(c->cap, sizes[i]);
		ck_assert_uint_eq(chunk_pool_used(&pool), c->cap);
		memset(c->data, 'x', c->cap);
		ck_assert_ptr_eq(chunk_bytes(c), c->data);
		chunk_free(&pool, c);
		ck_assert_uint_eq(chunk_pool_used(&pool), 0);
	}
	ck_assert_ptr_null(chunk_new(&pool, (size_t)UINT32_MAX + 1));
}
END_TEST

START_TEST(small_ones_are_used_again_and_large_ones_are_not)
{
	struct chunk *small = chunk_new(&pool, 10), *large = chunk_new(&pool, 100000), *at[200];

	chunk_free(&pool, large);
	ck_assert_uint_eq(pool.n_free, 0);
	chunk_free(&pool, small);
	ck_assert_uint_eq(pool.n_free, 1);
	ck_assert_ptr_eq(chunk_new(&pool, 20), small);
	ck_assert_uint_eq(pool.n_free, 0);
	chunk_free(&pool, small);

	for (size_t i = 0; i < ELEMENTSOF(at); i++)
		at[i] = chunk_new(&pool, 1);
	for (size_t i = 0; i < ELEMENTSOF(at); i++)
		chunk_free(&pool, at[i]);
	ck_assert_uint_eq(pool.n_free, 64);
}
END_TEST

START_TEST(a_slice_holds_its_shared_buffer)
{
	struct slice s;
	struct chunk *c = chunk_new_slice(&pool);

	ck_assert_int_eq(slice_new(&pool, 0, "hello", 5, &s), 0);
	*c = (struct chunk){ .kind = CHUNK_SLICE, .start = s.start + 1, .end = s.start + s.len, .buffer = s.buffer };
	s.buffer->refs++;
	slice_done(&pool, &s);
	ck_assert_int_eq(memcmp(chunk_bytes(c), "ello", 4), 0);
	ck_assert_ptr_nonnull(pool.current[0]);
	chunk_free(&pool, c);
	ck_assert_ptr_null(pool.current[0]);
	ck_assert_uint_eq(pool.n_free_slices, 1);
	ck_assert_ptr_eq(chunk_new_slice(&pool), c);
	c->buffer = NULL;
	ck_assert_int_eq(slice_new(&pool, 0, "x", 1, &s), 0);
	*c = (struct chunk){ .kind = CHUNK_SLICE, .buffer = s.buffer };
	chunk_free(&pool, c); /* the only reference */
}
END_TEST

static int closed;

static void close_file(_unused_ struct chunk_pool *p, int fd)
{
	closed++;
	(void)close(fd);
}

static int open_file(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(a_file_is_closed_by_whoever_the_pool_says)
{
	int fd = open_file();
	struct chunk *c = chunk_new_file(&(struct chunk_file){ .fd = fd, .off = 3, .left = 4 });

	ck_assert_int_eq(c->kind, CHUNK_FILE);
	ck_assert_uint_eq(c->file->off, 3);
	ck_assert_uint_eq(chunk_pool_used(&pool), 0);
	chunk_free(&pool, c);
	ck_assert_int_lt(fcntl(fd, F_GETFD), 0);

	pool.close_file = close_file;
	chunk_free(&pool, chunk_new_file(&(struct chunk_file){ .fd = open_file() }));
	ck_assert_int_eq(closed, 1);
	chunk_pool_close_file(&pool, open_file());
	ck_assert_int_eq(closed, 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("chunk");
	TCase *tc = tcase_create("chunk");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, is_over_when_more_is_accounted_than_the_limit);
	tcase_add_test(tc, a_chunk_has_at_least_the_room_that_was_wanted);
	tcase_add_test(tc, small_ones_are_used_again_and_large_ones_are_not);
	tcase_add_test(tc, a_slice_holds_its_shared_buffer);
	tcase_add_test(tc, a_file_is_closed_by_whoever_the_pool_says);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
