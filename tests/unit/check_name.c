/* SPDX-License-Identifier: MIT */
/* Names: how they may be written, who gets one, and that it is given back by its holder alone. */

#include "daemon/name.h"
#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit/run.h"

static struct name_table table;

static void setup(void)
{
	ck_assert_int_eq(name_table_init(&table), 0);
}

static void teardown(void)
{
	name_table_done(&table);
}

static struct name_claim claim(const char *name, struct handle h)
{
	struct name_claim c = { .holder = h };

	name_claim_set(&c, name, strlen(name));
	return c;
}

static int take(const char *name, struct handle h)
{
	struct name_claim c = claim(name, h);

	return name_take(&table, &c);
}

static void give_back(const char *name, struct handle h)
{
	struct name_claim c = claim(name, h);

	name_release(&table, &c);
}

static const struct handle anna = { 0, 1, 10 }, bert = { 1, 1, 10 };

START_TEST(valid_names)
{
	char longest[NAME_MAX_BYTES + 2];

	for (unsigned c = 0; c < 256; c++) {
		char s[3] = { 'a', (char)c, 'b' };
		bool good = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
			    c == '_' || c == '-';

		ck_assert_int_eq(name_is_valid(s, 3), good);
		ck_assert_int_eq(name_is_valid(s + 1, 1), good);
	}
	memset(longest, 'x', sizeof(longest));
	ck_assert(name_is_valid(longest, 32));
	ck_assert(!name_is_valid(longest, 33));
	ck_assert(!name_is_valid(longest, 0));
}
END_TEST

START_TEST(a_claim_keeps_both_forms)
{
	struct name_claim c = {};

	memset(&c, 'x', sizeof(c));
	name_claim_set(&c, "AZaz09._-[@", 9);
	ck_assert_str_eq(c.shown, "AZaz09._-");
	ck_assert_str_eq(c.folded, "azaz09._-");
	name_claim_set(&c, "0123456789abcdef0123456789ABCDEF", 32);
	ck_assert_str_eq(c.folded, "0123456789abcdef0123456789abcdef");
}
END_TEST

START_TEST(the_first_has_it_however_it_is_written)
{
	ck_assert_int_eq(take("Anna", anna), 0);
	ck_assert_int_eq(take("anna", bert), -EEXIST);
	ck_assert_int_eq(take("ANNA", bert), -EEXIST);
	ck_assert_int_eq(take("aNNa", anna), 0); /* the holder's own */
	ck_assert_int_eq(take("anna2", bert), 0);
	ck_assert_uint_eq(table.map.n, 2);
}
END_TEST

START_TEST(only_the_holder_gives_it_back)
{
	struct handle later = anna, elsewhere = anna, slot = anna;

	later.generation++;
	elsewhere.reactor++;
	slot.slot++;
	ck_assert_int_eq(take("x", anna), 0);
	give_back("x", later);
	give_back("x", elsewhere);
	give_back("x", slot);
	give_back("y", anna);
	ck_assert_int_eq(take("x", bert), -EEXIST);
	give_back("X", anna);
	ck_assert_int_eq(take("x", bert), 0);
	give_back("x", anna); /* too late: it is another's */
	ck_assert_int_eq(take("x", anna), -EEXIST);
	give_back("x", bert);
	ck_assert_uint_eq(table.map.n, 0);
}
END_TEST

START_TEST(many_names)
{
	char name[32];

	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "name-%u", i);
		ck_assert_int_eq(take(name, anna), 0);
	}
	for (unsigned i = 0; i < 5000; i += 2) {
		(void)snprintf(name, sizeof(name), "NAME-%u", i);
		give_back(name, anna);
	}
	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "name-%u", i);
		ck_assert_int_eq(take(name, bert), i % 2 ? -EEXIST : 0);
	}
	/* The table frees what is left. */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("name");
	TCase *tc = tcase_create("name");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, valid_names);
	tcase_add_test(tc, a_claim_keeps_both_forms);
	tcase_add_test(tc, the_first_has_it_however_it_is_written);
	tcase_add_test(tc, only_the_holder_gives_it_back);
	tcase_add_test(tc, many_names);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
