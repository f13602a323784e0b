/* SPDX-License-Identifier: MIT */
#include "wire/verb.h"

#include "base/macro.h"

#include <check.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

#define MOST (VERB_TABLE_SLOTS / 2)

static const struct verb rows[] = {
	{ .name = "A" },      { .name = "OK" },      { .name = "SAY" },      { .name = "PING" },
	{ .name = "HELLO" },  { .name = "DOUBLE" },  { .name = "HISTORY" },  { .name = "SHUTDOWN" },
	{ .name = "READWRITE" }, { .name = "TEN-LETTER" }, { .name = "ELEVENCHARS" }, { .name = "TWELVE_CHARS" },
	{ .name = "THIRTEENCHARS" }, { .name = "FOURTEEN_CHARS" }, { .name = "FIFTEEN-CHARS.." },
	/* Both ends of the alphabet, and what stands beside them. */
	{ .name = "AZ" },     { .name = "ZA@[" },
	/* The beginnings and ends that overlapping loads could take for each other. */
	{ .name = "AA" },     { .name = "AAA" },     { .name = "AAAA" },     { .name = "AAAAA" },
	{ .name = "AAAAAAA" }, { .name = "AAAAAAAA" }, { .name = "AAAAAAAAA" }, { .name = "AAAAAAAAAAAAAAA" },
};

static void fill(struct verb_table *t)
{
	size_t i;

	for (i = 0; i < ELEMENTSOF(rows); i++)
		ck_assert_int_eq(verb_table_add(t, &rows[i], 7), 0);
	ck_assert_uint_eq(t->n, ELEMENTSOF(rows));
}

/* The name in memory of its own, so that a sanitizer sees a byte read beside it. */
static const struct verb *find(const struct verb_table *t, const char *name, size_t len)
{
	char *copy = malloc(len);
	const struct verb_entry *e;

	if (len > 0)
		memcpy(copy, name, len);
	e = verb_table_find(t, copy, len);
	free(copy);
	return e ? e->verb : NULL;
}

START_TEST(any_case)
{
	struct verb_table t = { 0 };
	char name[VERB_NAME_MAX];
	size_t i, k, len;
	unsigned bits;

	fill(&t);
	for (i = 0; i < ELEMENTSOF(rows); i++) {
		len = strlen(rows[i].name);
		for (bits = 0; bits < 1U << len; bits += 1 + (len > 8 ? 97 : 0)) {
			for (k = 0; k < len; k++)
				name[k] = (char)(bits >> k & 1 ? tolower(rows[i].name[k]) : rows[i].name[k]);
			ck_assert_ptr_eq(find(&t, name, len), &rows[i]);
		}
	}
}
END_TEST

/* Any one byte of a name changed to any other: found only if it is the same letter or another row. */
START_TEST(nothing_else)
{
	struct verb_table t = { 0 };
	char name[VERB_NAME_MAX + 1] = "";
	size_t i, k, len, j;
	int c;

	fill(&t);
	for (i = 0; i < ELEMENTSOF(rows); i++) {
		len = strlen(rows[i].name);
		for (k = 0; k < len; k++)
			for (c = 0; c < 256; c++) {
				const struct verb *expected = NULL;

				memcpy(name, rows[i].name, len);
				name[k] = (char)c;
				for (j = 0; j < ELEMENTSOF(rows); j++)
					if (strlen(rows[j].name) == len && c != 0 && strncasecmp(rows[j].name, name, len) == 0)
						expected = &rows[j];
				if (find(&t, name, len) != expected)
					ck_abort_msg("%s with byte %zu as %d", rows[i].name, k, c);
			}
	}
	ck_assert_ptr_null(find(&t, "", 0));
	ck_assert_ptr_null(find(&t, "PIN", 3));
	ck_assert_ptr_null(find(&t, "PINGS", 5));
	ck_assert_ptr_null(find(&t, "PING\0", 5));
	ck_assert_ptr_null(find(&t, "SAY\0", 4));
	ck_assert_ptr_null(find(&t, "SHUTDOWN\0", 9));
	ck_assert_ptr_null(find(&t, "AAAAAAAAAAAAAAAA", 16));
	ck_assert_ptr_null(verb_table_find(&t, "PING", (size_t)-1));
}
END_TEST

START_TEST(inert)
{
	struct verb_table t = { 0 };

	ck_assert_ptr_null(find(&t, "PING", 4));
}
END_TEST

START_TEST(bad_rows)
{
	static const struct verb lower = { .name = "ping" }, empty = { .name = "" }, longer = { .name = "SIXTEEN-CHARS..." };
	struct verb_table t = { 0 };

	fill(&t);
	ck_assert_int_eq(verb_table_add(&t, &rows[3], 7), -EEXIST);
	ck_assert_int_eq(verb_table_add(&t, &lower, 7), -EEXIST);
	ck_assert_int_eq(verb_table_add(&t, &empty, 7), -EINVAL);
	ck_assert_int_eq(verb_table_add(&t, &longer, 7), -EINVAL);
	ck_assert_uint_eq(t.n, ELEMENTSOF(rows));
	ck_assert_ptr_eq(find(&t, "PING", 4), &rows[3]);
}
END_TEST

/* As many as there may be: all are found, in the order they came, and a miss ends. */
START_TEST(full)
{
	static struct verb many[MOST + 1];
	static char names[MOST + 1][VERB_NAME_MAX + 1];
	struct verb_table t = { 0 };
	char miss[VERB_NAME_MAX + 1];
	size_t i;

	for (i = 0; i <= MOST; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "VERB%zu", i);
		many[i].name = names[i];
		ck_assert_int_eq(verb_table_add(&t, &many[i], (uint8_t)i), i < MOST ? 0 : -ENOSPC);
	}
	ck_assert_int_eq(verb_table_add(&t, &many[0], 7), -EEXIST);
	for (i = 0; i < MOST; i++) {
		ck_assert_ptr_eq(find(&t, names[i], strlen(names[i])), &many[i]);
		ck_assert_ptr_eq(t.entries[i].verb, &many[i]);
		ck_assert_uint_eq(verb_table_find(&t, names[i], strlen(names[i]))->owner, i);
	}
	for (i = 0; i < 20000; i++) {
		(void)snprintf(miss, sizeof(miss), "NOT%zu", i);
		ck_assert_ptr_null(find(&t, miss, strlen(miss)));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verb");
	TCase *t = tcase_create("verb");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, any_case);
	tcase_add_test(t, nothing_else);
	tcase_add_test(t, inert);
	tcase_add_test(t, bad_rows);
	tcase_add_test(t, full);
	suite_add_tcase(s, t);
	return run_suite(s);
}
