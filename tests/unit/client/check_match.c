/* SPDX-License-Identifier: MIT */
/* What candidates have in common, and which are none. */
#include "client/match.h"

#include "base/macro.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

static const struct {
	const char *word;
	bool fold;
	const char *names[4];
	unsigned n;
	const char *rest;
} matches[] = {
	{ "", false, { "abc", "abd" }, 2, "ab" },
	{ "a", false, { "abc", "abd", "b" }, 2, "b" },
	{ "abc", false, { "abc" }, 1, "" },
	{ "A", false, { "abc" }, 0, "" },
	{ "A", true, { "abc", "Abcd" }, 2, "bc" },
	/* Not in the middle of a character. */
	{ "", false, { "\xc3\x9c", "\xc3\x96" }, 2, "" },
	{ "a", false, { "a\xe6\x97\xa5x", "a\xe6\x97\xa5y", "a\xe6\x97\xa6" }, 3, "" },
	{ "a", false, { "a\xe6\x97\xa5", "a\xe6\x97\xa5\xe6\x97\xa5" }, 2, "\xe6\x97\xa5" },
	/* None on a terminal. */
	{ "", false, { "a\033[2J", "b\t", "c\xff", "\xc2\x9b" }, 0, "" },
	{ "", false, { "d\xe2\x80\xae", "", "e" }, 1, "e" },
};

START_TEST(matches_of)
{
	struct match m = { .word = matches[_i].word, .len = strlen(matches[_i].word), .fold = matches[_i].fold };

	for (size_t i = 0; i < ELEMENTSOF(matches[_i].names) && matches[_i].names[i]; i++)
		match_add(&m, matches[_i].names[i], strlen(matches[_i].names[i]));
	ck_assert_uint_eq(m.n, matches[_i].n);
	ck_assert_uint_eq(m.rest.len, strlen(matches[_i].rest));
	if (m.rest.len > 0)
		ck_assert_mem_eq(m.rest.data, matches[_i].rest, m.rest.len);
	match_done(&m);
}
END_TEST

/* A million, and one that is far too long: what is kept stays small. */
START_TEST(very_many)
{
	static char much[5000];
	struct match m = { .word = "n", .len = 1 };
	char name[16];
	int n;

	memset(much, 'n', sizeof(much));
	match_add(&m, much, sizeof(much));
	ck_assert_uint_eq(m.n, 0);
	for (unsigned i = 0; i < 1000000; i++) {
		n = snprintf(name, sizeof(name), "n%u", i);
		match_add(&m, name, (size_t)n);
	}
	ck_assert_uint_eq(m.n, 1000000);
	ck_assert_uint_eq(m.rest.len, 0);
	ck_assert_uint_le(m.all.len, MATCH_SHOWN * sizeof(name));
	match_done(&m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("match");
	TCase *t = tcase_create("match");

	tcase_add_loop_test(t, matches_of, 0, (int)ELEMENTSOF(matches));
	tcase_add_test(t, very_many);
	suite_add_tcase(s, t);
	return run_suite(s);
}
