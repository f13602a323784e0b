/* SPDX-License-Identifier: MIT */
/*
 * Opening a channel. The reader looks what there is, so that nobody who enters a room, or has mail brought, waits for a
 * commit that takes long. It can, since a channel is changed only for those who have it open, and what they had done was
 * answered, and is on disk, before they closed it. The walk (expire.c) is the exception. That it takes out what is old
 * does no harm: the writer counts for itself once it is asked for something. But it must never give the name back of a
 * channel that somebody has just been told of. So the writer is told first, and leaves alone what it was told of; and
 * before a transaction in which it may give names back it says so, and whoever opens then asks the writer itself.
 */
#include "store/store-private.h"

#include "base/macro.h"

#include <errno.h>
#include <string.h>

/* The writer: from here on the walk knows it. Where there is no memory, it does from the first request on. */
static void open_arrived(struct msg *m)
{
	struct store_channel *c = container_of(m, struct store_channel, arrival);

	(void)open_enter(c->store, c);
}

int open_enter(struct store *s, struct store_channel *c)
{
	int r = c->entered ? 0 : map_add(&s->open, &c->node, c->key, 1U + c->name_len);

	c->entered = r >= 0;
	return r;
}

/* Its notes, in one piece of memory. */
static int open_load_attributes(struct db *d, struct store_open *o)
{
	sqlite3_stmt *st = db_start(d, DB_ATTRIBUTE_ALL, 1, o->counts.id);
	struct store_attribute **end = &o->attributes;
	int r;

	while ((r = db_step(d, st)) > 0) {
		size_t name_len = (size_t)sqlite3_column_bytes(st, 0), value_len = (size_t)sqlite3_column_bytes(st, 2);
		struct store_attribute *n = name_len > STORE_NAME_MAX ? NULL
								      : malloc(sizeof(*n) + name_len + value_len);
		char *text;

		if (!n) {
			db_stop(st);
			return name_len > STORE_NAME_MAX ? -EBADMSG : -ENOMEM;
		}
		text = (char *)(n + 1);
		*n = (struct store_attribute){
			.until_msec = db_u64(st, 1),
			.name_len = (uint8_t)name_len,
			.value_len = value_len,
			.name = text,
			.value = text + name_len,
		};
		memcpy(text, sqlite3_column_blob(st, 0), name_len);
		if (value_len > 0)
			memcpy(text + name_len, sqlite3_column_blob(st, 2), value_len);
		*end = n;
		end = &n->next;
	}
	return r;
}

static int open_load(struct db *d, struct store_open *o)
{
	int r;

	o->counts = (struct store_counts){ .first = 1 };
	r = read_find(d, o->kind, o->name, o->name_len, &o->counts);
	if (r > 0)
		r = read_tail(d, &o->counts);
	if (r >= 0 && o->counts.id > 0)
		r = open_load_attributes(d, o);
	return r;
}

/* All of it as it was at one moment. */
static int open_look(struct store *s, struct db *d, struct store_open *o)
{
	int r = o->channel ? db_run(d, DB_BEGIN_READ, 0) : -ENOMEM;

	if (r >= 0)
		r = open_load(d, o);
	if (!sqlite3_get_autocommit(d->sql))
		(void)db_run(d, DB_ROLLBACK, 0);
	if (r >= 0)
		return 0;
	store_open_done(o);
	if (o->channel)
		store_close(s, STEAL_PTR(o->channel));
	return r;
}

static int open_read(struct store *s, struct store_request *q)
{
	int r = open_look(s, &s->reader.db, container_of(q, struct store_open, request));

	if (r < 0)
		store_trouble(&s->reader, "reading", r);
	return r;
}

static int open_write(struct store *s, struct store_request *q)
{
	return open_look(s, &s->writer.db, container_of(q, struct store_open, request));
}

static void open_answer(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);

	store_answer(q, q->run(q->store, q));
}

static struct store_channel *open_new(struct store *s, const struct store_open *o)
{
	struct store_channel *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->store = s;
	c->key[0] = (char)o->kind;
	memcpy(c->key + 1, o->name, o->name_len);
	c->name_len = o->name_len;
	c->arrival.act = open_arrived;
	return c;
}

int store_open(struct store *s, struct store_open *q)
{
	q->attributes = NULL;
	q->channel = open_new(s, q);
	if (q->channel)
		inbox_push(&s->writer.loop.inbox, &q->channel->arrival);
	/*
	 * Both sides change this, so there is an order: either the writer says so later and then finds what was just put
	 * in its inbox, or it is read here that it has said so. If it is over again, the reader sees what came of it.
	 */
	if (atomic_fetch_or(&s->dropping, 0))
		store_push(s, &s->writer, &q->request, open_answer, open_write);
	else
		store_push(s, &s->reader, &q->request, open_answer, open_read);
	return 0;
}

void store_open_done(struct store_open *q)
{
	struct store_attribute *n;

	while ((n = q->attributes)) {
		q->attributes = n->next;
		free(n);
	}
}

/* The writer, between two transactions: nothing of the channel is under way. */
static void open_close_arrived(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);
	struct store_channel *c = container_of(q, struct store_channel, close);

	if (c->entered)
		map_remove(&q->store->open, &c->node);
	free(c);
}

void store_close(struct store *s, struct store_channel *c)
{
	store_push(s, &s->writer, &c->close, open_close_arrived, NULL);
}
