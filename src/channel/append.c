/* SPDX-License-Identifier: MIT */
/*
 * Store calls of a request, and how a message gets its number. In the thread of the channel's owner; act() of the roles
 * calls it.
 *
 * A durable message gets its number in the store's transaction, and is sent once it is on disk. An ephemeral message is
 * numbered here at once, from a range that the store has reserved: the store records the end of the range as used, so
 * after a crash numbers continue behind it. The first range since the start is the engine's id block, shared by all
 * channels, so that a new room does not wait for the disk. The block and the numbers of all channels begin above the
 * low-water mark, which is the highest number of earlier runs. A channel that has used up the block reserves ranges of
 * its own.
 */
#include "channel/channel-private.h"

#include <errno.h>
#include <string.h>

/* The next range is reserved when half of this is left: enough for a busy room while it waits for a slow disk. */
#define APPEND_BLOCK (1U << 20)

static void append_call_end(struct channel *c, struct channel_request *rq, int result)
{
	rq->result = likely(result == 0) ? 0 : channel_outcome(result);
	c->age_msec = rq->age_msec; /* other requests were acted on meanwhile */
	if (rq->next)
		rq->next(c, rq);
	else
		channel_finish(rq, rq->result);
}

static void append_call_on_complete(struct store_request *q)
{
	struct channel_request *rq = container_of(q, struct channel_request, call.request);
	struct channel *c = rq->channel;

	if (q->result == 0)
		rq->on_stored(c, rq);
	append_call_end(c, rq, q->result);
}

/* False: there is no store, and the call has failed already. */
static bool append_call_begin(struct channel *c, struct channel_request *rq, channel_act_fn on_stored,
			      channel_act_fn next)
{
	rq->on_stored = on_stored;
	rq->next = next;
	rq->call.request.loop = &channel_reactor(c)->loop;
	rq->call.request.on_complete = append_call_on_complete;
	if (c->stored)
		return true;
	append_call_end(c, rq, STORE_E_IO);
	return false;
}

static void append_deliver(struct channel *c, struct channel_message *m, uint64_t number, uint64_t id,
			   uint64_t time_msec)
{
	m->event.number = number;
	m->event.id = id;
	m->event.time_msec = time_msec;
	replay_add(c, m);
	channel_deliver(c, m);
}

static void append_on_stored(struct channel *c, struct channel_request *rq)
{
	const struct store_append *a = &rq->call.append;

	c->counts = a->counts;
	if (a->repeated)
		return;
	c->reserved = 0; /* the range is of no use any more: numbers continue behind this message */
	c->in_id_block = false;
	append_deliver(c, rq->message, a->counts.last, a->message_id, a->time_msec);
}

static void append_durable(struct channel *c, struct channel_request *rq, channel_act_fn next)
{
	const struct channel_event *e = &rq->message->event;
	struct store_append *a = &rq->call.append;
	int r;

	if (!append_call_begin(c, rq, append_on_stored, next))
		return;
	a->channel = c->stored;
	a->after = MAX(c->counts.last, c->reserved); /* ephemeral messages that are sent meanwhile get lower numbers */
	a->from = e->from;
	a->from_len = e->from_len;
	a->text = e->text;
	a->text_len = e->text_len;
	r = store_append(c->shard->engine->store, a);
	if (r != 0)
		append_call_end(c, rq, r);
}

static void append_ephemeral(struct channel *c, struct channel_request *rq)
{
	struct store_append *a = &rq->call.append;

	c->counts.last++;
	if (c->counts.count == 0)
		c->counts.first = c->counts.last + 1;
	a->counts = c->counts;
	a->message_id = 0;
	a->time_msec = rq->real_msec;
	a->repeated = false;
	append_deliver(c, rq->message, c->counts.last, 0, a->time_msec);
	append_call_end(c, rq, 0);
}

static void append_reserved(struct store_request *q);

/* Reserves the next range before the current one is used up. */
static void append_reserve(struct channel *c)
{
	uint64_t left = c->reserved > c->counts.last ? c->reserved - c->counts.last : 0;
	int r;

	if (c->is_reserving || left > APPEND_BLOCK / 2 || !c->stored)
		return;
	c->reserving = (struct store_reserve){
		.request = { .loop = &channel_reactor(c)->loop, .on_complete = append_reserved },
		.channel = c->stored,
		.after = MAX(c->counts.last, c->reserved),
		.n = APPEND_BLOCK,
	};
	c->is_reserving = true;
	channel_hold(c);
	channel_reactor(c)->busy++;
	r = store_reserve(c->shard->engine->store, &c->reserving);
	if (r == 0)
		return;
	c->reserving.request.result = r;
	append_reserved(&c->reserving.request);
}

