/* SPDX-License-Identifier: MIT */
#include "cli/args.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "unit/fixture/run.h"

#define WORDS_MAX 6

static const struct flag flags[] = {
	{ "nick", "NAME", NULL },
	{ "keep", NULL, NULL },
	{ 0 },
};

static const struct {
	const char *argv[WORDS_MAX];
	enum args_order order;
	const char *nick;
	bool keep;
	const char *words[3];
} good[] = {
	{ { "x" }, ARGS_FLAGS_FIRST, NULL, false, { NULL } },
	{ { "x", "a", "--keep" }, ARGS_FLAGS_FIRST, NULL, false, { "a", "--keep" } },
	{ { "x", "--keep", "a" }, ARGS_FLAGS_FIRST, NULL, true, { "a" } },
	{ { "x", "--nick=bob", "--keep", "a" }, ARGS_FLAGS_FIRST, "bob", true, { "a" } },
	{ { "x", "--nick", "bob", "a" }, ARGS_FLAGS_FIRST, "bob", false, { "a" } },
	{ { "x", "--nick=", "a" }, ARGS_FLAGS_FIRST, "", false, { "a" } },
	{ { "x", "--nick=a=b" }, ARGS_FLAGS_FIRST, "a=b", false, { NULL } },
	{ { "x", "--nick", "--keep", "a" }, ARGS_FLAGS_FIRST, "--keep", false, { "a" } },
	{ { "x", "--", "--keep" }, ARGS_FLAGS_FIRST, NULL, false, { "--keep" } },
	{ { "x", "a", "--" }, ARGS_FLAGS_FIRST, NULL, false, { "a", "--" } },
	{ { "x", "-k", "--keep" }, ARGS_FLAGS_FIRST, NULL, false, { "-k", "--keep" } },
	{ { "x", "", "--keep" }, ARGS_FLAGS_FIRST, NULL, false, { "", "--keep" } },
	{ { "x", "-" }, ARGS_FLAGS_FIRST, NULL, false, { "-" } },
	{ { "x", "a", "--keep", "b" }, ARGS_FLAGS_ANYWHERE, NULL, true, { "a", "b" } },
	{ { "x", "a", "--nick", "bob", "b" }, ARGS_FLAGS_ANYWHERE, "bob", false, { "a", "b" } },
	{ { "x", "a", "--", "--keep" }, ARGS_FLAGS_ANYWHERE, NULL, false, { "a", "--keep" } },
	{ { "x", "--", "-k", "--" }, ARGS_FLAGS_ANYWHERE, NULL, false, { "-k", "--" } },
	{ { "x", "-" }, ARGS_FLAGS_ANYWHERE, NULL, false, { "-" } },
};

static const struct {
	const char *argv[WORDS_MAX];
	enum args_order order;
	int error;
	const char *at;
} bad[] = {
	{ { "x", "--no" }, ARGS_FLAGS_FIRST, ARGS_E_UNKNOWN, "--no" },
	{ { "x", "--kee" }, ARGS_FLAGS_FIRST, ARGS_E_UNKNOWN, "--kee" },
	{ { "x", "--keepit" }, ARGS_FLAGS_FIRST, ARGS_E_UNKNOWN, "--keepit" },
	{ { "x", "--=a" }, ARGS_FLAGS_FIRST, ARGS_E_UNKNOWN, "--=a" },
	{ { "x", "--keep=yes" }, ARGS_FLAGS_FIRST, ARGS_E_VALUE, "--keep=yes" },
	{ { "x", "--keep=" }, ARGS_FLAGS_FIRST, ARGS_E_VALUE, "--keep=" },
	{ { "x", "--nick" }, ARGS_FLAGS_FIRST, ARGS_E_NO_VALUE, "--nick" },
	{ { "x", "a", "--nick" }, ARGS_FLAGS_ANYWHERE, ARGS_E_NO_VALUE, "--nick" },
	{ { "x", "a", "-k" }, ARGS_FLAGS_ANYWHERE, ARGS_E_SHORT, "-k" },
};

