/* SPDX-License-Identifier: MIT */
#include "wire/split.h"

#include "base/macro.h"
#include "vectors/split.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

#define HEADER "WRITE,f,"

static const enum split_moment moments[] = {
	[VECTOR_GO_ON] = SPLIT_NOW,
	[VECTOR_QUIET] = SPLIT_IDLE,
	[VECTOR_LONG] = SPLIT_LONG_IDLE,
	[VECTOR_EOF] = SPLIT_EOF,
};

/* What the rules make of one vector: as the session does it, without the session. */
struct outcome {
	enum split_verdict verdict;
	char stored[256];
	size_t len;
	bool whole;
};

static void outcome_line(struct outcome *o, const struct split *s, const char *all, size_t n)
{
	size_t body = n - s->line_body;

	o->whole = body >= s->line_size;
	o->len = MIN(body, s->line_size);
	memcpy(o->stored, all + s->line_body, o->len);
}

static struct outcome play(const struct split_vector *v)
{
	struct outcome o = { .verdict = SPLIT_WAIT };
	char all[256];
	size_t n = 0;
	struct split s;

	split_init(&s, v->raw_already);
	for (size_t i = 0; i < ELEMENTSOF(v->pieces) && v->pieces[i].bytes; i++) {
		const struct vector_piece *p = &v->pieces[i];
		const char *bytes = p->bytes + (i == 0 ? strlen(HEADER) : 0);
		unsigned digits = 0;

		memcpy(all + n, bytes, strlen(bytes));
		n += strlen(bytes);
		split_feed(&s, bytes, strlen(bytes), i == 0 || v->raw_already);
		if (o.verdict == SPLIT_WAIT)
			o.verdict = split_decide(&s, SPLIT_NOW, &digits);
		if (o.verdict == SPLIT_WAIT && p->then != VECTOR_GO_ON)
			o.verdict = split_decide(&s, SPLIT_IDLE, &digits);
		if (o.verdict == SPLIT_WAIT && p->then != VECTOR_GO_ON)
			o.verdict = split_decide(&s, moments[p->then], &digits);
		if (o.verdict == SPLIT_RAW) {
			o.whole = true;
			o.len = n - digits;
			memcpy(o.stored, all + digits, o.len);
			ck_assert_uint_eq(split_size(&s, digits), o.len);
			/* Once decided, nothing more may come: the client waits for its answer. */
			ck_assert(i + 1 == ELEMENTSOF(v->pieces) || !v->pieces[i + 1].bytes);
			return o;
		}
	}
	if (o.verdict == SPLIT_LINE)
		outcome_line(&o, &s, all, n);
	return o;
}

START_TEST(vectors)
{
	const struct split_vector *v = &split_vectors[_i];
	struct outcome o = play(v);
	bool line = strchr(v->answered, '\n') != NULL;

	if (!v->stored) {
		ck_assert_msg(!o.whole, "%s: something was stored", v->name);
		return;
	}
	ck_assert_msg(o.verdict == (line ? SPLIT_LINE : SPLIT_RAW), "%s: verdict %d", v->name, o.verdict);
	ck_assert_msg(o.whole && o.len == strlen(v->stored) && memcmp(o.stored, v->stored, o.len) == 0,
		      "%s: stored '%.*s'", v->name, (int)o.len, o.stored);
}
END_TEST

/* However an old client's file is cut behind its header, it comes out. */
START_TEST(any_cut)
{
	static const char *const files[] = { "hello\nworld\n", "12345\n6789", "0123456789", "\nfoo\n", "\r\n\r\n", "7", ",,", "" };
	const char *file = files[_i];
	char header[24];
	size_t len = strlen(file);

	(void)snprintf(header, sizeof(header), "%zu", len);
	for (size_t cut = 0; cut <= len; cut++) {
		unsigned digits = 0;
		struct split s;

		split_init(&s, false);
		split_feed(&s, header, strlen(header), true);
		split_feed(&s, file, cut, false);
		split_feed(&s, file + cut, len - cut, false);
		ck_assert_int_eq(split_decide(&s, SPLIT_LONG_IDLE, &digits), SPLIT_RAW);
		ck_assert_uint_eq(digits, strlen(header));
	}
}
END_TEST

/* A person's file may have a comma in its name, though that is believed last. */
START_TEST(comma)
{
	unsigned digits = 0;
	struct split s;

	split_init(&s, false);
	split_feed(&s, "22,5\nhello", 10, true);
	ck_assert_int_eq(split_decide(&s, SPLIT_NOW, &digits), SPLIT_WAIT);
	ck_assert_int_eq(split_decide(&s, SPLIT_IDLE, &digits), SPLIT_WAIT);
	ck_assert_int_eq(split_decide(&s, SPLIT_EOF, &digits), SPLIT_LINE);
	ck_assert_int_eq(split_decide(&s, SPLIT_LONG_IDLE, &digits), SPLIT_LINE);
	ck_assert_uint_eq(s.line_size, 5);
	ck_assert_uint_eq(s.line_body, 5);
	/* What it cannot be is no reading any more. */
	split_feed(&s, "0123456789012345", 16, false);
	ck_assert_int_eq(split_decide(&s, SPLIT_NOW, &digits), SPLIT_LINE);

	/* A recv that ended behind the digits: an old client's, however long it pauses. */
	split_init(&s, false);
	split_feed(&s, "22", 2, true);
	split_feed(&s, ",5\nhello", 8, false);
	ck_assert_int_eq(split_decide(&s, SPLIT_LONG_IDLE, &digits), SPLIT_WAIT);
}
END_TEST

/* A size of more digits than a size may have, and one that is no number at all. */
START_TEST(hopeless)
{
	unsigned digits = 0;
	struct split s;

	split_init(&s, false);
	for (unsigned i = 0; i < 200; i++)
		split_feed(&s, "9", 1, false);
	ck_assert_int_eq(split_decide(&s, SPLIT_NOW, &digits), SPLIT_WAIT);
	split_feed(&s, "\n", 1, false);
	ck_assert_int_eq(split_decide(&s, SPLIT_LONG_IDLE, &digits), SPLIT_WAIT);
	ck_assert(!s.line_is_size);
	ck_assert_int_eq(split_decide(&s, SPLIT_EOF, &digits), SPLIT_NONE);

	split_init(&s, false);
	split_feed(&s, "3hello\n", 7, true);
	ck_assert_int_eq(split_decide(&s, SPLIT_NOW, &digits), SPLIT_LINE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("split");
	TCase *t = tcase_create("split");

	tcase_add_loop_test(t, vectors, 0, (int)ELEMENTSOF(split_vectors));
	tcase_add_loop_test(t, any_cut, 0, 8);
	tcase_add_test(t, comma);
	tcase_add_test(t, hopeless);
	suite_add_tcase(s, t);
	return run_suite(s);
}
