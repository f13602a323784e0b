/* SPDX-License-Identifier: MIT */
/* The reader's requests: pages, lists, dispositions. Rows are packed one after the other into the buffer of the
 * request. */
#include "store/store-private.h"

#include "base/macro.h"

#include <string.h>

struct read_row {
	uint64_t number, time_msec;
	uint32_t from_len, text_len;
};

struct read_listed {
	struct store_counts counts;
	uint32_t name_len, value_len;
};

static void read_arrived(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);
	int r = q->run(q->store, q);

	if (r < 0)
		store_trouble(&q->store->reader, "reading", r);
	store_answer(q, store_outcome(r));
}

/* Packs a row: a header, and two texts behind it. */
static int read_pack(struct buf *b, const void *head, size_t head_len, const void *p, size_t n, const void *q, size_t m)
{
	int r = buf_reserve(b, head_len + n + m);

	if (r < 0)
		return r;
	(void)buf_append(b, head, head_len);
	(void)buf_append(b, p, n);
	return buf_append(b, q, m);
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
		struct read_row row = {
			.number = store_id_number(db_u64(st, 0)),
			.time_msec = db_u64(st, 1),
			.from_len = (uint32_t)sqlite3_column_bytes(st, 2),
			.text_len = (uint32_t)sqlite3_column_bytes(st, 3),
		};

		q->more = q->n_rows == q->max_rows ||
			  (q->n_rows > 0 && q->rows.len + sizeof(row) + row.from_len + row.text_len > q->max_bytes);
		if (q->more)
			break;
		r = read_pack(&q->rows, &row, sizeof(row), sqlite3_column_blob(st, 2), row.from_len,
			      sqlite3_column_blob(st, 3), row.text_len);
		if (r < 0)
			break;
		q->n_rows++;
		q->last = row.number;
	}
	if (r != 0 && st)
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

static int read_page(struct store *s, struct store_request *request)
{
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

int store_page(struct store *s, struct store_page *q)
{
	q->rows = (struct buf){};
	q->n_rows = 0;
	q->more = false;
	q->left = 0;
	store_push(s, &s->reader, &q->request, read_arrived, read_page);
	return 0;
}

bool store_page_next(const struct store_page *q, size_t *at, struct store_row *ret)
{
	struct read_row row;

	if (*at >= q->rows.len)
		return false;
	memcpy(&row, q->rows.data + *at, sizeof(row));
	*ret = (struct store_row){
		.number = row.number,
		.time_msec = row.time_msec,
		.from = q->rows.data + *at + sizeof(row),
		.from_len = row.from_len,
		.text = q->rows.data + *at + sizeof(row) + row.from_len,
		.text_len = row.text_len,
	};
	*at += sizeof(row) + row.from_len + row.text_len;
	return true;
}

void store_page_done(struct store_page *q)
{
	buf_done(&q->rows);
}

/* Looks for the message itself, and then for its receipt. */
static int read_lookup(struct store *s, struct store_request *request)
{
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

int store_lookup(struct store *s, struct store_lookup *q)
{
	store_push(s, &s->reader, &q->request, read_arrived, read_lookup);
	return 0;
}

static int read_list_one(struct db *d, struct store_list *q, sqlite3_stmt *st)
{
	struct read_listed row = {
		.counts = { .id = db_u64(st, 0), .last = db_u64(st, 1), .count = db_u64(st, 2), .bytes = db_u64(st, 3) },
		.name_len = (uint32_t)sqlite3_column_bytes(st, 4),
	};
	sqlite3_stmt *attribute = NULL;
	const void *value = "";
	int r;

	r = read_tail(d, &row.counts);
	if (r >= 0 && q->attribute) {
		attribute = db_start(d, DB_ATTRIBUTE_GET, 1, row.counts.id);
		if (attribute)
			db_bind(attribute, 2, q->attribute, strlen(q->attribute));
		r = db_step(d, attribute);
		if (r > 0) {
			row.value_len = (uint32_t)sqlite3_column_bytes(attribute, 0);
			value = sqlite3_column_blob(attribute, 0);
		}
	}
	if (r >= 0)
		r = read_pack(&q->rows, &row, sizeof(row), sqlite3_column_blob(st, 4), row.name_len, value, row.value_len);
	if (attribute)
		db_stop(attribute);
	return r;
}

static int read_list(struct store *s, struct store_request *request)
{
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
		q->n_rows++;
	}
	if (r != 0 && st)
		db_stop(st);
	return r < 0 ? r : 0;
}

int store_list(struct store *s, struct store_list *q)
{
	q->rows = (struct buf){};
	q->n_rows = 0;
	q->more = false;
	store_push(s, &s->reader, &q->request, read_arrived, read_list);
	return 0;
}

bool store_list_next(const struct store_list *q, size_t *at, struct store_listed *ret)
{
	struct read_listed row;

	if (*at >= q->rows.len)
		return false;
	memcpy(&row, q->rows.data + *at, sizeof(row));
	*ret = (struct store_listed){
		.counts = row.counts,
		.name = q->rows.data + *at + sizeof(row),
		.name_len = row.name_len,
		.value = q->rows.data + *at + sizeof(row) + row.name_len,
		.value_len = row.value_len,
	};
	*at += sizeof(row) + row.name_len + row.value_len;
	return true;
}

void store_list_done(struct store_list *q)
{
	buf_done(&q->rows);
}
