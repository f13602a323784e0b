/* SPDX-License-Identifier: MIT */
/*
 * What an owner asks of the store, and how messages come by their numbers. What is kept gets its number in the store's
 * transaction, and is told once that is on disk. What is not kept is numbered here, at once, from a block of numbers
 * that the store has marked as used before: after a crash numbering goes on behind the block. The first block of a run is
 * one for all rooms, so that a new one needs nothing from a disk that may be slow; it begins behind all that was given in
 * earlier runs, and so do the rooms. Who uses it up is given blocks of his own.
 */
#include "channel/channel-private.h"

#include "base/clock.h"

#include <errno.h>

/* So large that what a busy room says fits the half that is left while a slow disk marks the next. */
#define STEP_BLOCK (1U << 20)

static void step_over(struct channel *c, struct channel_op *op, int result)
{
	op->result = result;
	if (op->then)
		op->then(c, op);
	else
		channel_finish(op, result);
}

static void step_came(struct store_request *q)
{
	struct channel_op *op = container_of(q, struct channel_op, step.request);
	struct channel *c = op->channel;

	if (q->result >= 0)
		op->took(c, op);
	step_over(c, op, q->result);
}

/* False: the step has failed already. */
static bool step_begin(struct channel *c, struct channel_op *op, void (*took)(struct channel *c, struct channel_op *op),
		       void (*then)(struct channel *c, struct channel_op *op))
{
	op->took = took;
	op->then = then;
	op->step.request.home = &channel_reactor(c)->loop;
	op->step.request.done = step_came;
	if (c->stored)
		return true;
	step_over(c, op, -EIO);
	return false;
}

static void step_say(struct channel *c, struct channel_message *m, uint64_t number, uint64_t id, uint64_t time_msec)
{
	m->event.number = number;
	m->event.id = id;
	m->event.time_msec = time_msec;
	recent_remember(c, m);
	channel_deliver(c, m);
}

static void step_appended(struct channel *c, struct channel_op *op)
{
	const struct store_append *a = &op->step.append;

	c->counts = a->counts;
	if (a->repeated)
		return;
	c->reserved = 0; /* behind this one others begin */
	c->borrowed = false;
	step_say(c, op->message, a->counts.last, a->message_id, a->time_msec);
}

static void step_append_kept(struct channel *c, struct channel_op *op, void (*then)(struct channel *c, struct channel_op *op))
{
	const struct channel_event *e = &op->message->event;
	struct store_append *a = &op->step.append;
	int r;

	if (!step_begin(c, op, step_appended, then))
		return;
	a->channel = c->stored;
	a->after = MAX(c->counts.last, c->reserved); /* what is said meanwhile and not kept comes before it */
	a->from = e->from;
	a->from_len = e->from_len;
	a->text = e->text;
	a->text_len = e->text_len;
	r = store_append(c->shard->hub->store, a);
	if (r < 0)
		step_over(c, op, r);
}

static void step_number(struct channel *c, struct channel_op *op)
{
	struct store_append *a = &op->step.append;

	c->counts.last++;
	if (c->counts.count == 0)
		c->counts.first = c->counts.last + 1;
	a->counts = c->counts;
	a->message_id = 0;
	a->time_msec = clock_real_usec() / 1000;
	a->repeated = false;
	step_say(c, op->message, c->counts.last, 0, a->time_msec);
	step_over(c, op, 0);
}

static void step_reserved(struct store_request *q);

/* Asks for a block before the last one is used up. */
static void step_reserve(struct channel *c)
{
	uint64_t left = c->reserved > c->counts.last ? c->reserved - c->counts.last : 0;
	int r;

	if (c->is_reserving || left > STEP_BLOCK / 2 || !c->stored)
		return;
	c->reserving = (struct store_reserve){
		.request = { .home = &channel_reactor(c)->loop, .done = step_reserved },
		.channel = c->stored,
		.after = MAX(c->counts.last, c->reserved),
		.n = STEP_BLOCK,
	};
	c->is_reserving = true;
	channel_hold(c);
	channel_reactor(c)->busy++;
	r = store_reserve(c->shard->hub->store, &c->reserving);
	if (r >= 0)
		return;
	c->reserving.request.result = r;
	step_reserved(&c->reserving.request);
}

