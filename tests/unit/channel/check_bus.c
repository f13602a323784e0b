/* SPDX-License-Identifier: MIT */
/*
 * Requests as bytes: each kind of each policy is packed and unpacked, with arguments that are chosen at random from
 * what its rows allow. The kinds come from the tables of the policies, so a new one is tested here without a change.
 */

#include "base/address.h"
#include "base/macro.h"
#include "channel/channel-private.h"
#include "roles/chat/member.h"
#include "roles/relay/relay.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture/channel_fixture.h"
#include "unit/fixture/run.h"

#define ROUNDS 50
#define POISON 0xa5

static const struct channel_policy *const policies[] = { &chat_policy, &relay_policy, &channel_fixture_policy };

static struct channel_engine *engine;
static uint64_t seed = 1;

/* xorshift: the same numbers in each run. */
static uint64_t any(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t any_upto(uint64_t max)
{
	uint64_t v = any();

	/* The ends of the range are the values that go wrong. */
	if (v % 8 == 0)
		return v & 8 ? max : 0;
	return max == UINT64_MAX ? any() : any() % (max + 1);
}

static void any_bytes(char *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (char)any();
}

static const char a_text[1000] = "a text, and its end";

static void fill_row(const struct pack_row *row, char *args)
{
	void *at = args + row->offset;
	size_t *len = (void *)(args + row->len_offset);
	struct address *a = at;

	switch (row->type) {
	case PACK_BOOL:
		*(bool *)at = any() & 1;
		return;
	case PACK_ENUM:
		*(unsigned *)at = (unsigned)any_upto(row->max);
		return;
	case PACK_U64:
		*(uint64_t *)at = any_upto(row->max);
		return;
	case PACK_ADDRESS:
		any_bytes((char *)&a->ip, sizeof(a->ip));
		a->port = (uint16_t)any();
		return;
	case PACK_NAME:
		*len = (size_t)any_upto(row->max);
		any_bytes(at, *len);
		return;
	case PACK_TEXT:
		*len = (size_t)any_upto(MIN(row->max, (uint64_t)sizeof(a_text)));
		*(const char **)at = a_text;
		return;
	case PACK_NUMBERS:
		*len = (size_t)any_upto(row->max);
		any_bytes(at, *len * sizeof(uint64_t));
		return;
	case PACK_TYPE_MAX:
		break;
	}
	ck_abort_msg("a row of type %d", row->type);
}

static bool row_is_equal(const struct pack_row *row, const char *a, const char *b)
{
	const void *x = a + row->offset, *y = b + row->offset;
	size_t n = 0, m = 0;

	if (row->type == PACK_NAME || row->type == PACK_TEXT || row->type == PACK_NUMBERS) {
		n = *(const size_t *)(const void *)(a + row->len_offset);
		m = *(const size_t *)(const void *)(b + row->len_offset);
	}
	switch (row->type) {
	case PACK_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case PACK_ENUM:
		return *(const unsigned *)x == *(const unsigned *)y;
	case PACK_U64:
		return *(const uint64_t *)x == *(const uint64_t *)y;
	case PACK_ADDRESS:
		return memcmp(x, y, offsetof(struct address, port) + sizeof(uint16_t)) == 0;
	case PACK_NAME:
		return n == m && memcmp(x, y, n) == 0;
	case PACK_TEXT:
		return n == m && memcmp(*(const char *const *)x, *(const char *const *)y, n) == 0;
	case PACK_NUMBERS:
		return n == m && memcmp(x, y, n * sizeof(uint64_t)) == 0;
	case PACK_TYPE_MAX:
		break;
	}
	return false;
}

static struct channel_request *request_new(const struct channel_policy *p, const struct channel_request_kind *kind)
{
	struct channel_request *rq = malloc(kind->size);

	memset(rq, POISON, kind->size);
	*rq = (struct channel_request){ .policy = p, .kind = kind, .engine = engine };
	return rq;
}

static void request_free(struct channel_request *rq)
{
	(void)channel_message_unref(rq->message);
	free(rq);
}

static struct channel_request *request_any(const struct channel_policy *p, const struct channel_request_kind *kind)
{
	struct channel_request *rq = request_new(p, kind);

	rq->create = any() & 1;
	rq->session = (struct handle){ (uint32_t)any_upto(engine->n_shards - 1), (uint32_t)any(), any() };
	rq->name_len = (uint8_t)any_upto(STORE_NAME_MAX);
	any_bytes(rq->name, rq->name_len);
	rq->age_msec = any();
	rq->real_msec = any();
	rq->limits = (struct channel_limits){ any(), any() };
	if (kind->has_message)
		rq->message = channel_message_new((unsigned)any(), a_text, (size_t)any_upto(STORE_NAME_MAX), a_text,
						  (size_t)any_upto(sizeof(a_text)));
	for (size_t i = 0; i < kind->n_rows; i++)
		fill_row(&kind->rows[i], (char *)rq);
	return rq;
}

static void expect_equal(const struct channel_request *a, const struct channel_request *b)
{
	ck_assert_int_eq(a->create, b->create);
	ck_assert(handle_equal(a->session, b->session));
	ck_assert(a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0);
	ck_assert(a->age_msec == b->age_msec && a->real_msec == b->real_msec);
	ck_assert_int_eq(memcmp(&a->limits, &b->limits, sizeof(a->limits)), 0);
	ck_assert_int_eq(!a->message, !b->message);
	if (a->message) {
		const struct channel_event *x = channel_message_event(a->message),
					   *y = channel_message_event(b->message);

		ck_assert_uint_eq(x->type, y->type);
		ck_assert(x->from_len == y->from_len && memcmp(x->from, y->from, x->from_len) == 0);
		ck_assert(x->text_len == y->text_len && memcmp(x->text, y->text, x->text_len) == 0);
	}
	for (size_t i = 0; i < a->kind->n_rows; i++)
		ck_assert_msg(row_is_equal(&a->kind->rows[i], (const char *)a, (const char *)b), "row %zu of '%s'", i,
			      a->kind->name);
}

/* Unpacks a copy of its own size, so that a sanitizer sees a read behind the end. Bytes that are taken must be the ones
 * that packing makes. */
static int try_bytes(const struct channel_policy *p, const struct channel_request_kind *kind, const char *bytes,
		     size_t n)
{
	struct channel_request *rq = request_new(p, kind);
	char *copy = malloc(n + 1);
	struct buf again = {};
	int r;

	memcpy(copy + 1, bytes, n);
	r = channel_request_unpack(rq, copy + 1, n);
	if (r == 0) {
		ck_assert_int_eq(channel_request_pack(rq, &again), 0);
		ck_assert(again.len == n && memcmp(again.data, copy + 1, n) == 0);
	}
	buf_done(&again);
	request_free(rq);
	free(copy);
	return r;
}

static void try_wrong_bytes(const struct channel_policy *p, const struct channel_request_kind *kind, struct buf *b)
{
	size_t n = b->len;

	for (size_t cut = 0; cut < n; cut++)
		ck_assert_int_eq(try_bytes(p, kind, b->data, cut), -EBADMSG);
	ck_assert_int_eq(buf_append(b, "", 1), 0);
	ck_assert_int_eq(try_bytes(p, kind, b->data, n + 1), -EBADMSG);
	for (size_t i = 0; i < n; i++) {
		char before = b->data[i];
		int r;

		b->data[i] = (char)(before ^ (char)(any() | 1));
		r = try_bytes(p, kind, b->data, n);
		ck_assert(r == 0 || r == -EBADMSG);
		b->data[i] = before;
	}
	for (size_t i = 0; i + 4 <= n; i++) {
		char before[4];
		int r;

		memcpy(before, b->data + i, sizeof(before));
		memset(b->data + i, 0xff, sizeof(before));
		r = try_bytes(p, kind, b->data, n);
		ck_assert(r == 0 || r == -EBADMSG);
		memcpy(b->data + i, before, sizeof(before));
	}
	any_bytes(b->data, n);
	ck_assert_int_eq(try_bytes(p, kind, b->data, n), -EBADMSG);
}

static void try_kind(const struct channel_policy *p, const struct channel_request_kind *kind)
{
	struct channel_request *a = request_any(p, kind), *b = request_new(p, kind);
	struct buf bytes = {};

	ck_assert_int_eq(channel_request_pack(a, &bytes), 0);
	ck_assert_int_eq(channel_request_unpack(b, bytes.data, bytes.len), 0);
	expect_equal(a, b);
	request_free(b); /* its texts point into the bytes */
	try_wrong_bytes(p, kind, &bytes);
	buf_done(&bytes);
	request_free(a);
}

static void engine_make(void)
{
	engine = calloc(1, sizeof(*engine));
	engine->n_shards = 4;
}

static void engine_free(void)
{
	free(engine);
}

START_TEST(each_kind_there_and_back)
{
	const struct channel_policy *p = policies[_i];

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < p->n_kinds; i++)
			try_kind(p, &p->kinds[i]);
		try_kind(p, &replay_go_live);
	}
}
END_TEST

