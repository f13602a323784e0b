/* SPDX-License-Identifier: MIT */
#include "wire/number.h"

#include "base/macro.h"
#include "vectors/number.h"

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit/fixture/run.h"

/* In memory of exactly the promised size, so that a sanitizer sees one byte too many. */
static void check_one(const char *in, size_t n, const char *expected)
{
	char *s = malloc(n + 1), *dst = malloc(n + 1);
	long len;

	ck_assert(s && dst);
	memcpy(s, in, n);
	len = number_double(dst, s, n);
	if (!expected) {
		ck_assert_msg(len == -EINVAL, "'%s' was taken", in);
		ck_assert_int_eq(number_check(s, n), -EINVAL);
	} else {
		ck_assert_msg(len == (long)strlen(expected) && memcmp(dst, expected, (size_t)len) == 0,
			      "'%s' became '%.*s'", in, len < 0 ? 0 : (int)len, dst);
		ck_assert_int_eq(number_check(s, n), 0);
	}
	free(s);
	free(dst);
}

START_TEST(vectors)
{
	size_t i;

	for (i = 0; i < ELEMENTSOF(number_vectors); i++)
		check_one(number_vectors[i].in, number_vectors[i].len, number_vectors[i].out);
}
END_TEST

START_TEST(every_byte)
{
	char in[2], out[4];
	int c;

	for (c = 0; c < 256; c++) {
		bool digit = c >= '0' && c <= '9', blank = c == ' ' || (c >= 9 && c <= 13);

		in[0] = (char)c;
		in[1] = '7';
		if (digit || c == '+' || blank || c == '-')
			ck_assert_int_eq(number_check(in, 2), 0);
		else
			ck_assert_int_eq(number_check(in, 2), -EINVAL);
		in[0] = '7';
		in[1] = (char)c;
		ck_assert_int_eq(number_double(out, in, 2) > 0, digit || blank);
	}
}
END_TEST

/* Addition by hand from the right, for numbers too long for any type. */
static size_t double_by_hand(char *dst, const char *digits, size_t n)
{
	unsigned carry = 0;
	size_t i, len = n + 1;

	for (i = n; i > 0; i--) {
		unsigned d = (unsigned)(digits[i - 1] - '0') * 2 + carry;

		dst[i] = (char)('0' + d % 10);
		carry = d / 10;
	}
	dst[0] = (char)('0' + carry);
	for (i = 0; i + 1 < len && dst[i] == '0'; i++)
		;
	memmove(dst, dst + i, len - i);
	return len - i;
}

START_TEST(random_against_longhand)
{
	static char digits[2000], in[4100], expected[2001], got[4101];
	uint64_t x = 88172645463325252ULL;
	size_t i, n, k, len;
	int round;

	for (round = 0; round < 2000; round++) {
		n = 1 + (size_t)round % sizeof(digits);
		for (i = k = 0; i < n; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			/* Now and then many of 4 and 9, where a carry that ran on would show. */
			digits[i] = "01234567894994999"[(x >> 32) % ((round & 3) == 0 ? 17 : 10)];
			in[k++] = digits[i];
			if (i + 1 < n && (round & 1) && (x >> 50 & 1))
				in[k++] = '_';
		}
		len = double_by_hand(expected, digits, n);
		ck_assert_int_eq(number_double(got, in, k), (long)len);
		ck_assert_mem_eq(got, expected, len);
	}
}
END_TEST

/* A number as long as the largest line, and one that is eight times that: linear, so far below a second. */
START_TEST(huge)
{
	size_t n = 512 << 10, i;
	char *in = malloc(n), *out = malloc(n + 1);
	clock_t begin = clock();

	ck_assert(in && out);
	memset(in, '9', n);
	for (i = 0; i < 20; i++)
		ck_assert_int_eq(number_double(out, in, n), (long)n + 1);
	ck_assert_int_eq(out[0], '1');
	ck_assert_int_eq(out[1], '9');
	ck_assert_int_eq(out[n - 1], '9');
	ck_assert_int_eq(out[n], '8');
	memset(in, '0', n);
	ck_assert_int_eq(number_double(out, in, n), 1);
	in[n - 1] = '4';
	ck_assert_int_eq(number_double(out, in, n), 1);
	ck_assert_int_eq(out[0], '8');
	in[n - 1] = '_';
	ck_assert_int_eq(number_double(out, in, n), -EINVAL);
	ck_assert_int_lt((clock() - begin) / CLOCKS_PER_SEC, 2);
	free(in);
	free(out);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("number");
	TCase *t = tcase_create("number");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, vectors);
	tcase_add_test(t, every_byte);
	tcase_add_test(t, random_against_longhand);
	tcase_add_test(t, huge);
	suite_add_tcase(s, t);
	return run_suite(s);
}