static void step_reserved(struct store_request *q)
{
	struct channel *c = container_of(q, struct channel, reserving.request);
	struct reactor *r = channel_reactor(c);
	uint64_t begin = c->reserving.until - c->reserving.n;
	struct list waiting, *n;

	c->is_reserving = false;
	if (q->result >= 0) {
		/* Where others have been given meanwhile, it is not the next. */
		if (begin != c->reserved)
			c->counts.last = MAX(c->counts.last, begin);
		c->reserved = c->reserving.until;
	}
	list_init(&waiting);
	list_splice(&waiting, &c->numberless);
	while ((n = list_pop(&waiting))) {
		struct channel_op *op = container_of(n, struct channel_op, link);

		if (c->counts.last < c->reserved)
			step_number(c, op);
		else
			step_over(c, op, q->result < 0 ? q->result : -EBUSY);
	}
	channel_release(c);
	reactor_unbusy(r);
}

static void step_pooled(struct store_request *q)
{
	struct channel_hub *h = container_of(q, struct channel_hub, pool.request);

	if (q->result >= 0)
		atomic_store(&h->pooled, h->pool.until);
	else
		atomic_store(&h->is_pooling, false);
}

void channel_expect_unkept(struct channel *c)
{
	struct channel_hub *h = c->shard->hub;

	if (!h->store || atomic_load(&h->is_pooling) || atomic_exchange(&h->is_pooling, true))
		return;
	h->pool = (struct store_reserve){
		.request = { .home = &channel_reactor(c)->loop, .done = step_pooled },
		.channel = store_pool(h->store),
		.n = STEP_BLOCK,
	};
	if (store_reserve(h->store, &h->pool) < 0)
		atomic_store(&h->is_pooling, false);
}

static void step_borrow(struct channel *c)
{
	uint64_t pooled = atomic_load(&c->shard->hub->pooled);

	if (!c->policy->unkept || c->reserved >= pooled || c->counts.last >= pooled)
		return;
	c->reserved = pooled;
	c->borrowed = true;
}

void channel_append(struct channel *c, struct channel_op *op, bool durable,
		    void (*then)(struct channel *c, struct channel_op *op))
{
	if (durable) {
		step_append_kept(c, op, then);
		return;
	}
	op->then = then;
	channel_hold(c);
	step_borrow(c);
	if (c->counts.last < c->reserved && list_is_empty(&c->numberless))
		step_number(c, op);
	else
		list_add_tail(&c->numberless, &op->link);
	step_reserve(c);
	channel_release(c);
}

static void step_removed(struct channel *c, struct channel_op *op)
{
	c->counts = op->step.remove.counts;
}

void channel_remove(struct channel *c, struct channel_op *op, void (*then)(struct channel *c, struct channel_op *op))
{
	if (!step_begin(c, op, step_removed, then))
		return;
	op->step.remove.channel = c->stored;
	(void)store_remove(c->shard->hub->store, &op->step.remove);
}

/* It is on disk; where there is no memory for it here, it is at least not what it was. */
static void step_set(struct channel *c, struct channel_op *op)
{
	const struct store_set *s = &op->step.set;

	if (channel_set_volatile(c, s->name, s->name_len, s->value, s->value_len, s->until_msec) < 0)
		(void)note_drop(c, s->name, s->name_len);
}

void channel_set(struct channel *c, struct channel_op *op, void (*then)(struct channel *c, struct channel_op *op))
{
	int r;

	if (!step_begin(c, op, step_set, then))
		return;
	op->step.set.channel = c->stored;
	r = store_set(c->shard->hub->store, &op->step.set);
	if (r < 0)
		step_over(c, op, r);
}
