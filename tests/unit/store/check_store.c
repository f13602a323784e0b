/* SPDX-License-Identifier: MIT */
/* The store: what is acknowledged is there again, numbers are given once, what is old goes. */

#include "unit/fixture/run.h"
#include "unit/fixture/store.h"

#include <sys/stat.h>

static void setup(void)
{
	memset(store_rules, 0, sizeof(store_rules));
	folder_make();
	store_begin();
}

static void teardown(void)
{
	store_end();
	folder_remove();
}

START_TEST(numbers_begin_at_one_and_go_on)
{
	struct store_counts counts;
	struct store_channel *c = store_opened(0, "lobby", &counts);

	ck_assert_uint_eq(counts.id, 0);
	ck_assert_uint_eq(counts.first, 1);
	ck_assert_uint_eq(counts.last, 0);
	ck_assert_uint_eq(store_said(c, "one"), 1);
	ck_assert_uint_eq(store_said(c, "two"), 2);
	store_expect(0, "lobby", "1:bob:one 2:bob:two ");

	store_again();
	c = store_opened(0, "lobby", &counts);
	ck_assert_uint_eq(counts.id, 1);
	ck_assert_uint_eq(counts.first, 1);
	ck_assert_uint_eq(counts.last, 2);
	ck_assert_uint_eq(counts.count, 2);
	ck_assert_uint_eq(counts.bytes, 12);
	ck_assert_uint_eq(store_said(c, ""), 3);
	store_expect(0, "lobby", "1:bob:one 2:bob:two 3:bob: ");
}
END_TEST

START_TEST(opening_leaves_nothing)
{
	struct store_list list = { .max_rows = 10 };
	struct store_page page;

	store_close(store, store_opened(0, "lobby", NULL));
	store_page_of(&page, 0, "lobby", 0, 1);
	ck_assert_int_eq(STORE_CALL(store_page, &page), STORE_E_NOT_FOUND);
	ck_assert_int_eq(STORE_CALL(store_list, &list), 0);
	ck_assert_uint_eq(list.n_rows, 0);
	store_list_done(&list);
}
END_TEST

/* Names are bytes, and a kind has its own. */
START_TEST(channels_are_separate)
{
	struct store_channel *a = store_opened(0, "x", NULL), *b = store_opened(1, "x", NULL), *c = store_opened(0, "X", NULL);

	(void)store_said(a, "a");
	(void)store_said(b, "b");
	(void)store_said(c, "c");
	(void)store_said(a, "a2");
	store_expect(0, "x", "1:bob:a 2:bob:a2 ");
	store_expect(1, "x", "1:bob:b ");
	store_expect(0, "X", "1:bob:c ");
}
END_TEST

/* What waits together is written together, in its order. */
START_TEST(a_thousand_share_few_commits)
{
	static struct store_append q[1000];
	struct store_channel *c = store_opened(0, "lobby", NULL);
	struct store_state state;
	unsigned before = store_answers;

	for (unsigned i = 0; i < ELEMENTSOF(q); i++) {
		q[i] = store_text(c, "bob", "text", NULL);
		store_prepare(&q[i].request);
		ck_assert_int_eq(store_append(store, &q[i]), 0);
	}
	store_wait(before + ELEMENTSOF(q));
	for (unsigned i = 0; i < ELEMENTSOF(q); i++) {
		ck_assert_int_eq(q[i].request.result, 0);
		ck_assert_uint_eq(q[i].counts.last, i + 1);
	}
	store_get_state(store, clock_usec(), &state);
	ck_assert_uint_eq(state.written, ELEMENTSOF(q));
	ck_assert_uint_lt(state.commits, ELEMENTSOF(q) / 2);
	ck_assert_uint_eq(state.queued_bytes, 0);
	ck_assert(!state.closed);
}
END_TEST

