/* SPDX-License-Identifier: MIT */
/*
 * The writer's requests. The counts of an open channel are in memory, as they will be after the open transaction. The
 * row of the channel on disk is updated lazily: when something was removed, and else once in WRITE_ROW_LAG messages, so
 * that a new message costs one insertion only. read_tail() counts the messages that the row does not count yet.
 */
#include "store/store-private.h"

#include "base/macro.h"

#include <string.h>

#define WRITE_ROW_LAG 1024

static uint64_t write_real_msec(const struct store_sqlite *s)
{
	return s->now_usec / 1000;
}

static uint64_t write_last_key(const struct store_channel *c)
{
	return store_id(c->now.id, STORE_NUMBER_MAX);
}

/* The number of its oldest message that is not below @from. */
static int write_find_first(struct store_sqlite *s, struct store_channel *c, uint64_t from)
{
	struct db *d = &s->writer.db;
	sqlite3_stmt *st = db_start(d, DB_FIRST, 2, store_id(c->now.id, from) - 1, write_last_key(c));
	int r = db_step(d, st);

	if (r < 0)
		return r;
	c->now.first = r > 0 ? store_id_number(db_u64(st, 0)) : c->now.last + 1;
	if (r > 0)
		db_stop(st);
	return 0;
}

int write_load(struct store_sqlite *s, struct store_channel *c)
{
	struct db *d = &s->writer.db;
	int r;

	c->now = (struct store_counts){ .first = 1 };
	r = read_find(d, (uint8_t)c->key[0], c->key + 1, c->name_len, &c->now);
	if (r > 0) {
		c->row_last = c->row_was = c->now.last;
		r = read_tail(d, &c->now);
	}
	c->was = c->now;
	c->loaded = r >= 0;
	return MIN(r, 0);
}

int write_load_id_block(struct store_sqlite *s)
{
	int r;

	s->id_block.store = s;
	s->id_block.entered = true;
	s->id_block.key[0] = STORE_KINDS_MAX - 1;
	r = write_load(s, &s->id_block);
	s->low_water_mark = s->id_block.now.last;
	return r;
}

uint64_t write_low_water_mark(const struct store *store)
{
	const struct store_sqlite *s = store_of_const(store);

	return s->low_water_mark;
}

struct store_channel *write_id_block(struct store *store)
{
	struct store_sqlite *s = store_of(store);

	return &s->id_block;
}

int write_ready(struct store_sqlite *s, struct store_channel *c)
{
	if (open_enter(s, c) < 0)
		return STORE_E_NO_MEMORY;
	return c->loaded ? 0 : write_load(s, c);
}

void write_touch(struct store_sqlite *s, struct store_channel *c)
{
	if (!list_is_linked(&c->touched))
		list_add_tail(&s->touched, &c->touched);
}

int write_update_row(struct store_sqlite *s, struct store_channel *c)
{
	int r;

	if (c->now.id == 0 || (!c->row_dirty && c->now.last - c->row_last < WRITE_ROW_LAG))
		return 0;
	r = db_run(&s->writer.db, DB_CHANNEL_UPDATE, 5, c->now.id, c->now.last, c->now.count, c->now.bytes,
		   s->now_usec / 1000000);
	c->row_last = c->now.last;
	c->row_dirty = false;
	return r;
}

int write_count(struct store_sqlite *s)
{
	struct db *d = &s->writer.db;
	int r = 1;

	for (unsigned kind = 0; kind < STORE_KINDS_MAX && r > 0; kind++) {
		sqlite3_stmt *st = db_start(d, DB_CHANNEL_COUNT, 1, (uint64_t)kind);

		r = db_step(d, st);
		if (r <= 0)
			break;
		s->rows.now[kind] = s->rows.was[kind] = db_u64(st, 0);
		db_stop(st);
	}
	return r < 0 ? r : 0;
}

/* Takes a row of this kind that has no name any more, or adds one. STORE_E_NAMES: the kind has max_channels rows. */
static int write_make(struct store_sqlite *s, struct store_channel *c)
{
	struct db *d = &s->writer.db;
	uint64_t kind = (uint8_t)c->key[0], seconds = s->now_usec / 1000000, id, last = 0;
	sqlite3_stmt *st;
	bool reuse;
	int r;

	st = db_start(d, DB_CHANNEL_FREE, 1, kind);
	r = db_step(d, st);
	reuse = r > 0;
	if (r == 0) {
		st = db_start(d, DB_CHANNEL_TOP, 0);
		r = db_step(d, st);
	}
	if (r < 0)
		return r;
	id = reuse ? db_u64(st, 0) : db_u64(st, 0) + 1;
	if (reuse)
		last = db_u64(st, 1);
	db_stop(st);
	if (!reuse && s->rows.now[kind] >= s->max_channels)
		return STORE_E_NAMES;
	s->rows.now[kind] += !reuse;

	if (reuse)
		st = db_start(d, DB_CHANNEL_TAKE, 2, id, seconds);
	else
		st = db_start(d, DB_CHANNEL_MAKE, 3, id, kind, seconds);
	if (st)
		db_bind(st, reuse ? 3 : 4, c->key + 1, c->name_len);
	r = db_step(d, st);
	if (r < 0)
		return r;
	c->now = (struct store_counts){ .id = id, .first = last + 1, .last = last };
	c->row_last = last;
	return 0;
}

