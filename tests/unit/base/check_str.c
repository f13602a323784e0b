/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

#define UNTOUCHED 4711

START_TEST(to_u64)
{
	static const struct {
		const char *in;
		uint64_t min, max, value;
		int r;
	} rows[] = {
		{ "0", 0, 9, 0, 0 },
		{ "007", 0, 9, 7, 0 },
		{ "18446744073709551615", 0, UINT64_MAX, UINT64_MAX, 0 },
		{ "00000000000000000000000000001", 1, 1, 1, 0 },
		{ "18446744073709551616", 0, UINT64_MAX, 0, -ERANGE },
		{ "18446744073709551620", 0, UINT64_MAX, 0, -ERANGE },
		{ "99999999999999999999999999", 0, UINT64_MAX, 0, -ERANGE },
		{ "99999999999999999999999999x", 0, UINT64_MAX, 0, -EINVAL },
		{ "4", 5, 9, 0, -ERANGE },
		{ "10", 5, 9, 0, -ERANGE },
		{ "", 0, 9, 0, -EINVAL },
		{ "-1", 0, 9, 0, -EINVAL },
		{ "+1", 0, 9, 0, -EINVAL },
		{ " 1", 0, 9, 0, -EINVAL },
		{ "1 ", 0, 9, 0, -EINVAL },
		{ "0x1", 0, 9, 0, -EINVAL },
		{ "1_0", 0, 99, 0, -EINVAL },
		{ "/", 0, 9, 0, -EINVAL },
		{ ":", 0, 9, 0, -EINVAL },
	};
	uint64_t v;
	size_t i;

	for (i = 0; i < ELEMENTSOF(rows); i++) {
		v = UNTOUCHED;
		ck_assert_msg(str_to_u64(rows[i].in, strlen(rows[i].in), rows[i].min, rows[i].max, &v) == rows[i].r,
			      "%s", rows[i].in);
		ck_assert_uint_eq(v, rows[i].r == 0 ? rows[i].value : UNTOUCHED);
	}
	/* The length counts, not a NUL. */
	ck_assert_int_eq(str_to_u64("123", 2, 0, 99, &v), 0);
	ck_assert_uint_eq(v, 12);
	ck_assert_int_eq(str_to_u64("1\0", 2, 0, 99, &v), -EINVAL);
}
END_TEST

struct unit_row {
	const char *in;
	uint64_t value;
	int r;
};

static void check_units(int (*parse)(const char *, size_t, uint64_t *), const struct unit_row *rows, size_t n)
{
	uint64_t v;
	size_t i;

	for (i = 0; i < n; i++) {
		v = UNTOUCHED;
		ck_assert_msg(parse(rows[i].in, strlen(rows[i].in), &v) == rows[i].r, "%s", rows[i].in);
		ck_assert_uint_eq(v, rows[i].r == 0 ? rows[i].value : UNTOUCHED);
	}
}

START_TEST(to_size)
{
	static const struct unit_row rows[] = {
		{ "0", 0, 0 },
		{ "64K", 65536, 0 },
		{ "64k", 65536, 0 },
		{ "1m", 1 << 20, 0 },
		{ "3G", 3ULL << 30, 0 },
		{ "2t", 2ULL << 40, 0 },
		{ "9223372036854775807", INT64_MAX, 0 },
		{ "9223372036854775808", 0, -ERANGE },
		{ "8388607T", 8388607ULL << 40, 0 },
		{ "8388608T", 0, -ERANGE },
		{ "99999999999999999999999K", 0, -ERANGE },
		{ "", 0, -EINVAL },
		{ "K", 0, -EINVAL },
		{ "1KB", 0, -EINVAL },
		{ "1 K", 0, -EINVAL },
		{ "1P", 0, -EINVAL },
		{ "-1K", 0, -EINVAL },
		{ "1.5K", 0, -EINVAL },
		{ "99999999999999999999999P", 0, -EINVAL },
	};

	check_units(str_to_size, rows, ELEMENTSOF(rows));
}
END_TEST

START_TEST(to_usec)
{
	static const struct unit_row rows[] = {
		{ "0", 0, 0 },
		{ "000", 0, 0 },
		{ "0s", 0, 0 },
		{ "50ms", 50000, 0 },
		{ "10s", 10000000, 0 },
		{ "5m", 300000000, 0 },
		{ "1h", 3600000000, 0 },
		{ "7d", 604800000000, 0 },
		{ "106751991d", 106751991ULL * 86400000000, 0 },
		{ "106751992d", 0, -ERANGE },
		{ "18446744073709551616ms", 0, -ERANGE },
		{ "", 0, -EINVAL },
		{ "1", 0, -EINVAL },
		{ "50", 0, -EINVAL },
		{ "s", 0, -EINVAL },
		{ "5M", 0, -EINVAL },
		{ "5S", 0, -EINVAL },
		{ "5us", 0, -EINVAL },
		{ "5 s", 0, -EINVAL },
		{ "5sec", 0, -EINVAL },
		{ "1h30m", 0, -EINVAL },
		{ "-5s", 0, -EINVAL },
	};

	check_units(str_to_usec, rows, ELEMENTSOF(rows));
}
END_TEST

