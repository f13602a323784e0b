/* SPDX-License-Identifier: MIT */
/* "did you mean": what is near, and what is not. */
#include "cli/suggest.h"

#include "base/macro.h"

#include <check.h>
#include <string.h>

#include "unit/fixture/run.h"

static const char *name_at(unsigned i)
{
	static const char *const names[] = { "ls", "get", "put", "chat", "say", "inbox", "double", "connect", NULL };

	return names[i];
}

static const struct {
	const char *word, *meant;
} words[] = {
	{ "lst", "ls" },
	{ "LS", "ls" },
	{ "gte", "get" },
	{ "sya", "say" },
	{ "chta", "chat" },
	{ "inbxo", "inbox" },
	{ "doble", "double" },
	{ "conn", "connect" },
	{ "dubel", "double" },
	{ "", NULL },
	{ "x", NULL },
	{ "xyz", NULL },
	{ "gxx", NULL },
	{ "rename", NULL },
	{ "averylongwordthatisnone", NULL },
	{ "\xff\xff", NULL },
};

START_TEST(means)
{
	const char *meant = suggest(words[_i].word, name_at);

	if (words[_i].meant)
		ck_assert_pstr_eq(meant, words[_i].meant);
	else
		ck_assert_ptr_null(meant);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("suggest");
	TCase *t = tcase_create("suggest");

	tcase_add_loop_test(t, means, 0, (int)ELEMENTSOF(words));
	suite_add_tcase(s, t);
	return run_suite(s);
}