/* Before something is added. 0, negative errno, STORE_E_NO_SPACE or STORE_E_NAMES. */
static int write_begin(struct store_sqlite *s, struct store_channel *c)
{
	if (s->full)
		return STORE_E_NO_SPACE;
	s->takes_in = true;
	write_touch(s, c);
	return c->now.id > 0 ? 0 : write_make(s, c);
}

/* Queues a request of @n bytes, if max_queued_bytes allows it. */
static int write_push(struct store_sqlite *s, struct store_request *q, size_t n, int (*run)(struct store_request *q))
{
	if (atomic_load_explicit(&s->queued, memory_order_relaxed) + n > s->max_queued_bytes)
		return STORE_E_BUSY;
	(void)atomic_fetch_add_explicit(&s->queued, n, memory_order_relaxed);
	q->queued_bytes = n;
	store_push(s, &s->writer, q, batch_arrived, run);
	return 0;
}

/* 1: this key of the sender is known, and the answer is in @a; 0: it is not. */
static int write_get_key(struct store_sqlite *s, struct store_append *a)
{
	struct db *d = &s->writer.db;
	sqlite3_stmt *st = db_start(d, DB_SENT_GET, 0);
	int r;

	if (st) {
		db_bind(st, 1, a->from, a->from_len);
		db_bind(st, 2, a->key, a->key_len);
	}
	r = db_step(d, st);
	if (r <= 0)
		return r;
	a->message_id = db_u64(st, 0);
	a->time_msec = db_u64(st, 1);
	a->repeated = true;
	db_stop(st);
	return 1;
}

static int write_put_key(struct store_sqlite *s, const struct store_append *a)
{
	struct db *d = &s->writer.db;
	sqlite3_stmt *st = db_start(d, DB_SENT_PUT, 2, a->message_id, a->time_msec);

	if (st) {
		db_bind(st, 3, a->from, a->from_len);
		db_bind(st, 4, a->key, a->key_len);
	}
	return db_step(d, st);
}

/* Marks all numbers up to @upto as used. */
static void write_skip(struct store_channel *c, uint64_t upto)
{
	c->now.last = MAX(c->now.last, upto);
	if (c->now.count == 0)
		c->now.first = c->now.last + 1;
}

static int write_append(struct store_request *q)
{
	struct store_sqlite *s = store_of(q->store);
	struct store_append *a = container_of(q, struct store_append, request);
	struct store_channel *c = a->channel;
	struct db *d = &s->writer.db;
	size_t size = a->from_len + a->text_len;
	sqlite3_stmt *st;
	int r;

	r = write_ready(s, c);
	if (r != 0)
		return r;
	if (a->key)
		r = write_get_key(s, a);
	if (r != 0) {
		a->counts = c->now;
		return r < 0 ? r : 0;
	}
	if ((a->max_messages && c->now.count >= a->max_messages) || (a->max_bytes && c->now.bytes + size > a->max_bytes))
		return STORE_E_FULL;
	if (MAX(c->now.last, a->after) >= STORE_NUMBER_MAX)
		return STORE_E_NUMBERS;
	r = write_begin(s, c);
	if (r != 0)
		return r;
	write_skip(c, a->after);
	a->message_id = store_id(c->now.id, c->now.last + 1);
	a->time_msec = write_real_msec(s);
	st = db_start(d, DB_APPEND, 2, a->message_id, a->time_msec);
	if (st) {
		db_bind(st, 3, a->from, a->from_len);
		db_bind(st, 4, a->text, a->text_len);
	}
	r = db_step(d, st);
	if (r >= 0 && a->key)
		r = write_put_key(s, a);
	if (r < 0)
		return r;
	c->now.last++;
	c->now.count++;
	c->now.bytes += size;
	a->counts = c->now;
	return 0;
}

int write_submit_append(struct store *store, struct store_append *q)
{
	struct store_sqlite *s = store_of(store);

	q->repeated = false;
	return write_push(s, &q->request, sizeof(*q) + q->from_len + q->text_len + q->key_len, write_append);
}

static int write_put_receipt(struct store_sqlite *s, uint64_t id, enum store_disposition disposition, const void *from,
			     size_t from_len)
{
	struct db *d = &s->writer.db;
	sqlite3_stmt *st = db_start(d, DB_RECEIPT_PUT, 3, id, write_real_msec(s), (uint64_t)disposition);

	if (st)
		db_bind(st, 4, from, from_len);
	return db_step(d, st);
}