START_TEST(from_size)
{
	char t[STR_NUMBER_MAX];

	ck_assert_str_eq(str_from_size(t, 0), "0");
	ck_assert_str_eq(str_from_size(t, 1023), "1023");
	ck_assert_str_eq(str_from_size(t, 1024), "1K");
	ck_assert_str_eq(str_from_size(t, 65536), "64K");
	ck_assert_str_eq(str_from_size(t, 65537), "65537");
	ck_assert_str_eq(str_from_size(t, 1536ULL << 20), "1536M");
	ck_assert_str_eq(str_from_size(t, 1ULL << 50), "1024T");
	ck_assert_str_eq(str_from_size(t, UINT64_MAX), "18446744073709551615");
}
END_TEST

START_TEST(from_usec)
{
	char t[STR_NUMBER_MAX];

	ck_assert_str_eq(str_from_usec(t, 0), "0");
	ck_assert_str_eq(str_from_usec(t, 1), "1us");
	ck_assert_str_eq(str_from_usec(t, 1500), "1500us");
	ck_assert_str_eq(str_from_usec(t, 50000), "50ms");
	ck_assert_str_eq(str_from_usec(t, 90000000), "90s");
	ck_assert_str_eq(str_from_usec(t, 3600000000), "1h");
	ck_assert_str_eq(str_from_usec(t, 86400000000), "1d");
	ck_assert_str_eq(str_from_usec(t, UINT64_MAX), "18446744073709551615us");
}
END_TEST

/* Whatever is written is read back as it was. */
START_TEST(units_round_trip)
{
	static const uint64_t factors[] = { 1, 3, 10, 1000, 1024, 60000, 86400000, 1 << 20 };
	char t[STR_NUMBER_MAX];
	uint64_t v, back;
	size_t i;

	for (i = 0; i < ELEMENTSOF(factors); i++)
		for (v = 0; v < 2000; v++) {
			str_from_size(t, v * factors[i]);
			ck_assert_int_eq(str_to_size(t, strlen(t), &back), 0);
			ck_assert_uint_eq(back, v * factors[i]);
			str_from_usec(t, v * factors[i] * 1000);
			ck_assert_int_eq(str_to_usec(t, strlen(t), &back), 0);
			ck_assert_uint_eq(back, v * factors[i] * 1000);
		}
}
END_TEST

static void check_put(uint64_t v)
{
	char expected[24], got[24];
	size_t len;

	(void)snprintf(expected, sizeof(expected), "%" PRIu64, v);
	memset(got, '#', sizeof(got));
	len = str_put_u64(got, v);
	ck_assert_uint_eq(len, strlen(expected));
	ck_assert_mem_eq(got, expected, len);
	ck_assert_int_eq(got[len], '#');
}

START_TEST(put_u64)
{
	uint64_t v, step;
	unsigned bit;

	for (v = 0; v < 20000; v++)
		check_put(v);
	for (step = 10;; step *= 10) {
		check_put(step - 1);
		check_put(step);
		check_put(step + 1);
		if (step > UINT64_MAX / 10)
			break;
	}
	for (bit = 0; bit < 64; bit++) {
		check_put((1ULL << bit) - 1);
		check_put(1ULL << bit);
	}
	check_put(UINT64_MAX);
}
END_TEST

/* Encodes every code point, one that may not be one too, in the given number of bytes. */
static size_t put_utf8(char *dst, uint32_t c, unsigned n)
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	unsigned i;

	if (n == 1) {
		dst[0] = (char)c;
		return 1;
	}
	for (i = n - 1; i > 0; i--) {
		dst[i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	dst[0] = (char)(lead[n] | c);
	return n;
}

START_TEST(utf8_all_code_points)
{
	char t[8];
	uint32_t c;
	unsigned n, shortest;

	for (c = 0; c < 0x200000; c++) {
		shortest = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		for (n = shortest; n <= 4; n++) {
			bool good = n == shortest && c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);
			size_t len = put_utf8(t, c, n);

			if (str_is_utf8(t, len) != good || (n > 1 && str_is_utf8(t, len - 1)))
				ck_abort_msg("U+%04X in %u bytes", (unsigned)c, n);
		}
	}
}
END_TEST

