/* SPDX-License-Identifier: MIT */
/* Names: how they may be written, who gets one, and that it is given back by its holder alone. */

#include "session/name.h"
#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

static struct name_table table;

static void setup(void)
{
	ck_assert_int_eq(name_table_init(&table), 0);
}

static void teardown(void)
{
	name_table_done(&table);
}

/* A session: it has at most one claim that was granted. */
struct holder {
	unsigned host; /* the last number of its address */
	struct name_claim *has;
};

static struct name_claim *claim_new(const struct holder *h, const char *name, bool shared)
{
	struct name_claim *c = calloc(1, sizeof(*c));

	ck_assert_ptr_nonnull(c);
	name_claim_set(c, name, strlen(name));
	c->shared = shared;
	c->address.s6_addr[15] = (uint8_t)h->host;
	c->before = h->has && strcmp(h->has->folded, c->folded) == 0 ? h->has : NULL;
	return c;
}

static void give_back(struct holder *h)
{
	struct name_claim *c = STEAL_PTR(h->has);

	if (c)
		name_release(&table, c);
	free(c);
}

static int ask(struct holder *h, const char *name, bool shared)
{
	struct name_claim *c = claim_new(h, name, shared);
	int r = name_take(&table, c);

	if (r < 0) {
		free(c);
		return r;
	}
	give_back(h);
	h->has = c;
	return 0;
}

static int take(struct holder *h, const char *name)
{
	return ask(h, name, false);
}

static int share(struct holder *h, const char *name)
{
	return ask(h, name, true);
}

START_TEST(valid_names)
{
	char longest[NICK_MAX + 2];

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
	struct holder anna = { .host = 1 }, bert = { .host = 1 };

	ck_assert_int_eq(take(&anna, "Anna"), 0);
	ck_assert_int_eq(take(&bert, "anna"), -EEXIST);
	ck_assert_int_eq(take(&bert, "ANNA"), -EEXIST);
	ck_assert_int_eq(share(&bert, "anna"), -EEXIST);
	ck_assert_int_eq(take(&anna, "aNNa"), 0); /* the holder's own */
	ck_assert_int_eq(take(&bert, "anna2"), 0);
	ck_assert_uint_eq(table.map.n, 2);
	ck_assert_int_eq(take(&anna, "carl"), 0);
	ck_assert_int_eq(take(&bert, "ANNA"), 0);
	ck_assert_uint_eq(table.map.n, 2);
	give_back(&anna);
	give_back(&bert);
	ck_assert_uint_eq(table.map.n, 0);
}
END_TEST

START_TEST(what_was_not_granted_gives_nothing_back)
{
	struct holder anna = { .host = 1 }, bert = { .host = 1 };
	struct name_claim *refused;

	ck_assert_int_eq(take(&anna, "x"), 0);
	refused = claim_new(&bert, "x", false);
	ck_assert_int_eq(name_take(&table, refused), -EEXIST);
	name_release(&table, refused);
	name_release(&table, refused);
	free(refused);
	ck_assert_int_eq(take(&bert, "x"), -EEXIST);
	give_back(&anna);
	ck_assert_int_eq(take(&bert, "x"), 0);
	give_back(&bert);
	ck_assert_uint_eq(table.map.n, 0);
}
END_TEST

/* Its session has ended while it was on its way: both go back, in either order. */
START_TEST(a_claim_to_a_name_that_is_held_already)
{
	struct holder anna = { .host = 1 }, bert = { .host = 1 };

	for (unsigned last = 0; last < 2; last++) {
		struct name_claim *second;

		ck_assert_int_eq(take(&anna, "x"), 0);
		second = claim_new(&anna, "X", false);
		ck_assert_int_eq(name_take(&table, second), 0);
		ck_assert_int_eq(take(&bert, "x"), -EEXIST);
		if (last) {
			name_release(&table, second);
			ck_assert_int_eq(take(&bert, "x"), -EEXIST);
		}
		give_back(&anna);
		if (!last) {
			ck_assert_int_eq(take(&bert, "x"), -EEXIST);
			name_release(&table, second);
		}
		free(second);
		ck_assert_int_eq(take(&bert, "x"), 0);
		give_back(&bert);
		ck_assert_uint_eq(table.map.n, 0);
	}
}
END_TEST

