/* SPDX-License-Identifier: MIT */
/* The reader's requests: pages, lists, dispositions. */
#include "store/store-private.h"

#include "base/macro.h"

#include <string.h>

static void read_arrived(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);
	int r = q->run(q);

	if (r < 0)
		store_trouble(&store_of(q->store)->reader, "reading", r);
	store_answer(q, store_outcome(r));
}

int read_find(struct db *d, uint8_t kind, const char *name, size_t len, struct store_counts *ret)
{
	sqlite3_stmt *st = db_start(d, DB_CHANNEL_FIND, 1, (uint64_t)kind);
	int r;

	if (st)
		db_bind(st, 2, name, len);
	r = db_step(d, st);
	if (r <= 0)
		return r;
	*ret = (struct store_counts){ .id = db_u64(st, 0), .last = db_u64(st, 1), .count = db_u64(st, 2), .bytes = db_u64(st, 3) };
	db_stop(st);
	return 1;
}

int read_tail(struct db *d, struct store_counts *c)
{
	sqlite3_stmt *st = db_start(d, DB_TAIL, 2, store_id(c->id, c->last), store_id(c->id, STORE_NUMBER_MAX));
	int r = db_step(d, st);

	if (r < 0)
		return r;
	if (db_u64(st, 0) > 0) {
		c->count += db_u64(st, 0);
		c->bytes += db_u64(st, 1);
		c->last = store_id_number(db_u64(st, 2));
	}
	db_stop(st);
	st = db_start(d, DB_FIRST, 2, store_id(c->id, 0), store_id(c->id, STORE_NUMBER_MAX));
	r = db_step(d, st);
	if (r < 0)
		return r;
	c->first = r > 0 ? store_id_number(db_u64(st, 0)) : c->last + 1;
	if (r > 0)
		db_stop(st);
	return 0;
}

static int read_rows(struct db *d, struct store_page *q, uint64_t channel)
{
	uint64_t upto = MIN(q->upto, STORE_NUMBER_MAX);
	sqlite3_stmt *st = db_start(d, DB_ROWS, 3, store_id(channel, q->after), store_id(channel, upto),
				    (uint64_t)q->max_rows + 1);
	int r;

	while ((r = db_step(d, st)) > 0) {
		struct store_row row = {
			.number = store_id_number(db_u64(st, 0)),
			.time_msec = db_u64(st, 1),
			.from = sqlite3_column_blob(st, 2),
			.from_len = (size_t)sqlite3_column_bytes(st, 2),
			.text = sqlite3_column_blob(st, 3),
			.text_len = (size_t)sqlite3_column_bytes(st, 3),
		};

		r = store_page_add(q, &row);
		if (r <= 0)
			break;
	}
	if (st)
		db_stop(st);
	return r < 0 ? r : 0;
}

static int read_left(struct db *d, struct store_page *q, uint64_t channel)
{
	sqlite3_stmt *st = db_start(d, DB_LEFT, 2, store_id(channel, q->last), store_id(channel, MIN(q->upto, STORE_NUMBER_MAX)));
	int r = db_step(d, st);

	if (r <= 0)
		return r;
	q->left = db_u64(st, 0);
	db_stop(st);
	return 0;
}

static int read_page(struct store_request *request)
{
	struct store_sqlite *s = store_of(request->store);
	struct store_page *q = container_of(request, struct store_page, request);
	struct store_counts c = { .id = q->channel_id };
	struct db *d = &s->reader.db;
	int r = 1;

	q->last = q->after;
	if (c.id == 0)
		r = read_find(d, q->kind, q->name, q->name_len, &c);
	q->channel_id = c.id;
	if (r == 0)
		return STORE_E_NOT_FOUND;
	if (r >= 0 && q->count_all)
		r = read_tail(d, &c);
	q->counts = c;
	if (r >= 0 && q->after < STORE_NUMBER_MAX)
		r = read_rows(d, q, c.id);
	if (r >= 0 && q->count_left && q->more)
		r = read_left(d, q, c.id);
	return MIN(r, 0);
}

int read_submit_page(struct store *store, struct store_page *q)
{
	struct store_sqlite *s = store_of(store);

	store_page_begin(q);
	store_push(s, &s->reader, &q->request, read_arrived, read_page);
	return 0;
}

/* Looks for the message itself, and then for its receipt. */
static int read_lookup(struct store_request *request)
{
	struct store_sqlite *s = store_of(request->store);
	struct store_lookup *q = container_of(request, struct store_lookup, request);
	struct db *d = &s->reader.db;
	sqlite3_stmt *st = db_start(d, DB_HELD, 1, q->message_id);
	int r;

	if (st)
		db_bind(st, 2, q->from, q->from_len);
	r = db_step(d, st);
	q->disposition = STORE_HELD;
	if (r == 0) {
		st = db_start(d, DB_RECEIPT_GET, 1, q->message_id);
		if (st)
			db_bind(st, 2, q->from, q->from_len);
		r = db_step(d, st);
		if (r > 0)
			q->disposition = (enum store_disposition)db_u64(st, 1);
	}
	if (r <= 0)
		return r < 0 ? r : STORE_E_NOT_FOUND;
	q->time_msec = db_u64(st, 0);
	db_stop(st);
	return 0;
}

int read_submit_lookup(struct store *store, struct store_lookup *q)
{
	struct store_sqlite *s = store_of(store);

	store_push(s, &s->reader, &q->request, read_arrived, read_lookup);
	return 0;
}

static int read_list_one(struct db *d, struct store_list *q, sqlite3_stmt *st)
{
	struct store_listed row = {
		.counts = { .id = db_u64(st, 0), .last = db_u64(st, 1), .count = db_u64(st, 2), .bytes = db_u64(st, 3) },
		.name = sqlite3_column_blob(st, 4),
		.name_len = (size_t)sqlite3_column_bytes(st, 4),
		.value = "",
	};
	sqlite3_stmt *attribute = NULL;
	int r;

	r = read_tail(d, &row.counts);
	if (r >= 0 && q->attribute) {
		attribute = db_start(d, DB_ATTRIBUTE_GET, 1, row.counts.id);
		if (attribute)
			db_bind(attribute, 2, q->attribute, strlen(q->attribute));
		r = db_step(d, attribute);
		if (r > 0) {
			row.value_len = (size_t)sqlite3_column_bytes(attribute, 0);
			row.value = sqlite3_column_blob(attribute, 0);
		}
	}
	if (r >= 0)
		r = store_list_add(q, &row);
	if (attribute)
		db_stop(attribute);
	return r;
}

static int read_list(struct store_request *request)
{
	struct store_sqlite *s = store_of(request->store);
	struct store_list *q = container_of(request, struct store_list, request);
	struct db *d = &s->reader.db;
	sqlite3_stmt *st = db_start(d, DB_CHANNEL_LIST, 2, (uint64_t)q->kind, (uint64_t)q->max_rows + 1);
	int r;

	if (st)
		db_bind(st, 3, q->after, q->after_len);
	while ((r = db_step(d, st)) > 0) {
		q->more = q->n_rows == q->max_rows;
		if (q->more)
			break;
		r = read_list_one(d, q, st);
		if (r < 0)
			break;
	}
	if (r != 0 && st)
		db_stop(st);
	return r < 0 ? r : 0;
}

int read_submit_list(struct store *store, struct store_list *q)
{
	struct store_sqlite *s = store_of(store);

	store_list_begin(q);
	store_push(s, &s->reader, &q->request, read_arrived, read_list);
	return 0;
}
