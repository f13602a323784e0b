/* SPDX-License-Identifier: MIT */
#include "client/flags.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "unit/run.h"

static const struct {
	const char *words[6];
	int first;
	const char *nick;
	bool keep;
} good[] = {
	{ { "x" }, 1, NULL, false },
	{ { "x", "a", "--keep" }, 1, NULL, false },
	{ { "x", "--keep", "a" }, 2, NULL, true },
	{ { "x", "--nick=bob", "--keep", "a" }, 3, "bob", true },
	{ { "x", "--nick", "bob", "a" }, 3, "bob", false },
	{ { "x", "--nick=", "a" }, 2, "", false },
	{ { "x", "--nick", "--keep", "a" }, 3, "--keep", false },
	{ { "x", "--", "--keep" }, 2, NULL, false },
	{ { "x", "-k", "--keep" }, 1, NULL, false },
	{ { "x", "" }, 1, NULL, false },
};

static const struct {
	const char *words[4];
	const char *why;
} bad[] = {
	{ { "x", "--no" }, "'--no' is no option of this command; there is --nick=... --keep" },
	{ { "x", "--kee" }, "'--kee' is no option of this command; there is --nick=... --keep" },
	{ { "x", "--keepit" }, "'--keepit' is no option of this command; there is --nick=... --keep" },
	{ { "x", "--=a" }, "'--=a' is no option of this command; there is --nick=... --keep" },
	{ { "x", "--keep=yes" }, "'--keep=yes' has a value, and the option takes none; there is --nick=... --keep" },
	{ { "x", "--nick" }, "'--nick' lacks its value; there is --nick=... --keep" },
	{ { "x", "--\033[2J" }, "'--?[2J' is no option of this command; there is --nick=... --keep" },
};

static unsigned count(const char *const *words, unsigned max)
{
	unsigned n = 0;

	while (n < max && words[n])
		n++;
	return n;
}

START_TEST(takes)
{
	const char *nick = NULL;
	bool keep = false;
	const struct flag flags[] = { { "nick", &nick, NULL }, { "keep", NULL, &keep }, { 0 } };
	char why[256] = "";

	ck_assert_int_eq(flags_take(flags, count(good[_i].words, 6), (char **)good[_i].words, why, sizeof(why)),
			 good[_i].first);
	ck_assert_pstr_eq(nick, good[_i].nick);
	ck_assert(keep == good[_i].keep);
}
END_TEST

START_TEST(refuses)
{
	const char *nick = NULL;
	bool keep = false;
	const struct flag flags[] = { { "nick", &nick, NULL }, { "keep", NULL, &keep }, { 0 } };
	char why[256] = "", little[8];

	ck_assert_int_eq(flags_take(flags, count(bad[_i].words, 4), (char **)bad[_i].words, why, sizeof(why)), -EINVAL);
	ck_assert_str_eq(why, bad[_i].why);
	ck_assert_int_eq(flags_take(flags, count(bad[_i].words, 4), (char **)bad[_i].words, little, sizeof(little)),
			 -EINVAL);
	ck_assert_uint_eq(strlen(little), sizeof(little) - 1);
}
END_TEST

START_TEST(numbers)
{
	char why[128] = "";
	uint64_t n = 7;

	ck_assert_int_eq(flags_number("since", "0", 0, 9, &n, why, sizeof(why)), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(flags_number("since", "10", 0, 9, &n, why, sizeof(why)), -EINVAL);
	ck_assert_str_eq(why, "--since: '10' is no number from 0 to 9");
	ck_assert_int_eq(flags_number("since", "", 0, 9, &n, why, sizeof(why)), -EINVAL);
	ck_assert_uint_eq(n, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("flags");
	TCase *t = tcase_create("flags");

	tcase_add_loop_test(t, takes, 0, (int)ELEMENTSOF(good));
	tcase_add_loop_test(t, refuses, 0, (int)ELEMENTSOF(bad));
	tcase_add_test(t, numbers);
	suite_add_tcase(s, t);
	return run_suite(s);
}