START_TEST(those_who_share_it_have_one_address)
{
	struct holder anna = { .host = 1 }, phone = { .host = 1 }, other = { .host = 2 }, alone = { .host = 1 };

	ck_assert_int_eq(share(&anna, "anna"), 0);
	ck_assert_int_eq(share(&phone, "Anna"), 0);
	ck_assert_int_eq(share(&other, "anna"), -EEXIST);
	ck_assert_int_eq(take(&alone, "anna"), -EEXIST);
	ck_assert_int_eq(take(&other, "anna"), -EEXIST);
	ck_assert_uint_eq(table.map.n, 1);

	/* It is shared still when one of two has gone, and free when the last has. */
	give_back(&anna);
	ck_assert_int_eq(share(&other, "anna"), -EEXIST);
	ck_assert_int_eq(take(&alone, "anna"), -EEXIST);
	ck_assert_int_eq(share(&anna, "anna"), 0);
	give_back(&anna);
	give_back(&phone);
	ck_assert_int_eq(share(&other, "anna"), 0);
	ck_assert_int_eq(share(&anna, "anna"), -EEXIST);
	give_back(&other);
	ck_assert_uint_eq(table.map.n, 0);
}
END_TEST

START_TEST(who_has_it_alone_may_share_it_and_the_other_way_round)
{
	struct holder anna = { .host = 1 }, phone = { .host = 1 };

	ck_assert_int_eq(take(&anna, "anna"), 0);
	ck_assert_int_eq(share(&phone, "anna"), -EEXIST);
	ck_assert_int_eq(share(&anna, "ANNA"), 0);
	ck_assert_int_eq(share(&phone, "anna"), 0);
	ck_assert_int_eq(take(&anna, "anna"), -EEXIST); /* the other one has it, too */
	ck_assert_int_eq(share(&anna, "anna"), 0);
	give_back(&phone);
	ck_assert_int_eq(take(&anna, "anna"), 0);
	ck_assert_int_eq(share(&phone, "anna"), -EEXIST);
	give_back(&anna);
	ck_assert_uint_eq(table.map.n, 0);
}
END_TEST

START_TEST(a_hundred_thousand_share_one)
{
	static struct holder h[100000];
	struct holder other = { .host = 2 };

	for (unsigned i = 0; i < ELEMENTSOF(h); i++) {
		h[i].host = 1;
		ck_assert_int_eq(share(&h[i], "cron"), 0);
	}
	ck_assert_uint_eq(table.map.n, 1);
	for (unsigned i = 0; i < ELEMENTSOF(h); i++) {
		ck_assert_int_eq(share(&other, "cron"), -EEXIST);
		give_back(&h[i]);
	}
	ck_assert_int_eq(share(&other, "cron"), 0);
	give_back(&other);
	ck_assert_uint_eq(table.map.n, 0);
}
END_TEST

START_TEST(many_names)
{
	static struct holder anna[5000], bert[5000];
	char name[32];

	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "name-%u", i);
		ck_assert_int_eq(take(&anna[i], name), 0);
	}
	for (unsigned i = 0; i < 5000; i += 2)
		give_back(&anna[i]);
	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "NAME-%u", i);
		ck_assert_int_eq(take(&bert[i], name), i % 2 ? -EEXIST : 0);
	}
	ck_assert_uint_eq(table.map.n, 5000);
	for (unsigned i = 0; i < 5000; i++) {
		free(anna[i].has);
		free(bert[i].has);
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
	tcase_add_test(tc, what_was_not_granted_gives_nothing_back);
	tcase_add_test(tc, a_claim_to_a_name_that_is_held_already);
	tcase_add_test(tc, those_who_share_it_have_one_address);
	tcase_add_test(tc, who_has_it_alone_may_share_it_and_the_other_way_round);
	tcase_add_test(tc, a_hundred_thousand_share_one);
	tcase_add_test(tc, many_names);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