START_TEST(another_kind_is_refused)
{
	const struct channel_policy *p = policies[_i];

	for (size_t i = 0; i < p->n_kinds; i++) {
		struct channel_request *rq = request_any(p, &p->kinds[i]);
		struct buf bytes = {};

		ck_assert_int_eq(channel_request_pack(rq, &bytes), 0);
		for (size_t k = 0; k < p->n_kinds; k++)
			if (k != i)
				ck_assert_int_eq(try_bytes(p, &p->kinds[k], bytes.data, bytes.len), -EBADMSG);
		ck_assert_int_eq(try_bytes(p->kind == relay_policy.kind ? &chat_policy : &relay_policy, &p->kinds[i],
					   bytes.data, bytes.len),
				 -EBADMSG);
		buf_done(&bytes);
		request_free(rq);
	}
}
END_TEST

static void leave_fill(struct channel_subscription *sub, const struct channel_policy *p)
{
	char name[STORE_NAME_MAX];
	size_t why = (size_t)any_upto(sizeof(sub->why) - 1);

	*sub = (struct channel_subscription){ .policy = p, .engine = engine };
	any_bytes(name, sizeof(name));
	channel_key_set(&sub->key, p, name, (size_t)any_upto(sizeof(name)));
	sub->handle = (struct handle){ (uint32_t)any_upto(engine->n_shards - 1), (uint32_t)any(), any() };
	memset(sub->why, 'w', why);
}

