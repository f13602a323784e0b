/* SPDX-License-Identifier: MIT */
/* What figures rest on: the histogram and the check of answers. bench/ is no library, so its parts come in here. */
#include "../../bench/hist.c"
#include "../../bench/target.c"

#include <check.h>

START_TEST(hist_is_close)
{
	static struct hist h;
	uint64_t v, got;

	for (v = 0; v < (1ULL << 40); v = v < 300 ? v + 1 : v + v / 7) {
		h = (struct hist){};
		hist_add(&h, v);
		got = hist_percentile(&h, 50);
		ck_assert_uint_ge(got, v);
		ck_assert_uint_le(got - v, v < 128 ? 0 : v / 64);
	}
}
END_TEST

START_TEST(hist_takes_any_value)
{
	static struct hist h;

	ck_assert_uint_eq(hist_percentile(&h, 50), 0);
	hist_add(&h, UINT64_MAX);
	ck_assert_uint_eq(hist_bucket(UINT64_MAX), HIST_BUCKETS - 1);
	ck_assert_uint_eq(hist_percentile(&h, 100), UINT64_MAX);
}
END_TEST

START_TEST(hist_percentiles)
{
	static struct hist h;
	uint64_t v;

	for (v = 100; v >= 1; v--)
		hist_add(&h, v);

	ck_assert_uint_eq(hist_percentile(&h, 0), 1);
	ck_assert_uint_eq(hist_percentile(&h, 1), 1);
	ck_assert_uint_eq(hist_percentile(&h, 50), 50);
	ck_assert_uint_eq(hist_percentile(&h, 99), 99);
	ck_assert_uint_eq(hist_percentile(&h, 100), 100);
}
END_TEST

START_TEST(expect_in_odd_pieces)
{
	const char *text = "PONG\nPONG\nPONG\n";
	size_t piece, pos, n;
	struct expect e;

	ck_assert_int_eq(expect_init(&e, "PONG\n", 3), 0);
	ck_assert_uint_eq(e.len, strlen(text));

	for (piece = 1; piece <= e.len; piece++)
		for (pos = 0; pos < e.len; pos += n) {
			n = piece < e.len - pos ? piece : e.len - pos;
			ck_assert(expect_matches(&e, pos, text + pos, n));
		}

	expect_done(&e);
}
END_TEST

START_TEST(expect_refuses)
{
	struct expect e;

	ck_assert_int_eq(expect_init(&e, "PONG\n", 2), 0);
	ck_assert(!expect_matches(&e, 0, "PONG\nPONG\nP", 11));
	ck_assert(!expect_matches(&e, 9, "\nP", 2));
	ck_assert(!expect_matches(&e, 10, "P", 1));
	ck_assert(!expect_matches(&e, 0, "PONG\nPUNG\n", 10));
	ck_assert(!expect_matches(&e, 1, "PONG", 4));
	expect_done(&e);
}
END_TEST

START_TEST(expect_any_byte)
{
	struct expect e;

	ck_assert_int_eq(expect_init(&e, "a??b", 2), 0);
	ck_assert(expect_matches(&e, 0, "a12ba\377\0b", 8));
	ck_assert(expect_matches(&e, 1, "zzbazzb", 7));
	ck_assert(!expect_matches(&e, 0, "a12ca12b", 8));
	ck_assert(!expect_matches(&e, 0, "a12ba12bx", 9));
	ck_assert(!expect_matches(&e, 4, "b12b", 4));
	expect_done(&e);
}
END_TEST

START_TEST(targets_by_name)
{
	size_t i;

	for (i = 0; target_at(i); i++) {
		ck_assert_ptr_eq(target_find(target_at(i)->name), target_at(i));
		ck_assert_uint_gt(strlen(target_at(i)->answer), 0);
	}
	ck_assert_uint_ge(i, 6);
	ck_assert_ptr_null(target_find("nobody"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench");
	TCase *t = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(t, hist_is_close);
	tcase_add_test(t, hist_takes_any_value);
	tcase_add_test(t, hist_percentiles);
	tcase_add_test(t, expect_in_odd_pieces);
	tcase_add_test(t, expect_refuses);
	tcase_add_test(t, expect_any_byte);
	tcase_add_test(t, targets_by_name);
	suite_add_tcase(s, t);

	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