START_TEST(pages_join_without_a_gap)
{
	struct store_channel *c = store_opened(0, "lobby", NULL);
	uint64_t next = 1;
	struct store_row row;
	struct store_page q = { .more = true };
	char text[16];

	for (unsigned i = 1; i <= 100; i++) {
		(void)snprintf(text, sizeof(text), "%u", i);
		(void)store_said(c, text);
	}
	while (q.more) {
		size_t at = 0;

		store_page_of(&q, 0, "lobby", next - 1, 7);
		ck_assert_int_eq(STORE_CALL(store_page, &q), 0);
		while (store_page_next(&q, &at, &row)) {
			(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)next);
			ck_assert_uint_eq(row.number, next++);
			ck_assert_msg(strlen(text) == row.text_len && memcmp(text, row.text, row.text_len) == 0, "%s", text);
		}
		ck_assert_uint_eq(q.last, next - 1);
		ck_assert_uint_eq(q.left, 101 - next);
		store_page_done(&q);
	}
	ck_assert_uint_eq(next, 101);

	/* By bytes: the first one comes whatever its size. */
	store_page_of(&q, 0, "lobby", 10, 100);
	q.max_bytes = 1;
	ck_assert_int_eq(STORE_CALL(store_page, &q), 0);
	ck_assert_uint_eq(q.n_rows, 1);
	ck_assert(q.more);
	store_page_done(&q);
	/* Up to a number; behind the last. */
	store_page_of(&q, 0, "lobby", 10, 100);
	q.upto = 12;
	ck_assert_int_eq(STORE_CALL(store_page, &q), 0);
	ck_assert_uint_eq(q.n_rows, 2);
	ck_assert(!q.more);
	store_page_done(&q);
	store_page_of(&q, 0, "lobby", UINT64_MAX, 100);
	ck_assert_int_eq(STORE_CALL(store_page, &q), 0);
	ck_assert_uint_eq(q.n_rows, 0);
	store_page_done(&q);
}
END_TEST

/* Also what the channel's row does not tell of yet, and without what was taken out. */
START_TEST(a_page_counts_the_channel)
{
	struct store_channel *c = store_opened(0, "lobby", NULL);
	const uint64_t first[] = { 1, 2 };
	struct store_remove gone = { .channel = c, .numbers = first, .n_numbers = 2, .disposition = STORE_TAKEN };
	struct store_page q;

	for (unsigned i = 0; i < 5; i++)
		(void)store_said(c, "text");
	for (unsigned i = 0; i < 2; i++) {
		store_page_of(&q, 0, "lobby", 3, 1);
		q.count_all = true;
		ck_assert_int_eq(STORE_CALL(store_page, &q), 0);
		ck_assert_uint_eq(q.n_rows, 1);
		ck_assert_uint_eq(q.counts.id, 1);
		ck_assert_uint_eq(q.counts.first, i ? 3 : 1);
		ck_assert_uint_eq(q.counts.last, 5);
		ck_assert_uint_eq(q.counts.count, i ? 3 : 5);
		ck_assert_uint_eq(q.counts.bytes, i ? 21 : 35);
		store_page_done(&q);
		if (i == 0)
			ck_assert_int_eq(STORE_CALL(store_remove, &gone), 0);
	}
}
END_TEST

/* A channel's messages never run into its neighbour's. */
START_TEST(the_last_number_is_the_last)
{
	struct store_channel *a = store_opened(0, "a", NULL), *b;
	struct store_reserve all = { .channel = a, .n = STORE_NUMBER_MAX - 1 };
	struct store_append q;

	ck_assert_int_eq(STORE_CALL(store_reserve, &all), 0);
	b = store_opened(0, "b", NULL);
	(void)store_said(b, "of b");
	ck_assert_uint_eq(store_said(a, "last"), STORE_NUMBER_MAX);
	q = store_text(a, "bob", "one more", NULL);
	ck_assert_int_eq(STORE_CALL(store_append, &q), STORE_E_NUMBERS);
	all.n = 1;
	ck_assert_int_eq(STORE_CALL(store_reserve, &all), STORE_E_NUMBERS);
	store_expect(0, "b", "1:bob:of b ");
	store_again();
	(void)store_opened(0, "a", &q.counts);
	ck_assert_uint_eq(q.counts.last, STORE_NUMBER_MAX);
	ck_assert_uint_eq(q.counts.count, 1);
}
END_TEST

