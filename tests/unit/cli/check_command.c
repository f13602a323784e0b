/* SPDX-License-Identifier: MIT */
#include "cli/command.h"

#include <check.h>
#include <stdlib.h>

#include "unit/fixture/run.h"

static const struct flag flags[] = {
	{ "keep", NULL, "leave them" },
	{ "secret", NULL, NULL },
	{ "for", "SECONDS", "so long" },
	{ "a-long-name", "VALUE", "behind it" },
	{ 0 },
};

static const struct command get = { .name = "get", .args = "NAME [FILE]", .help = "Fetches a file." };
static const struct command inbox = { .name = "inbox", .help = "Prints messages.", .flags = flags };

static const struct command *const table[] = { &get, &inbox, NULL };

static FILE *opened;
static char *text;
static size_t len;

static FILE *begin(void)
{
	opened = open_memstream(&text, &len);
	ck_assert_ptr_nonnull(opened);
	return opened;
}

static void printed(const char *wanted)
{
	ck_assert_int_eq(fclose(opened), 0);
	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(finds)
{
	ck_assert_ptr_eq(command_find(table, "get"), &get);
	ck_assert_ptr_eq(command_find(table, "inbox"), &inbox);
	ck_assert_ptr_null(command_find(table, "ge"));
	ck_assert_ptr_null(command_find(table, "GET"));
	ck_assert_ptr_null(command_find(table, ""));
}
END_TEST

START_TEST(prints_the_table)
{
	command_print_table(begin(), table, 18);
	printed("  get NAME [FILE]  Fetches a file.\n"
		"  inbox            Prints messages.\n");
	/* A syntax that ends at the column has one blank behind it, a longer one a line of its own. */
	command_print_table(begin(), table, 17);
	printed("  get NAME [FILE] Fetches a file.\n"
		"  inbox           Prints messages.\n");
	command_print_table(begin(), table, 16);
	printed("  get NAME [FILE]\n"
		"                 Fetches a file.\n"
		"  inbox          Prints messages.\n");
}
END_TEST

START_TEST(prints_the_flags)
{
	command_print_flags(begin(), &inbox);
	printed("  --keep          leave them\n"
		"  --for=SECONDS   so long\n"
		"  --a-long-name=VALUE behind it\n");
	command_print_flags(begin(), &get);
	printed("");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("command");
	TCase *t = tcase_create("command");

	tcase_add_test(t, finds);
	tcase_add_test(t, prints_the_table);
	tcase_add_test(t, prints_the_flags);
	suite_add_tcase(s, t);
	return run_suite(s);
}