START_TEST(leave_there_and_back)
{
	const struct channel_policy *p = policies[_i];

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct channel_subscription a, b = { .policy = p, .engine = engine };
		struct buf bytes = {};

		leave_fill(&a, p);
		ck_assert_int_eq(channel_leave_pack(&a, &bytes), 0);
		ck_assert_int_eq(channel_leave_unpack(&b, bytes.data, bytes.len), 0);
		ck_assert(handle_equal(a.handle, b.handle));
		ck_assert(a.key.len == b.key.len && memcmp(a.key.bytes, b.key.bytes, a.key.len) == 0);
		ck_assert_str_eq(a.why, b.why);
		for (size_t cut = 0; cut < bytes.len; cut++)
			ck_assert_int_eq(channel_leave_unpack(&b, bytes.data, cut), -EBADMSG);
		ck_assert_int_eq(buf_append(&bytes, "", 1), 0);
		ck_assert_int_eq(channel_leave_unpack(&b, bytes.data, bytes.len), -EBADMSG);
		bytes.data[1] = 1; /* another kind */
		ck_assert_int_eq(channel_leave_unpack(&b, bytes.data, bytes.len - 1), -EBADMSG);
		buf_done(&bytes);
	}
}
END_TEST

static size_t row_size(const struct pack_row *row)
{
	switch (row->type) {
	case PACK_BOOL:
		return sizeof(bool);
	case PACK_ENUM:
		return sizeof(unsigned);
	case PACK_U64:
		return sizeof(uint64_t);
	case PACK_ADDRESS:
		return sizeof(struct address);
	case PACK_NAME:
		return (size_t)row->max;
	case PACK_TEXT:
		return sizeof(const char *);
	case PACK_NUMBERS:
		return (size_t)row->max * sizeof(uint64_t);
	case PACK_TYPE_MAX:
		break;
	}
	ck_abort_msg("a row of type %d", row->type);
}

/* Marks the bytes of the arguments that rows of this kind name. */
static void cover(const struct channel_request_kind *kind, char *covered)
{
	for (size_t i = 0; i < kind->n_rows; i++) {
		const struct pack_row *row = &kind->rows[i];
		size_t at = row->offset - kind->args_offset;

		ck_assert_uint_ge(row->offset, kind->args_offset);
		ck_assert_uint_le(at + row_size(row), kind->args_size);
		memset(covered + at, 1, row_size(row));
		if (row->len_offset > 0)
			memset(covered + row->len_offset - kind->args_offset, 1, sizeof(size_t));
	}
}

/* An argument that no row names would not come to the owner. Padding has less than eight bytes. */
START_TEST(each_argument_has_a_row)
{
	const struct channel_policy *p = policies[_i];

	for (size_t i = 0; i < p->n_kinds; i++) {
		const struct channel_request_kind *kind = &p->kinds[i];
		char *covered = calloc(1, kind->args_size + 1);
		size_t gap = 0;

		/* Kinds can share a struct. */
		for (size_t k = 0; k < p->n_kinds; k++)
			if (p->kinds[k].size == kind->size)
				cover(&p->kinds[k], covered);
		for (size_t at = 0; at < kind->args_size; at++) {
			gap = covered[at] ? 0 : gap + 1;
			ck_assert_msg(gap < 8, "'%s': no row names the bytes up to %zu", kind->name, at);
		}
		free(covered);
	}
}
END_TEST