static void append_reserved(struct store_request *q)
{
	struct channel *c = container_of(q, struct channel, reserving.request);
	struct reactor *r = channel_reactor(c);
	uint64_t begin = c->reserving.until - c->reserving.n;
	struct list waiting, *n;

	c->is_reserving = false;
	if (q->result == 0) {
		/* A durable message came in between: the new range does not continue the old one. */
		if (begin != c->reserved)
			c->counts.last = MAX(c->counts.last, begin);
		c->reserved = c->reserving.until;
	}
	list_init(&waiting);
	list_splice(&waiting, &c->unnumbered);
	while ((n = list_pop(&waiting))) {
		struct channel_request *rq = container_of(n, struct channel_request, link);

		if (c->counts.last < c->reserved)
			append_ephemeral(c, rq);
		else
			append_call_end(c, rq, q->result != 0 ? q->result : STORE_E_BUSY);
	}
	channel_release(c);
	reactor_unbusy(r);
}

static void append_id_block_reserved(struct store_request *q)
{
	struct channel_engine *engine = container_of(q, struct channel_engine, id_block.request);

	if (q->result == 0)
		atomic_store(&engine->id_block_end, engine->id_block.until);
	else
		atomic_store(&engine->is_id_block_asked, false);
}

void channel_expect_ephemeral(struct channel *c)
{
	struct channel_engine *engine = c->shard->engine;

	if (!engine->store || atomic_load(&engine->is_id_block_asked) ||
	    atomic_exchange(&engine->is_id_block_asked, true))
		return;
	engine->id_block = (struct store_reserve){
		.request = { .loop = &channel_reactor(c)->loop, .on_complete = append_id_block_reserved },
		.channel = store_id_block(engine->store),
		.n = APPEND_BLOCK,
	};
	if (store_reserve(engine->store, &engine->id_block) != 0)
		atomic_store(&engine->is_id_block_asked, false);
}

static void append_use_id_block(struct channel *c)
{
	uint64_t id_block_end = atomic_load(&c->shard->engine->id_block_end);

	if (!c->policy->ephemeral || c->reserved >= id_block_end || c->counts.last >= id_block_end)
		return;
	c->reserved = id_block_end;
	c->in_id_block = true;
}

void channel_append(struct channel *c, struct channel_request *rq, bool durable, channel_act_fn next)
{
	if (durable) {
		append_durable(c, rq, next);
		return;
	}
	rq->next = next;
	channel_hold(c);
	append_use_id_block(c);
	if (c->counts.last < c->reserved && list_is_empty(&c->unnumbered))
		append_ephemeral(c, rq);
	else
		list_add_tail(&c->unnumbered, &rq->link);
	append_reserve(c);
	channel_release(c);
}

static void append_on_removed(struct channel *c, struct channel_request *rq)
{
	c->counts = rq->call.remove.counts;
}

void channel_remove(struct channel *c, struct channel_request *rq, channel_act_fn next)
{
	if (!append_call_begin(c, rq, append_on_removed, next))
		return;
	rq->call.remove.channel = c->stored;
	(void)store_remove(c->shard->engine->store, &rq->call.remove);
}

/* The attribute is on disk. Without memory for the new value, the old one is at least removed. */
static void append_put(struct channel *c, const struct store_set *s)
{
	if (channel_set_volatile(c, s->name, s->name_len, s->value, s->value_len, s->until_msec) < 0)
		(void)attribute_drop(c, s->name, s->name_len);
}

static void append_on_set(struct channel *c, struct channel_request *rq)
{
	append_put(c, &rq->call.set);
}

void channel_set(struct channel *c, struct channel_request *rq, channel_act_fn next)
{
	int r;

	if (!append_call_begin(c, rq, append_on_set, next))
		return;
	rq->call.set.channel = c->stored;
	r = store_set(c->shard->engine->store, &rq->call.set);
	if (r != 0)
		append_call_end(c, rq, r);
}

/* An attribute that is set beside a request. */
struct append_also {
	struct store_set set;
	struct channel *channel;
	char bytes[];
};

static void append_also_on_complete(struct store_request *q)
{
	struct append_also *a = container_of(container_of(q, struct store_set, request), struct append_also, set);
	struct channel *c = a->channel;
	struct reactor *r = channel_reactor(c);

	if (q->result == 0)
		append_put(c, &a->set);
	free(a);
	channel_release(c);
	reactor_unbusy(r);
}

void channel_set_also(struct channel *c, const char *name, size_t name_len, const char *value, size_t value_len,
		      uint64_t until_msec)
{
	struct append_also *a = c->stored ? malloc(sizeof(*a) + name_len + value_len) : NULL;
	int r;

	if (!a)
		return;
	*a = (struct append_also){
		.channel = c,
		.set = {
			.request = { .loop = &channel_reactor(c)->loop, .on_complete = append_also_on_complete },
			.channel = c->stored,
			.name = a->bytes,
			.name_len = name_len,
			.value = a->bytes + name_len,
			.value_len = value_len,
			.until_msec = until_msec,
		},
	};
	memcpy(a->bytes, name, name_len);
	memcpy(a->bytes + name_len, value, value_len);
	channel_hold(c);
	channel_reactor(c)->busy++;
	r = store_set(c->shard->engine->store, &a->set);
	if (r == 0)
		return;
	a->set.request.result = r;
	append_also_on_complete(&a->set.request);
}