START_TEST(utf8_vectors)
{
	ck_assert(str_is_utf8("", 0));
	ck_assert(str_is_utf8("plain text that is longer than a word", 37));
	ck_assert(str_is_utf8("\0", 1));
	ck_assert(str_is_utf8("1234567\xc3\xa4", 9));
	ck_assert(!str_is_utf8("1234567\xc3\xa4", 8));
	ck_assert(!str_is_utf8("12345678\x80", 9));
	ck_assert(!str_is_utf8("\xff", 1));
	ck_assert(!str_is_utf8("\xc3\x28", 2));
	ck_assert(!str_is_utf8("\xe2\x28\xa1", 3));
	ck_assert(!str_is_utf8("\xe2\x82\x28", 3));
	ck_assert(!str_is_utf8("\xf0\x9f\x28\x80", 4));
	ck_assert(!str_is_utf8("\xf0\x9f\x98\x28", 4));
	ck_assert(!str_is_utf8("\xf8\x88\x80\x80\x80", 5));
}
END_TEST

START_TEST(has_control)
{
	unsigned c;
	char t[3];

	for (c = 0; c < 256; c++) {
		t[0] = (char)c;
		ck_assert_int_eq(str_has_control(t, 1), c < 0x20 || c == 0x7f);
		t[0] = (char)0xc2;
		t[1] = (char)c;
		if (c >= 0x80)
			ck_assert_int_eq(str_has_control(t, 2), c < 0xa0);
	}
	ck_assert(!str_has_control("", 0));
	ck_assert(str_has_control("name\n", 5));
	ck_assert(!str_has_control("name\n", 4));
	ck_assert(!str_has_control("\xc2", 1));
	ck_assert(!str_has_control("\xe2\x82\xac", 3));
}
END_TEST

START_TEST(escape)
{
	char t[64];

	ck_assert_str_eq(str_escape(t, sizeof(t), "a b~", 4), "a b~");
	ck_assert_str_eq(str_escape(t, sizeof(t), "", 0), "");
	ck_assert_str_eq(str_escape(t, sizeof(t), "a\\\n\0\x7f\xff", 6), "a\\x5c\\x0a\\x00\\x7f\\xff");
	/* Cut only where it must be. */
	ck_assert_str_eq(str_escape(t, 6, "abcde", 5), "abcde");
	ck_assert_str_eq(str_escape(t, 6, "abcdef", 6), "ab...");
	ck_assert_str_eq(str_escape(t, 5, "\n", 1), "\\x0a");
	ck_assert_str_eq(str_escape(t, 4, "\n", 1), "...");
	ck_assert_str_eq(str_escape(t, 4, "abc", 3), "abc");
	ck_assert_str_eq(str_escape(t, 4, "abcd", 4), "...");
	ck_assert_str_eq(str_escape(t, 8, "a\n\n", 3), "a...");
	ck_assert_str_eq(str_escape(t, 9, "a\n\n", 3), "a\\x0a...");
}
END_TEST

/* No cut may write past the end, and all of it is printable. */
START_TEST(escape_every_cap)
{
	char all[256], t[1100];
	size_t cap, i;

	for (i = 0; i < sizeof(all); i++)
		all[i] = (char)(i * 7);
	for (cap = 4; cap < sizeof(t); cap++) {
		memset(t, '#', sizeof(t));
		str_escape(t, cap, all, sizeof(all));
		ck_assert_uint_lt(strlen(t), cap);
		ck_assert_uint_eq(strspn(t, " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
					    "abcdefghijklmnopqrstuvwxyz{|}~"), strlen(t));
		if (cap < 700)
			ck_assert_uint_ge(strlen(t), cap - 4);
		for (i = cap; i < sizeof(t) && t[i] == '#'; i++)
			;
		ck_assert_uint_eq(i, sizeof(t));
	}
}
END_TEST

static void check_harmless(const char *in, size_t n, const char *expected)
{
	char t[64];
	size_t len = str_harmless(t, in, n);

	ck_assert_uint_le(len, n);
	ck_assert_uint_eq(len, strlen(expected));
	ck_assert_mem_eq(t, expected, len);
}