START_TEST(each_kind_is_whole)
{
	const struct channel_policy *p = policies[_i];

	ck_assert_uint_gt(p->n_kinds, 0);
	for (size_t i = 0; i < p->n_kinds; i++) {
		const struct channel_request_kind *kind = &p->kinds[i];

		ck_assert_ptr_nonnull(kind->name);
		ck_assert_ptr_nonnull(kind->act);
		ck_assert(kind->id > 0 && kind->id < CHANNEL_KIND_ENGINE);
		ck_assert_uint_ge(kind->size, sizeof(struct channel_request));
		ck_assert(kind->args_size == 0 || kind->args_offset >= sizeof(struct channel_request));
		ck_assert_uint_le(kind->args_offset + kind->args_size, kind->size);
		for (size_t k = 0; k < i; k++)
			ck_assert_int_ne(kind->id, p->kinds[k].id);
	}
}
END_TEST

/* A release must understand the requests of the one before. */
START_TEST(ids_stay)
{
	static const struct {
		const struct channel_policy *policy;
		uint8_t id;
		const char *name;
	} stay[] = {
		{ &chat_policy, 1, "SAY" },     { &chat_policy, 2, "JOIN" },     { &chat_policy, 3, "PART" },
		{ &chat_policy, 4, "rename" },  { &chat_policy, 5, "WHO" },      { &chat_policy, 6, "TOPIC" },
		{ &chat_policy, 7, "KICK" },    { &chat_policy, 8, "MUTE" },     { &chat_policy, 9, "BAN" },
		{ &chat_policy, 10, "ROLE" },   { &relay_policy, 1, "SEND" },    { &relay_policy, 2, "ACK" },
		{ &relay_policy, 3, "notify" }, { &relay_policy, 4, "MAILBOX" }, { &relay_policy, 5, "enter" },
		{ &relay_policy, 6, "leave" },
	};

	for (unsigned i = 0; i < ELEMENTSOF(stay); i++) {
		const struct channel_policy *p = stay[i].policy;
		bool found = false;

		for (size_t k = 0; k < p->n_kinds; k++)
			found = found || (p->kinds[k].id == stay[i].id && strcmp(p->kinds[k].name, stay[i].name) == 0);
		ck_assert_msg(found, "'%s' is not %u any more", stay[i].name, stay[i].id);
	}
	ck_assert_uint_eq(replay_go_live.id, 0xf0);
	ck_assert_uint_eq(CHANNEL_KIND_LEAVE, 0xf1);
}
END_TEST

/* One row of each type, and values just outside its range. */
START_TEST(ranges)
{
	struct thing {
		bool flag;
		unsigned word;
		uint64_t number;
		size_t len;
		char name[4];
	} thing;
	static const struct pack_row flag[] = { PACK_ROW_BOOL(struct thing, flag) };
	static const struct pack_row word[] = { PACK_ROW_ENUM(struct thing, word, unsigned, 2) };
	static const struct pack_row number[] = { PACK_ROW_U64(struct thing, number, 1000) };
	static const struct pack_row name[] = { PACK_ROW_NAME(struct thing, name, len) };
	static const struct {
		const struct pack_row *row;
		const char *bytes;
		size_t n;
		int result;
	} rows[] = {
		{ flag, "\1", 1, 0 },
		{ flag, "\2", 1, -EBADMSG },
		{ word, "\2\0\0\0", 4, 0 },
		{ word, "\3\0\0\0", 4, -EBADMSG },
		{ word, "\0\0\0\1", 4, -EBADMSG },
		{ number, "\xe8\3\0\0\0\0\0\0", 8, 0 },
		{ number, "\xe9\3\0\0\0\0\0\0", 8, -EBADMSG },
		{ number, "\0\0\0\0\0\0\0\1", 8, -EBADMSG },
		{ name, "\4\0\0\0abcd", 8, 0 },
		{ name, "\5\0\0\0abcde", 9, -EBADMSG },
		{ name, "\4\0\0\0abc", 7, -EBADMSG },
		{ name, "\xff\xff\xff\xff", 4, -EBADMSG },
	};
	struct pack_reader from = { rows[_i].bytes, rows[_i].n };

	ck_assert_int_lt(_i, (int)ELEMENTSOF(rows));
	ck_assert_int_eq(pack_read_rows(rows[_i].row, 1, &from, &thing), rows[_i].result);
	ck_assert(rows[_i].result < 0 || from.left == 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bus");
	TCase *t = tcase_create("bus");

	tcase_add_checked_fixture(t, engine_make, engine_free);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, each_kind_there_and_back, 0, ELEMENTSOF(policies));
	tcase_add_loop_test(t, another_kind_is_refused, 0, ELEMENTSOF(policies));
	tcase_add_loop_test(t, leave_there_and_back, 0, ELEMENTSOF(policies));
	tcase_add_loop_test(t, each_argument_has_a_row, 0, ELEMENTSOF(policies));
	tcase_add_loop_test(t, each_kind_is_whole, 0, ELEMENTSOF(policies));
	tcase_add_test(t, ids_stay);
	tcase_add_loop_test(t, ranges, 0, 12);
	suite_add_tcase(s, t);
	return run_suite(s);
}