START_TEST(a_key_is_taken_once)
{
	struct store_channel *c = store_opened(1, "ann", NULL), *other = store_opened(1, "cid", NULL);
	struct store_append q[3] = { store_text(c, "bob", "text", "k"), store_text(c, "bob", "text", "k"),
				     store_text(other, "bob", "another", "k") };
	unsigned before = store_answers;
	uint64_t id;

	/* Twice in one transaction. */
	for (unsigned i = 0; i < 2; i++) {
		store_prepare(&q[i].request);
		ck_assert_int_eq(store_append(store, &q[i]), 0);
	}
	store_wait(before + 2);
	id = q[0].message_id;
	ck_assert(!q[0].repeated);
	ck_assert(q[1].repeated);
	ck_assert_uint_eq(q[1].message_id, id);
	ck_assert_uint_eq(q[1].time_msec, q[0].time_msec);
	/* To somebody else, later, after a restart. */
	ck_assert_int_eq(STORE_CALL(store_append, &q[2]), 0);
	ck_assert(q[2].repeated);
	ck_assert_uint_eq(q[2].message_id, id);
	store_again();
	c = store_opened(1, "ann", NULL);
	q[0] = store_text(c, "bob", "text", "k");
	ck_assert_int_eq(STORE_CALL(store_append, &q[0]), 0);
	ck_assert(q[0].repeated);
	/* Another sender's is another key. */
	q[0] = store_text(c, "eve", "hers", "k");
	ck_assert_int_eq(STORE_CALL(store_append, &q[0]), 0);
	ck_assert(!q[0].repeated);
	store_expect(1, "ann", "1:bob:text 2:eve:hers ");
}
END_TEST

START_TEST(bounds_refuse_and_leave_the_others)
{
	struct store_channel *c = store_opened(1, "ann", NULL);
	struct store_append q[3] = { store_text(c, "bob", "12345", NULL), store_text(c, "bob", "123456", NULL),
				     store_text(c, "bob", "1234", NULL) };
	unsigned before = store_answers;

	for (unsigned i = 0; i < 3; i++) {
		q[i].max_bytes = 15;
		store_prepare(&q[i].request);
		ck_assert_int_eq(store_append(store, &q[i]), 0);
	}
	store_wait(before + 3);
	ck_assert_int_eq(q[0].request.result, 0);
	ck_assert_int_eq(q[1].request.result, STORE_E_FULL);
	ck_assert_int_eq(q[2].request.result, 0);
	ck_assert_uint_eq(q[2].counts.last, 2);
	ck_assert_uint_eq(q[2].counts.bytes, 15);
	q[0].max_bytes = 0;
	q[0].max_messages = 2;
	ck_assert_int_eq(STORE_CALL(store_append, &q[0]), STORE_E_FULL);
	q[0].max_messages = 3;
	ck_assert_int_eq(STORE_CALL(store_append, &q[0]), 0);
}
END_TEST

START_TEST(too_much_that_waits_is_refused_at_once)
{
	struct store_channel *c = store_opened(1, "ann", NULL);
	struct store_append q = store_text(c, "bob", "", NULL);

	q.text_len = 65 << 20;
	store_prepare(&q.request);
	ck_assert_int_eq(store_append(store, &q), STORE_E_BUSY);
	ck_assert_uint_eq(store_said(c, "that goes"), 1);
}
END_TEST

static int asked(uint64_t id, const char *from, enum store_disposition *ret)
{
	struct store_lookup q = { .message_id = id, .from_len = (uint8_t)strlen(from) };
	int r;

	memcpy(q.from, from, q.from_len);
	r = STORE_CALL(store_lookup, &q);
	*ret = q.disposition;
	return r;
}