START_TEST(harmless)
{
	check_harmless("", 0, "");
	check_harmless("plain", 5, "plain");
	check_harmless("a\tb", 3, "a\tb");
	check_harmless("\x1b[31mred\x07\x7f\0", 11, "?[31mred???");
	check_harmless("\xc2\x9b" "31m", 5, "?31m");
	check_harmless("\xc2\xa0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 11, "\xc2\xa0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	check_harmless("\x9b\xff", 2, "??");
	check_harmless("\xe2\x82", 2, "??");
	check_harmless("\xe2\x82z", 3, "??z");
	check_harmless("\xed\xa0\x80", 3, "???");
	check_harmless("\xc2", 1, "?");
	check_harmless("\xc2\x1b", 2, "??");
}
END_TEST

/* Each character of two and three bytes, alone and between others; which of them turn round or break a line is told
 * here once more, one by one. */
START_TEST(harmless_each_character)
{
	static const unsigned misleading[] = {
		0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069,
	};
	unsigned c, n_misleading = 0;

	for (c = 0x80; c < 0x10000; c++) {
		char in[] = { 'a', (char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63)), 'b', '\0' };
		bool bad = c < 0xa0;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		if (c < 0x800) {
			in[1] = (char)(0xc0 | c >> 6);
			memmove(in + 2, in + 3, 3);
		}
		for (size_t i = 0; i < ELEMENTSOF(misleading); i++)
			bad = bad || c == misleading[i];
		n_misleading += bad && c >= 0xa0;
		check_harmless(in, strlen(in), bad ? "a?b" : in);
		ck_assert_int_eq(str_is_harmless(in, strlen(in)), !bad);
		ck_assert_uint_eq(str_harmless_char(in + 1, strlen(in) - 1), bad ? 0 : strlen(in) - 2);
	}
	ck_assert_uint_eq(n_misleading, ELEMENTSOF(misleading));
	/* Cut, it is two bytes that are none. */
	check_harmless("\xe2\x80", 2, "??");
	ck_assert(str_is_harmless("", 0) && str_is_harmless("a b", 3) && !str_is_harmless("a\tb", 3));
	ck_assert(!str_is_harmless("a\n", 2) && !str_is_harmless("\xff", 1));
}
END_TEST

/* Over any bytes: no longer, valid, and nothing in it that steers a terminal; in place it is the same. */
START_TEST(harmless_random)
{
	char in[40], out[40], tabless[40];
	uint64_t x = 88172645463325252ULL;
	size_t i, n, len;
	int round;

	for (round = 0; round < 20000; round++) {
		for (i = 0; i < sizeof(in); i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			in[i] = (char)(round & 1 ? x >> 32 : 0x80 + (x >> 40) % 0x78);
		}
		n = x % (sizeof(in) + 1);
		len = str_harmless(out, in, n);
		ck_assert(len <= n && str_is_utf8(out, len));
		for (i = 0; i < len; i++)
			tabless[i] = out[i] == '\t' ? ' ' : out[i];
		if (str_has_control(tabless, len) || str_harmless(in, in, n) != len || memcmp(in, out, len) != 0)
			ck_abort_msg("round %d", round);
	}
}
END_TEST

START_TEST(casecmp)
{
	ck_assert_int_eq(str_casecmp("Ping", 4, "pING", 4), 0);
	ck_assert_int_eq(str_casecmp("", 0, "", 0), 0);
	ck_assert_int_lt(str_casecmp("PIN", 3, "PING", 4), 0);
	ck_assert_int_gt(str_casecmp("PING", 4, "PIN", 3), 0);
	ck_assert_int_lt(str_casecmp("a", 1, "B", 1), 0);
	ck_assert_int_gt(str_casecmp("b", 1, "A", 1), 0);
	ck_assert_int_ne(str_casecmp("[", 1, "{", 1), 0);
	ck_assert_int_ne(str_casecmp("@", 1, "`", 1), 0);
	ck_assert_int_ne(str_casecmp("\xc4", 1, "\xe4", 1), 0);
	ck_assert_int_gt(str_casecmp("\xff", 1, "z", 1), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("str");
	TCase *t = tcase_create("str");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, to_u64);
	tcase_add_test(t, to_size);
	tcase_add_test(t, to_usec);
	tcase_add_test(t, from_size);
	tcase_add_test(t, from_usec);
	tcase_add_test(t, units_round_trip);
	tcase_add_test(t, put_u64);
	tcase_add_test(t, utf8_all_code_points);
	tcase_add_test(t, utf8_vectors);
	tcase_add_test(t, has_control);
	tcase_add_test(t, escape);
	tcase_add_test(t, escape_every_cap);
	tcase_add_test(t, harmless);
	tcase_add_test(t, harmless_each_character);
	tcase_add_test(t, harmless_random);
	tcase_add_test(t, casecmp);
	suite_add_tcase(s, t);
	return run_suite(s);
}
