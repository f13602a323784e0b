/* SPDX-License-Identifier: MIT */
#include "base/map.h"

#include "base/macro.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

#define ITEMS 3000

struct item {
	struct map_node node;
	char key[16];
	bool in, seen;
};

static struct item items[ITEMS];

/* The key of zeros gives what CPython 3.11 has as hash(); the other key is the one of the reference vectors. */
START_TEST(siphash)
{
	static const struct {
		size_t len;
		uint64_t zero, reference;
	} rows[] = {
		{ 1, 0x68a914128e01e473, 0xc9f49bf37d57ca93 },
		{ 7, 0x2f098ab0c751325a, 0xd3927d989bb11140 },
		{ 8, 0xead411e67ebe2eea, 0x369095118d299a8e },
		{ 9, 0x75927f9d95124362, 0x25a48eb36c063de4 },
		{ 15, 0xf30eb725bb91c9ea, 0xd320d86d2a519956 },
		{ 16, 0x8972188433a5c5b7, 0xcc4fdd1a7d908b66 },
		{ 63, 0x385d3e39e5f37359, 0x9d199062b7bbb3a8 },
	};
	unsigned char data[64];
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	for (i = 0; i < ELEMENTSOF(rows); i++) {
		ck_assert_uint_eq(map_siphash(0, 0, data, rows[i].len), rows[i].zero);
		ck_assert_uint_eq(map_siphash(0x0706050403020100, 0x0f0e0d0c0b0a0908, data, rows[i].len),
				  rows[i].reference);
	}
	ck_assert_uint_eq(map_siphash(0x0706050403020100, 0x0f0e0d0c0b0a0908, "", 0), 0xabac0158050fc4dc);
}
END_TEST

START_TEST(inert)
{
	struct map m = { 0 };

	ck_assert_ptr_null(map_find(&m, "a", 1));
	ck_assert_ptr_null(map_next(&m, NULL));
	map_done(&m);
}
END_TEST

START_TEST(keys_differ)
{
	struct map a, b;

	ck_assert_int_eq(map_init(&a), 0);
	ck_assert_int_eq(map_init(&b), 0);
	ck_assert_uint_ne(map_hash(&a, "name", 4), map_hash(&b, "name", 4));
	ck_assert_uint_eq(map_hash(&a, "name", 4), map_siphash(a.k0, a.k1, "name", 4));
	map_done(&a);
	map_done(&b);
}
END_TEST

/* Every item that is in is found and walked over once, and no other. */
static void check_contents(struct map *m)
{
	struct map_node *node;
	size_t i, n = 0, walked = 0;

	for (i = 0; i < ITEMS; i++) {
		node = map_find(m, items[i].key, strlen(items[i].key));
		ck_assert_ptr_eq(node, items[i].in ? &items[i].node : NULL);
		items[i].seen = false;
		n += items[i].in;
	}
	ck_assert_uint_eq(m->n, n);
	for (node = map_next(m, NULL); node; node = map_next(m, node)) {
		struct item *it = container_of(node, struct item, node);

		ck_assert(it->in && !it->seen);
		it->seen = true;
		walked++;
	}
	ck_assert_uint_eq(walked, n);
}

START_TEST(add_find_remove)
{
	uint64_t x = 88172645463325252ULL;
	struct map m;
	size_t i, k;

	ck_assert_int_eq(map_init(&m), 0);
	for (i = 0; i < ITEMS; i++)
		(void)snprintf(items[i].key, sizeof(items[i].key), "name-%zu", i);
	for (i = 0; i < 40000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		k = (x >> 20) % ITEMS;
		if (items[k].in)
			map_remove(&m, &items[k].node);
		else
			ck_assert_int_eq(map_add(&m, &items[k].node, items[k].key, strlen(items[k].key)), 0);
		items[k].in = !items[k].in;
		if (i % 4000 == 0)
			check_contents(&m);
	}
	check_contents(&m);
	ck_assert_uint_le(m.n, m.n_buckets);
	for (i = 0; i < ITEMS; i++) {
		if (items[i].in)
			map_remove(&m, &items[i].node);
		items[i].in = false;
	}
	check_contents(&m);
	map_done(&m);
	ck_assert_ptr_null(m.buckets);
}
END_TEST

/* Keys are bytes: one may be the beginning of another, be empty or hold NUL. */
START_TEST(keys_are_bytes)
{
	static const struct {
		const char *key;
		size_t len;
	} rows[] = { { "", 0 }, { "\0", 1 }, { "\0\0", 2 }, { "a", 1 }, { "a\0", 2 }, { "a\0b", 3 }, { "A", 1 } };
	struct map_node nodes[ELEMENTSOF(rows)];
	struct map m = { 0 };
	size_t i;

	for (i = 0; i < ELEMENTSOF(rows); i++) {
		ck_assert_ptr_null(map_find(&m, rows[i].key, rows[i].len));
		ck_assert_int_eq(map_add(&m, &nodes[i], rows[i].key, rows[i].len), 0);
	}
	for (i = 0; i < ELEMENTSOF(rows); i++)
		ck_assert_ptr_eq(map_find(&m, rows[i].key, rows[i].len), &nodes[i]);
	ck_assert_ptr_null(map_find(&m, "b", 1));
	map_done(&m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("map");
	TCase *t = tcase_create("map");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, siphash);
	tcase_add_test(t, inert);
	tcase_add_test(t, keys_differ);
	tcase_add_test(t, add_find_remove);
	tcase_add_test(t, keys_are_bytes);
	suite_add_tcase(s, t);
	return run_suite(s);
}