START_TEST(what_is_taken_out_leaves_a_receipt)
{
	uint64_t numbers[] = { 2, 2, 77, 3 };
	struct store_removed removed[4];
	struct store_remove q = { .numbers = numbers, .n_numbers = 4, .disposition = STORE_TAKEN, .removed = removed };
	struct store_rule rule = { .receipts = true };
	enum store_disposition disposition;
	uint64_t id;

	ck_assert_int_eq(store_set_rule(store, 1, &rule), 0);
	q.channel = store_opened(1, "ann", NULL);
	for (unsigned i = 0; i < 4; i++)
		(void)store_said(q.channel, "text");
	ck_assert_int_eq(STORE_CALL(store_remove, &q), 0);
	id = q.counts.id;
	ck_assert_uint_eq(q.n_removed, 2);
	ck_assert_uint_eq(removed[0].number, 2);
	ck_assert_uint_eq(removed[1].number, 3);
	ck_assert(removed[1].from_len == 3 && memcmp(removed[1].from, "bob", 3) == 0);
	ck_assert_uint_eq(q.counts.first, 1);
	ck_assert_uint_eq(q.counts.count, 2);
	ck_assert_uint_eq(q.counts.bytes, 14);
	ck_assert_int_eq(asked(store_id(id, 1), "bob", &disposition), 0);
	ck_assert_int_eq(disposition, STORE_HELD);
	ck_assert_int_eq(asked(store_id(id, 2), "bob", &disposition), 0);
	ck_assert_int_eq(disposition, STORE_TAKEN);
	/* It is the sender's to know. */
	ck_assert_int_eq(asked(store_id(id, 1), "eve", &disposition), STORE_E_NOT_FOUND);
	ck_assert_int_eq(asked(store_id(id, 2), "eve", &disposition), STORE_E_NOT_FOUND);
	ck_assert_int_eq(asked(store_id(id, 5), "bob", &disposition), STORE_E_NOT_FOUND);

	q.numbers = NULL;
	q.upto = 4;
	q.disposition = STORE_EXPIRED;
	ck_assert_int_eq(STORE_CALL(store_remove, &q), 0);
	ck_assert_uint_eq(q.n_removed, 2);
	ck_assert_uint_eq(q.counts.count, 0);
	ck_assert_uint_eq(q.counts.bytes, 0);
	ck_assert_uint_eq(q.counts.first, 5);
	ck_assert_int_eq(asked(store_id(id, 4), "bob", &disposition), 0);
	ck_assert_int_eq(disposition, STORE_EXPIRED);
	/* Empty, and after a restart, it goes on numbering. */
	store_again();
	q.channel = store_opened(1, "ann", &q.counts);
	ck_assert_uint_eq(q.counts.last, 4);
	ck_assert_uint_eq(store_said(q.channel, "five"), 5);
}
END_TEST

START_TEST(reserved_numbers_are_never_given_again)
{
	struct store_channel *c = store_opened(0, "lobby", NULL);
	struct store_reserve q = { .channel = c, .n = 1000 };
	struct store_counts counts;

	(void)store_said(c, "one");
	ck_assert_int_eq(STORE_CALL(store_reserve, &q), 0);
	ck_assert_uint_eq(q.until, 1001);
	store_again();
	c = store_opened(0, "lobby", &counts);
	ck_assert_uint_eq(counts.last, 1001);
	ck_assert_uint_eq(counts.count, 1);
	ck_assert_uint_eq(store_said(c, "next"), 1002);
	store_expect(0, "lobby", "1:bob:one 1002:bob:next ");
}
END_TEST

static void set_note(struct store_channel *c, const char *name, const char *value, uint64_t until)
{
	struct store_set q = { .channel = c, .name = name, .name_len = strlen(name), .value = value,
			       .value_len = strlen(value), .until_msec = until };

	ck_assert_int_eq(STORE_CALL(store_set, &q), 0);
}

#define FAR 4102444800000ULL /* the year 2100 */

START_TEST(notes_stay)
{
	struct store_open q = { .kind = 0, .name_len = 5, .name = "lobby" };
	struct store_list list = { .max_rows = 1, .attribute = "topic" };
	struct store_channel *c = store_opened(0, "lobby", NULL);
	struct store_listed row;
	unsigned n = 0;
	size_t at = 0;

	set_note(c, "gone", "", 0); /* makes nothing */
	set_note(c, "topic", "first", 0);
	set_note(c, "topic", "tea", 0);
	set_note(c, "ban:old", "x", 12345); /* was over long ago, and goes with the next that has an end */
	set_note(c, "ban:eve", "x", FAR);
	set_note(c, "ban:joe", "x", FAR);
	set_note(c, "ban:joe", "", 0);
	store_again();
	ck_assert_int_eq(STORE_CALL(store_open, &q), 0);
	for (struct store_attribute *attribute = q.attributes; attribute; attribute = attribute->next, n++) {
		bool topic = attribute->name_len == 5 && memcmp(attribute->name, "topic", 5) == 0;

		ck_assert(topic || (attribute->name_len == 7 && memcmp(attribute->name, "ban:eve", 7) == 0));
		ck_assert_uint_eq(attribute->until_msec, topic ? 0 : FAR);
		ck_assert(attribute->value_len == (topic ? 3U : 1U) &&
			  memcmp(attribute->value, topic ? "tea" : "x", attribute->value_len) == 0);
	}
	ck_assert_uint_eq(n, 2);
	store_open_done(&q);

	(void)store_said(q.channel, "hello");
	(void)store_said(store_opened(0, "zoo", NULL), "hello");
	(void)store_said(store_opened(1, "mail", NULL), "hello");
	ck_assert_int_eq(STORE_CALL(store_list, &list), 0);
	ck_assert(list.more);
	ck_assert(store_list_next(&list, &at, &row));
	ck_assert(row.name_len == 5 && memcmp(row.name, "lobby", 5) == 0);
	ck_assert(row.value_len == 3 && memcmp(row.value, "tea", 3) == 0);
	ck_assert_uint_eq(row.counts.last, 1);
	ck_assert(!store_list_next(&list, &at, &row));
	store_list_done(&list);
	list.after_len = 5;
	memcpy(list.after, "lobby", 5);
	ck_assert_int_eq(STORE_CALL(store_list, &list), 0);
	ck_assert(!list.more);
	at = 0;
	ck_assert(store_list_next(&list, &at, &row));
	ck_assert(row.name_len == 3 && row.value_len == 0);
	store_list_done(&list);
}
END_TEST