int write_take_out(struct store_sqlite *s, struct store_channel *c, uint64_t number, enum store_disposition disposition,
		   struct store_removed *ret_removed)
{
	struct store_removed gone = { .number = number };
	uint64_t id = store_id(c->now.id, number);
	struct db *d = &s->writer.db;
	sqlite3_stmt *st = db_start(d, DB_REMOVE, 1, id);
	size_t from_len, text_len;
	int r = db_step(d, st);

	if (r <= 0)
		return r < 0 ? r : STORE_E_NOT_FOUND;
	from_len = MIN((size_t)sqlite3_column_bytes(st, 0), sizeof(gone.from));
	memcpy(gone.from, sqlite3_column_blob(st, 0), from_len);
	gone.from_len = (uint8_t)from_len;
	text_len = (size_t)sqlite3_column_int64(st, 1);
	r = db_step(d, st);
	if (r >= 0 && s->rules[(uint8_t)c->key[0]].receipts)
		r = write_put_receipt(s, id, disposition, gone.from, from_len);
	if (r >= 0 && number == c->now.first)
		r = write_find_first(s, c, number + 1);
	if (r < 0)
		return r;
	c->now.count--;
	c->now.bytes -= from_len + text_len;
	c->row_dirty = true;
	write_touch(s, c);
	if (ret_removed)
		*ret_removed = gone;
	return 0;
}

static int write_remove_listed(struct store_sqlite *s, struct store_remove *q)
{
	for (size_t i = 0; i < q->n_numbers; i++) {
		int r = write_take_out(s, q->channel, q->numbers[i], q->disposition,
				       q->removed ? &q->removed[q->n_removed] : NULL);

		if (r < 0)
			return r;
		q->n_removed += r == 0;
	}
	return 0;
}

static int write_remove(struct store_request *request)
{
	struct store_sqlite *s = store_of(request->store);
	struct store_remove *q = container_of(request, struct store_remove, request);
	struct store_channel *c = q->channel;
	int r;

	r = write_ready(s, c);
	if (r != 0)
		return r;
	q->n_removed = 0;
	q->time_msec = write_real_msec(s);
	if (c->now.id > 0 && q->numbers)
		r = write_remove_listed(s, q);
	while (c->now.id > 0 && !q->numbers && r == 0 && c->now.count > 0 && c->now.first <= q->upto) {
		r = write_take_out(s, c, c->now.first, q->disposition, NULL);
		q->n_removed++;
	}
	q->counts = c->now;
	return r;
}

int write_submit_remove(struct store *store, struct store_remove *q)
{
	struct store_sqlite *s = store_of(store);

	store_push(s, &s->writer, &q->request, batch_arrived, write_remove);
	return 0;
}

static int write_set(struct store_request *request)
{
	struct store_sqlite *s = store_of(request->store);
	struct store_set *q = container_of(request, struct store_set, request);
	struct store_channel *c = q->channel;
	struct db *d = &s->writer.db;
	sqlite3_stmt *st;
	int r;

	r = write_ready(s, c);
	if (r != 0)
		return r;
	if (q->value_len == 0 && c->now.id == 0)
		return 0;
	if (q->value_len > 0)
		r = write_begin(s, c);
	else
		write_touch(s, c);
	if (r != 0)
		return r;
	/* Setting an attribute with an end removes those that are over. So their number stays within the caller's
	 * limit. */
	if (q->until_msec > 0)
		r = db_run(d, DB_ATTRIBUTE_REMOVE_OVER, 2, c->now.id, age_now(s));
	if (r < 0)
		return r;
	if (q->value_len > 0) {
		st = db_start(d, DB_ATTRIBUTE_PUT, 2, c->now.id, q->until_msec);
		if (st) {
			db_bind(st, 3, q->name, q->name_len);
			db_bind(st, 4, q->value, q->value_len);
		}
	} else {
		st = db_start(d, DB_ATTRIBUTE_REMOVE, 1, c->now.id);
		if (st)
			db_bind(st, 2, q->name, q->name_len);
	}
	return db_step(d, st);
}

int write_submit_set(struct store *store, struct store_set *q)
{
	struct store_sqlite *s = store_of(store);

	return write_push(s, &q->request, sizeof(*q) + q->name_len + q->value_len, write_set);
}

static int write_reserve(struct store_request *request)
{
	struct store_sqlite *s = store_of(request->store);
	struct store_reserve *q = container_of(request, struct store_reserve, request);
	struct store_channel *c = q->channel;
	int r;

	r = write_ready(s, c);
	if (r != 0)
		return r;
	if (MAX(c->now.last, q->after) + q->n > STORE_NUMBER_MAX)
		return STORE_E_NUMBERS;
	r = write_begin(s, c);
	if (r != 0)
		return r;
	write_skip(c, MAX(c->now.last, q->after) + q->n);
	c->row_dirty = true;
	q->until = c->now.last;
	return 0;
}

int write_submit_reserve(struct store *store, struct store_reserve *q)
{
	struct store_sqlite *s = store_of(store);

	return write_push(s, &q->request, sizeof(*q), write_reserve);
}
