/* SPDX-License-Identifier: MIT */
#include "peer/news.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture/run.h"

/* In memory of exactly its size, so that a sanitizer sees one byte too many. */
static int parse(const char *line, struct news *ret, char **ret_memory)
{
	size_t len = strlen(line);

	*ret_memory = malloc(len > 0 ? len : 1);
	memcpy(*ret_memory, line, len);
	return news_parse(*ret_memory, len, ret);
}

static const struct {
	const char *line;
	enum news_kind kind;
	const char *room, *name, *text;
	uint64_t number, time_msec;
} good[] = {
	{ "SAID,lobby,7,1700000000000,bob,a%2Cb", NEWS_SAID, "lobby", "bob", "a,b", 7, 1700000000000 },
	{ "SAID,lobby,0,0,bob,", NEWS_SAID, "lobby", "bob", "", 0, 0 },
	{ "SAID,lobby,7,1,bob,text,of a later version", NEWS_SAID, "lobby", "bob", "text", 7, 1 },
	{ "JOINED,lobby,bob", NEWS_JOINED, "lobby", "bob", "", 0, 0 },
	{ "LEFT,lobby,bob,slow", NEWS_LEFT, "lobby", "bob", "slow", 0, 0 },
	{ "TOPIC,lobby,bob,%0A", NEWS_TOPIC, "lobby", "bob", "\n", 0, 0 },
	{ "MAIL,9223372036854775807,bob,5,x y", NEWS_MAIL, "", "bob", "x y", INT64_MAX, 5 },
	{ "DELIVERED,12,bob,5", NEWS_DELIVERED, "", "bob", "", 12, 5 },
};

static void expect_field(const struct field *f, const char *s)
{
	ck_assert_uint_eq(f->len, strlen(s));
	if (f->len > 0)
		ck_assert_mem_eq(f->data, s, f->len);
}

START_TEST(parses)
{
	struct news n;
	char *memory;

	ck_assert_int_eq(parse(good[_i].line, &n, &memory), 1);
	ck_assert_int_eq(n.kind, good[_i].kind);
	expect_field(&n.room, good[_i].room);
	expect_field(&n.name, good[_i].name);
	expect_field(&n.text, good[_i].text);
	ck_assert_uint_eq(n.number, good[_i].number);
	ck_assert_uint_eq(n.time_msec, good[_i].time_msec);
	free(memory);
}
END_TEST

static const char *const bad[] = {
	"SAID", "SAID,", "SAID,lobby,7,1700000000000,bob", "SAID,lobby,seven,1,bob,x", "SAID,lobby,-7,1,bob,x",
	"SAID,lobby,,1,bob,x", "SAID,lobby,7,9223372036854775808,bob,x", "SAID,lobby,7,1,bob,%", "SAID,lobby,7,1,bob,%4",
	"SAID,lobby,7,1,bob,%zz", "JOINED,lobby", "LEFT,lobby,bob", "TOPIC,lobby,bob", "MAIL,7,bob,5", "DELIVERED,7,bob",
};

START_TEST(refuses)
{
	struct news n = { .number = 99 };
	char *memory;

	ck_assert_int_eq(parse(bad[_i], &n, &memory), -EPROTO);
	ck_assert_uint_eq(n.number, 99);
	free(memory);
}
END_TEST

/* Answers, whatever they begin with. */
static const char *const none[] = { "", "OK", "OK,SAID", "SAIDX,lobby", "said,lobby,7,1,bob,x", "ERROR: slow: x", "SAI",
				    "5", ",SAID", "7,1,bob,x" };

START_TEST(passes_over)
{
	struct news n = { .number = 99 };
	char *memory;

	ck_assert_int_eq(parse(none[_i], &n, &memory), 0);
	ck_assert_uint_eq(n.number, 99);
	ck_assert_mem_eq(memory, none[_i], strlen(none[_i]));
	free(memory);
}
END_TEST

START_TEST(history)
{
	char line[] = "7,1700000000000,bob,a%2Cb", few[] = "7,1700000000000,bob", empty[1] = "";
	struct news n;

	ck_assert_int_eq(news_parse_history(line, strlen(line), &n), 0);
	ck_assert_int_eq(n.kind, NEWS_HISTORY);
	ck_assert_uint_eq(n.number, 7);
	expect_field(&n.name, "bob");
	expect_field(&n.text, "a,b");
	ck_assert_int_eq(news_parse_history(few, strlen(few), &n), -EPROTO);
	ck_assert_int_eq(news_parse_history(empty, 0, &n), -EPROTO);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("news");
	TCase *t = tcase_create("news");

	tcase_add_loop_test(t, parses, 0, (int)ELEMENTSOF(good));
	tcase_add_loop_test(t, refuses, 0, (int)ELEMENTSOF(bad));
	tcase_add_loop_test(t, passes_over, 0, (int)ELEMENTSOF(none));
	tcase_add_test(t, history);
	suite_add_tcase(s, t);
	return run_suite(s);
}