START_TEST(a_channel_is_held_to_its_number)
{
	struct store_rule rule = { .max_messages = 100 };
	static struct store_append q[20000];
	struct store_channel *c = store_opened(0, "lobby", NULL);
	unsigned before = store_answers;

	ck_assert_int_eq(store_set_rule(store, 0, &rule), 0);
	for (unsigned i = 0; i < ELEMENTSOF(q); i++) {
		q[i] = store_text(c, "bob", "text", NULL);
		store_prepare(&q[i].request);
		ck_assert_int_eq(store_append(store, &q[i]), 0);
	}
	store_wait(before + ELEMENTSOF(q));
	/* The last few are never taken, and what is over is taken as more comes, or by the walk. */
	q[0] = q[ELEMENTSOF(q) - 1];
	for (unsigned i = 0; q[0].counts.count > 128 && i < 10000; i++) {
		q[0] = store_text(c, "bob", "more", NULL);
		ck_assert_int_eq(STORE_CALL(store_append, &q[0]), 0);
		ck_assert_uint_ge(q[0].counts.count, 100);
		ck_assert_uint_eq(q[0].counts.last - q[0].counts.first + 1, q[0].counts.count);
	}
	ck_assert_uint_le(q[0].counts.count, 128);
	ck_assert_uint_ge(q[0].counts.count, 100);
}
END_TEST

static void wait_until_gone(unsigned kind, const char *name)
{
	uint64_t until = clock_usec() + 60 * USEC_PER_SEC;
	struct store_page q;

	do {
		ck_assert(clock_usec() < until);
		store_page_of(&q, kind, name, 0, 1);
		ck_assert_int_eq(STORE_CALL(store_page, &q), 0);
		store_page_done(&q);
	} while (q.n_rows > 0);
}

/* Whether anybody has it open or not. */
START_TEST(what_is_old_goes)
{
	struct store_rule rule = { .max_age_usec = 2 * USEC_PER_SEC, .receipts = true };
	struct store_channel *open = store_opened(1, "ann", NULL), *closed = store_opened(1, "cid", NULL);
	struct store_append q = store_text(closed, "bob", "text", "key");
	struct store_counts counts;
	enum store_disposition disposition;
	uint64_t id;

	for (unsigned i = 0; i < 300; i++)
		(void)store_said(open, "text");
	ck_assert_int_eq(STORE_CALL(store_append, &q), 0);
	id = q.message_id;
	store_close(store, closed);
	(void)store_said(store_opened(0, "room", NULL), "stays");
	ck_assert_int_eq(store_set_rule(store, 1, &rule), 0);
	wait_until_gone(1, "ann");
	wait_until_gone(1, "cid");
	ck_assert_int_eq(asked(id, "bob", &disposition), 0);
	ck_assert_int_eq(disposition, STORE_EXPIRED);
	/* Its receipt and its key go as old as it was. */
	while (asked(id, "bob", &disposition) == 0)
		;
	closed = store_opened(1, "cid", &counts);
	ck_assert_uint_eq(counts.last, 1);
	ck_assert_uint_eq(counts.count, 0);
	q = store_text(closed, "bob", "text", "key");
	ck_assert_int_eq(STORE_CALL(store_append, &q), 0);
	ck_assert(!q.repeated);
	ck_assert_uint_eq(q.counts.last, 2);
	store_expect(0, "room", "1:bob:stays ");
}
END_TEST