/* The words are moved: each test has an argv of its own. */
static unsigned copy(char *to[WORDS_MAX + 1], const char *const *from)
{
	unsigned n = 0;

	for (; n < WORDS_MAX && from[n]; n++)
		to[n] = (char *)from[n];
	to[n] = NULL;
	return n;
}

START_TEST(takes)
{
	char *argv[WORDS_MAX + 1];
	unsigned argc = copy(argv, good[_i].argv), n = 0;
	struct args a;
	const char *at;

	ck_assert_int_eq(args_parse(&a, flags, good[_i].order, argc, argv, &at), 0);
	ck_assert_pstr_eq(args_get(&a, "nick"), good[_i].nick);
	ck_assert(args_has(&a, "keep") == good[_i].keep);
	for (; good[_i].words[n]; n++)
		ck_assert_pstr_eq(a.words[n], good[_i].words[n]);
	ck_assert_uint_eq(a.n, n);
	ck_assert_ptr_null(a.words[n]);
}
END_TEST

START_TEST(refuses)
{
	char *argv[WORDS_MAX + 1];
	unsigned argc = copy(argv, bad[_i].argv);
	struct args a;
	const char *at;

	ck_assert_int_eq(args_parse(&a, flags, bad[_i].order, argc, argv, &at), bad[_i].error);
	ck_assert_str_eq(at, bad[_i].at);
}
END_TEST

START_TEST(without_flags_all_are_words)
{
	char *argv[] = { (char *)"x", (char *)"--", (char *)"-5", (char *)"--keep", NULL };
	struct args a;
	const char *at;

	ck_assert_int_eq(args_parse(&a, NULL, ARGS_FLAGS_ANYWHERE, 4, argv, &at), 0);
	ck_assert_uint_eq(a.n, 3);
	ck_assert_str_eq(a.words[0], "--");
	ck_assert_str_eq(a.words[2], "--keep");
}
END_TEST

static int number(const char *arg, uint64_t *ret, char why[128])
{
	char *argv[] = { (char *)"x", (char *)arg, NULL };
	struct args a;
	const char *at;

	ck_assert_int_eq(args_parse(&a, flags, ARGS_FLAGS_FIRST, 2, argv, &at), 0);
	return args_number(&a, "nick", 0, 9, ret, why, 128);
}

START_TEST(numbers)
{
	char why[128] = "";
	uint64_t n = 7;

	ck_assert_int_eq(number("--nick=0", &n, why), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(number("--nick=10", &n, why), -EINVAL);
	ck_assert_str_eq(why, "--nick: '10' is no number from 0 to 9");
	ck_assert_int_eq(number("--nick=", &n, why), -EINVAL);
	ck_assert_int_eq(number("--nick=\033[2J", &n, why), -EINVAL);
	ck_assert_str_eq(why, "--nick: '?[2J' is no number from 0 to 9");
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(times)
{
	char why[128] = "", little[8];
	uint64_t usec = 7;

	ck_assert_int_eq(args_time("for", "90s", &usec, why, sizeof(why)), 0);
	ck_assert_uint_eq(usec, 90000000);
	ck_assert_int_eq(args_time("for", "soon", &usec, why, sizeof(why)), -EINVAL);
	ck_assert_str_eq(why, "--for=soon is no time: a number and ms, s, m, h or d, such as 90s");
	ck_assert_int_eq(args_time("for", "", &usec, little, sizeof(little)), -EINVAL);
	ck_assert_uint_eq(strlen(little), sizeof(little) - 1);
	ck_assert_uint_eq(usec, 90000000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("args");
	TCase *t = tcase_create("args");

	tcase_add_loop_test(t, takes, 0, (int)ELEMENTSOF(good));
	tcase_add_loop_test(t, refuses, 0, (int)ELEMENTSOF(bad));
	tcase_add_test(t, without_flags_all_are_words);
	tcase_add_test(t, numbers);
	tcase_add_test(t, times);
	suite_add_tcase(s, t);
	return run_suite(s);
}
