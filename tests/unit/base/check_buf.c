/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

START_TEST(append_and_consume)
{
	struct buf b = { .max = 0 };

	ck_assert_int_eq(buf_append(&b, "hello ", 6), 0);
	ck_assert_int_eq(buf_append_str(&b, "world"), 0);
	ck_assert_uint_eq(b.len, 11);
	buf_consume(&b, 6);
	ck_assert_str_eq(buf_str(&b), "world");
	buf_consume(&b, 0);
	ck_assert_str_eq(buf_str(&b), "world");
	buf_consume(&b, 100);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_str_eq(buf_str(&b), "");
	buf_done(&b);
	ck_assert_ptr_null(b.data);
	ck_assert_uint_eq(b.cap, 0);
}
END_TEST

START_TEST(inert)
{
	struct buf b = { .max = 10 };

	buf_consume(&b, 3);
	buf_done(&b);
	ck_assert_uint_eq(b.max, 10);
	ck_assert_int_eq(buf_append(&b, NULL, 0), 0);
	ck_assert_ptr_null(b.data);
	ck_assert_str_eq(buf_str(&b), "");
	buf_done(&b);
}
END_TEST

/* Exactly to the ceiling and no further; what does not fit leaves no trace. */
START_TEST(ceiling)
{
	struct buf b = { .max = 100 };
	char big[101];

	memset(big, 'x', sizeof(big));
	ck_assert_int_eq(buf_append(&b, big, 101), -ENOBUFS);
	ck_assert_int_eq(buf_append(&b, big, 99), 0);
	ck_assert_int_eq(buf_append(&b, "ab", 2), -ENOBUFS);
	ck_assert_uint_eq(b.len, 99);
	ck_assert_int_eq(buf_printf(&b, "%d", 12), -ENOBUFS);
	ck_assert_uint_eq(b.len, 99);
	ck_assert_int_eq(buf_append(&b, "e", 1), 0);
	ck_assert_int_eq(buf_append(&b, "e", 1), -ENOBUFS);
	ck_assert_int_eq(buf_append(&b, "", 0), 0);
	ck_assert_uint_eq(b.len, 100);
	ck_assert_uint_eq(b.cap, 100);
	ck_assert_uint_eq(strlen(buf_str(&b)), 100); /* the NUL has its place even now */
	ck_assert_uint_eq(b.cap, 100);
	buf_done(&b);
}
END_TEST

START_TEST(reserve)
{
	struct buf b = { .max = 0 };
	size_t cap;

	ck_assert_int_eq(buf_reserve(&b, 1), 0);
	ck_assert_uint_ge(b.cap, 1);
	cap = b.cap;
	b.len = cap;
	ck_assert_int_eq(buf_reserve(&b, 0), 0);
	ck_assert_uint_eq(b.cap, cap);
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX), -ENOBUFS);
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX - cap), -ENOMEM);
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX / 2), -ENOMEM);
	ck_assert_uint_eq(b.cap, cap);
	ck_assert_uint_eq(b.len, cap);
	buf_done(&b);
}
END_TEST

/* Byte by byte the memory may be moved only a few times: it doubles. */
START_TEST(grows_by_doubling)
{
	struct buf b = { .max = 100000 };
	unsigned steps = 0;
	size_t cap = 0, i;

	for (i = 0; i < 100000; i++) {
		ck_assert_int_eq(buf_append(&b, "y", 1), 0);
		steps += b.cap != cap;
		cap = b.cap;
	}
	ck_assert_uint_le(steps, 12);
	ck_assert_uint_eq(b.cap, 100000);
	buf_done(&b);
}
END_TEST

START_TEST(printf_grows)
{
	struct buf b = { .max = 0 };
	char expected[4000] = "";
	size_t len = 0;
	int i;

	ck_assert_int_eq(buf_printf(&b, "%s", ""), 0);
	for (i = 0; i < 500; i++) {
		ck_assert_int_eq(buf_printf(&b, "%d,", i), 0);
		len += (size_t)snprintf(expected + len, sizeof(expected) - len, "%d,", i);
	}
	ck_assert_uint_eq(b.len, len);
	ck_assert_str_eq(buf_str(&b), expected);
	buf_done(&b);
	ck_assert_int_eq(buf_printf(&b, "%0200d", 7), 0);
	ck_assert_uint_eq(b.len, 200);
	buf_done(&b);
}
END_TEST

/* A text that fits to the last byte. */
START_TEST(printf_exact)
{
	struct buf b = { .max = 64 };

	ck_assert_int_eq(buf_printf(&b, "%064d", 7), 0);
	ck_assert_uint_eq(b.len, 64);
	ck_assert_int_eq(buf_printf(&b, "%s", ""), 0);
	ck_assert_int_eq(buf_printf(&b, "x"), -ENOBUFS);
	ck_assert_uint_eq(strlen(buf_str(&b)), 64);
	buf_done(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("buf");
	TCase *t = tcase_create("buf");

	tcase_add_test(t, append_and_consume);
	tcase_add_test(t, inert);
	tcase_add_test(t, ceiling);
	tcase_add_test(t, reserve);
	tcase_add_test(t, grows_by_doubling);
	tcase_add_test(t, printf_grows);
	tcase_add_test(t, printf_exact);
	suite_add_tcase(s, t);
	return run_suite(s);
}