/* One that has long been empty is forgotten; who comes next goes on with its numbers, so that no id is used twice. */
START_TEST(an_empty_channel_makes_room)
{
	struct store_remove q = { .upto = 10 };
	struct store_list list = { .kind = 1, .max_rows = 10 };
	uint64_t until = clock_usec() + 60 * USEC_PER_SEC;
	struct store_append a;
	bool there = true;

	q.channel = store_opened(1, "ann", NULL);
	(void)store_said(q.channel, "one");
	(void)store_said(q.channel, "two");
	set_note(q.channel, "n", "v", 0);
	ck_assert_int_eq(STORE_CALL(store_remove, &q), 0);
	store_end();
	store_tamper("UPDATE channel SET touched = 1; DELETE FROM clock");
	store_begin();
	while (there) {
		ck_assert(clock_usec() < until);
		ck_assert_int_eq(STORE_CALL(store_list, &list), 0);
		there = list.n_rows > 0;
		store_list_done(&list);
	}
	a = store_text(store_opened(1, "new", NULL), "bob", "three", NULL);
	ck_assert_int_eq(STORE_CALL(store_append, &a), 0);
	ck_assert_uint_eq(a.message_id, store_id(q.counts.id, 3));
	ck_assert_uint_eq(a.counts.first, 3);
	store_expect(1, "new", "3:bob:three ");
	/* A room is of another kind. */
	(void)store_said(store_opened(0, "room", &a.counts), "one");
	store_expect(0, "room", "1:bob:one ");
}
END_TEST

START_TEST(there_may_be_so_many_channels)
{
	struct store_args args = { .ops = &store_sqlite_ops, .dir = folder_path, .max_queued_bytes = 1 << 20, .max_channels = 2 };
	struct store_append q;
	char why[256];

	store_end();
	ck_assert_int_eq(loop_init(&store_home), 0);
	ck_assert_int_eq(store_new(&store, &args, why, sizeof(why)), 0);
	(void)store_said(store_opened(0, "a", NULL), "text");
	(void)store_said(store_opened(0, "b", NULL), "text");
	q = store_text(store_opened(0, "c", NULL), "bob", "text", NULL);
	ck_assert_int_eq(STORE_CALL(store_append, &q), STORE_E_NAMES);
	/* Of each kind, and counted again after a start. */
	(void)store_said(store_opened(1, "a", NULL), "text");
	store_end();
	ck_assert_int_eq(loop_init(&store_home), 0);
	ck_assert_int_eq(store_new(&store, &args, why, sizeof(why)), 0);
	q = store_text(store_opened(0, "c", NULL), "bob", "text", NULL);
	ck_assert_int_eq(STORE_CALL(store_append, &q), STORE_E_NAMES);
	(void)store_said(store_opened(1, "b", NULL), "text");
	q = store_text(store_opened(1, "c", NULL), "bob", "text", NULL);
	ck_assert_int_eq(STORE_CALL(store_append, &q), STORE_E_NAMES);
	(void)store_said(store_opened(0, "a", NULL), "text");
}
END_TEST

/* Whatever the umask says, also what SQLite makes beside it. */
START_TEST(nobody_else_reads_it)
{
	static const char *const names[] = { "store.db", "store.db-wal", "store.db-shm" };
	struct stat st;
	mode_t before;

	store_end();
	for (size_t i = 0; i < ELEMENTSOF(names); i++)
		(void)unlinkat(folder_fd, names[i], 0);
	before = umask(0);
	store_begin();
	(void)umask(before);
	(void)store_said(store_opened(0, "lobby", NULL), "text");
	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		ck_assert_int_eq(fstatat(folder_fd, names[i], &st, 0), 0);
		ck_assert_msg((st.st_mode & 07777) == 0600, "%s: %o", names[i], st.st_mode & 07777);
	}
}
END_TEST

