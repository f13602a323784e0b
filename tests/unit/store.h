#pragma once
/* SPDX-License-Identifier: MIT */
/* A store in a folder of the test's own, and its requests made as if they were calls. */

#include "base/clock.h"
#include "base/macro.h"
#include "store/store.h"

#include <check.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "unit/folder.h"

static struct store *store;
static struct loop store_home;
static unsigned store_answers;
static struct store_rule store_rules[STORE_KINDS_MAX];
static const struct store_clock *store_clock; /* NULL: the system's */

static inline void store_answered(struct store_request *q)
{
	(void)q;
	store_answers++;
}

static inline int store_try(const char *dir, char *why, size_t why_size)
{
	struct store_args args = { .dir = dir, .max_queued_bytes = 64 << 20, .max_channels = 100000 };

	memcpy(args.rules, store_rules, sizeof(args.rules));
	args.clock = store_clock;
	ck_assert_int_eq(loop_init(&store_home), 0);
	return store_new(&store, &args, why, why_size);
}

static inline void store_begin(void)
{
	char why[1024] = "";

	ck_assert_msg(store_try(folder_path, why, sizeof(why)) == 0, "%s", why);
}

static inline void store_end(void)
{
	ck_assert_uint_eq(store_free(store, clock_usec() + 30 * USEC_PER_SEC), 0);
	store = NULL;
	loop_done(&store_home);
}

static inline void store_again(void)
{
	store_end();
	store_begin();
}

/* Behind its back. */
static inline void store_tamper(const char *sql)
{
	char path[96];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/store.db", folder_path);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_busy_timeout(db, 60000), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

/* Passes of the loop until so many answers have come. */
static inline void store_wait(unsigned n)
{
	uint64_t until = clock_usec() + 60 * USEC_PER_SEC;

	while (store_answers < n) {
		ck_assert_int_eq(loop_pass(&store_home, 1000), 0);
		ck_assert_msg(clock_usec() < until, "the store does not answer");
	}
}

static inline void store_prepare(struct store_request *q)
{
	q->loop = &store_home;
	q->on_complete = store_answered;
}

/* Makes one request and waits for its answer. */
#define STORE_CALL(fn, q)                                      \
	({                                                     \
		unsigned n_ = store_answers;                   \
		store_prepare(&(q)->request);                  \
		ck_assert_int_eq(fn(store, (q)), 0);           \
		store_wait(n_ + 1);                            \
		(q)->request.result;                           \
	})

static inline struct store_channel *store_opened(unsigned kind, const char *name, struct store_counts *ret_counts)
{
	struct store_open q = { .kind = (uint8_t)kind, .name_len = (uint8_t)strlen(name) };

	memcpy(q.name, name, q.name_len);
	ck_assert_int_eq(STORE_CALL(store_open, &q), 0);
	ck_assert_ptr_nonnull(q.channel);
	store_open_done(&q);
	if (ret_counts)
		*ret_counts = q.counts;
	return q.channel;
}

static inline struct store_append store_text(struct store_channel *c, const char *from, const char *text, const char *key)
{
	return (struct store_append){
		.channel = c,
		.from = from,
		.from_len = strlen(from),
		.text = text,
		.text_len = strlen(text),
		.key = key,
		.key_len = key ? strlen(key) : 0,
	};
}

/* The number it was given. */
static inline uint64_t store_said(struct store_channel *c, const char *text)
{
	struct store_append q = store_text(c, "bob", text, NULL);

	ck_assert_int_eq(STORE_CALL(store_append, &q), 0);
	ck_assert_uint_eq(store_id_number(q.message_id), q.counts.last);
	return q.counts.last;
}

static inline void store_page_of(struct store_page *q, unsigned kind, const char *name, uint64_t after, size_t max_rows)
{
	*q = (struct store_page){ .kind = (uint8_t)kind, .name_len = (uint8_t)strlen(name), .after = after,
				  .upto = UINT64_MAX, .max_rows = max_rows, .max_bytes = 1 << 20, .count_left = true };
	memcpy(q->name, name, q->name_len);
}

/* What is kept, as "1:bob:text 2:bob:text ". */
static inline void store_expect(unsigned kind, const char *name, const char *want)
{
	char got[4096] = "";
	struct store_page q;
	struct store_row row;
	size_t at = 0, n = 0;

	store_page_of(&q, kind, name, 0, 100);
	ck_assert_int_eq(STORE_CALL(store_page, &q), 0);
	while (store_page_next(&q, &at, &row))
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%llu:%.*s:%.*s ", (unsigned long long)row.number,
				      (int)row.from_len, row.from, (int)row.text_len, row.text);
	store_page_done(&q);
	ck_assert_str_eq(got, want);
}
