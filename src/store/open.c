/* SPDX-License-Identifier: MIT */
/*
 * Opening a channel. The reader looks it up, so that entering a room or fetching mail does not wait for a long commit.
 * The reader may do that: only threads that have a channel open change it, and their changes were answered, and on
 * disk, before they closed it. The walk (expire.c) is the exception. Its removal of old messages does no harm, because
 * the writer counts again at its first request for the channel. But it must never release the name of a channel that
 * was just opened. So store_open() sends the channel to the writer first, and the walk leaves a channel that it knows
 * alone. Before a transaction that can release names the writer sets `dropping`, and store_open() then asks the writer,
 * not the reader.
 */
#include "store/store-private.h"

#include "base/macro.h"

#include <errno.h>
#include <string.h>

/* The writer: from here on the walk knows the channel. Without memory, it does so from the first request on. */
static void open_arrived(struct msg *m)
{
	struct store_channel *c = container_of(m, struct store_channel, arrival);

	(void)open_enter(c->store, c);
}

int open_enter(struct store_sqlite *s, struct store_channel *c)
{
	int r = c->entered ? 0 : map_add(&s->open, &c->node, c->key, 1U + c->name_len);

	c->entered = r >= 0;
	return r;
}

/* The writer, between two transactions: no request uses the channel. */
static void open_close_arrived(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);
	struct store_channel *c = container_of(q, struct store_channel, close);

	if (c->entered)
		map_remove(&store_of(q->store)->open, &c->node);
	free(c);
}

void open_close(struct store *store, struct store_channel *c)
{
	store_push(store_of(store), &store_of(store)->writer, &c->close, open_close_arrived, NULL);
}

/* The attributes of the channel, each in one piece of memory. */
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

/* The channel and its attributes in one transaction: as they were at one moment. */
static int open_look(struct store_sqlite *s, struct db *d, struct store_open *o)
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
		open_close(&s->store, STEAL_PTR(o->channel));
	return r;
}

static int open_read(struct store_request *q)
{
	struct store_sqlite *s = store_of(q->store);
	int r = open_look(s, &s->reader.db, container_of(q, struct store_open, request));

	if (r < 0)
		store_trouble(&s->reader, "reading", r);
	return r;
}

static int open_write(struct store_request *q)
{
	struct store_sqlite *s = store_of(q->store);
	return open_look(s, &s->writer.db, container_of(q, struct store_open, request));
}

static void open_answer(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);

	store_answer(q, store_outcome(q->run(q)));
}

static struct store_channel *open_new(struct store_sqlite *s, const struct store_open *o)
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

int open_submit(struct store *store, struct store_open *q)
{
	struct store_sqlite *s = store_of(store);

	q->attributes = NULL;
	q->channel = open_new(s, q);
	if (q->channel)
		inbox_push(&s->writer.loop.inbox, &q->channel->arrival);
	/*
	 * Both sides write to `dropping`, so one comes first: either the writer sets it later, and then finds the
	 * channel in its inbox, or this thread sees it set. If it is clear again, the reader sees what the writer has
	 * done.
	 */
	if (atomic_fetch_or(&s->dropping, 0))
		store_push(s, &s->writer, &q->request, open_answer, open_write);
	else
		store_push(s, &s->reader, &q->request, open_answer, open_read);
	return 0;
}