START_TEST(a_backup_is_whole)
{
	struct store_channel *c = store_opened(0, "lobby", NULL);
	char dir[96];
	struct store_backup q = { .dir = dir, .served_fd = -1 };

	for (unsigned i = 0; i < 100; i++)
		(void)store_said(c, "text");
	(void)snprintf(dir, sizeof(dir), "%s/copy", folder_path);
	ck_assert_int_eq(STORE_CALL(store_backup, &q), 0);
	ck_assert_uint_eq(folder_count("copy"), 1);
	/* What comes behind is not in it. */
	(void)store_said(c, "later");
	ck_assert_int_eq(STORE_CALL(store_backup, &q), -EEXIST);
	ck_assert_ptr_nonnull(strstr(q.why, "store.db exists already"));
	store_end();
	ck_assert_int_eq(loop_init(&store_home), 0);
	{
		struct store_args args = { .ops = &store_sqlite_ops, .dir = dir, .max_queued_bytes = 1 << 20, .max_channels = 100 };
		struct store_counts counts;
		char why[256];

		ck_assert_msg(store_new(&store, &args, why, sizeof(why)) == 0, "%s", why);
		(void)store_opened(0, "lobby", &counts);
		ck_assert_uint_eq(counts.count, 100);
		ck_assert_uint_eq(counts.last, 100);
	}
}
END_TEST

static off_t log_size(void)
{
	char path[96];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/store.db-wal", folder_path);
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

/* As after a power cut: the log has not been moved into the database, and behind it stands what was kept ready. */
START_TEST(what_stands_ready_behind_the_log_ends_it)
{
	struct store_channel *c = store_opened(0, "lobby", NULL);
	char command[512], dir[96], why[256];
	struct store_counts counts;
	off_t size;

	(void)store_said(c, "text");
	(void)store_said(c, "text");
	size = log_size();
	ck_assert_int_ge(size, 1 << 20);
	for (unsigned i = 2; i < 100; i++)
		(void)store_said(c, "text");
	ck_assert_int_eq(log_size(), size);

	(void)snprintf(dir, sizeof(dir), "%s/cut", folder_path);
	(void)snprintf(command, sizeof(command), "mkdir %s && cp %s/store.db %s/store.db-wal %s", dir, folder_path, folder_path, dir);
	ck_assert_int_eq(system(command), 0);
	store_end();
	ck_assert_msg(store_try(dir, why, sizeof(why)) == 0, "%s", why);
	c = store_opened(0, "lobby", &counts);
	ck_assert_uint_eq(counts.count, 100);
	ck_assert_uint_eq(store_said(c, "goes on"), 101);
}
END_TEST

START_TEST(a_backup_says_what_is_wrong)
{
	struct store_backup q = { .dir = "/nowhere/at/all", .served_fd = -1 };

	ck_assert_int_eq(STORE_CALL(store_backup, &q), -ENOENT);
	ck_assert_ptr_nonnull(strstr(q.why, "/nowhere/at/all"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store");
	TCase *tc = tcase_create("store");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, numbers_begin_at_one_and_go_on);
	tcase_add_test(tc, opening_leaves_nothing);
	tcase_add_test(tc, channels_are_separate);
	tcase_add_test(tc, a_thousand_share_few_commits);
	tcase_add_test(tc, pages_join_without_a_gap);
	tcase_add_test(tc, a_page_counts_the_channel);
	tcase_add_test(tc, the_last_number_is_the_last);
	tcase_add_test(tc, a_key_is_taken_once);
	tcase_add_test(tc, bounds_refuse_and_leave_the_others);
	tcase_add_test(tc, too_much_that_waits_is_refused_at_once);
	tcase_add_test(tc, what_is_taken_out_leaves_a_receipt);
	tcase_add_test(tc, reserved_numbers_are_never_given_again);
	tcase_add_test(tc, notes_stay);
	tcase_add_test(tc, a_channel_is_held_to_its_number);
	tcase_add_test(tc, what_is_old_goes);
	tcase_add_test(tc, an_empty_channel_makes_room);
	tcase_add_test(tc, there_may_be_so_many_channels);
	tcase_add_test(tc, what_stands_ready_behind_the_log_ends_it);
	tcase_add_test(tc, nobody_else_reads_it);
	tcase_add_test(tc, a_backup_is_whole);
	tcase_add_test(tc, a_backup_says_what_is_wrong);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
