/* SPDX-License-Identifier: MIT */
/*
 * The fan-out of live messages: one for each channel and reactor, in the thread of that reactor. The owner of a channel
 * pushes a message here once, however many sessions of this reactor are subscribed. subscriber.c adds and removes
 * subscriptions.
 *
 * A fan-out is a queue of pending messages, numbered by position, and a list of live subscriptions, each with the
 * position up to which its session has been given the messages. Those with the lowest position, the slowest, come first
 * in the list. A message that even the slowest has been given leaves the queue.
 *
 *	push    appends the message to the queue, and defers a flush to the end of the loop's pass
 *	flush   takes the slowest subscription, gives its session all that is pending for it, and moves it to the end of
 *	        the list; at most FANOUT_PER_PASS sessions in a pass, then the loop serves others first
 *	batch   all pending messages behind a position, formatted once for each dialect; messages whose bytes lie next
 *	        to each other are one slice. Nearly all sessions have the same position, so they share one batch
 *
 * A session's order does not depend on whose turn it is: before it is sent a reply, fanout_flush() gives it what is
 * pending for it.
 */
#include "channel/channel-private.h"

#include "session/event.h"

#include <assert.h>
#include <errno.h>

/* Sessions that are flushed in a pass of the loop. Each costs a write, so there are as many as events in a pass. */
#define FANOUT_PER_PASS    64

/* Limit of pending bytes in a reactor. Above it, a push flushes all sessions at once, however long that takes. Input
 * waits meanwhile, so no further messages come in. */
#define FANOUT_PENDING_MAX (1U << 20)

struct fanout {
	struct map_node node;
	struct channel_key key;
	struct channel_shard *shard;
	unsigned n;          /* subscriptions, live or not */
	struct list live;    /* subscriptions, the slowest first */
	struct list pending; /* deliveries, the oldest first */
	unsigned n_pending;
	uint64_t next;      /* position behind the last one that is pending */
	struct list active; /* channel_shard.active, while a session is below @next */
};

static struct fanout *fanout_find(struct channel_shard *s, const struct channel_key *k)
{
	struct map_node *n = map_find(&s->fanouts, k->bytes, k->len);

	return n ? container_of(n, struct fanout, node) : NULL;
}

static struct fanout *fanout_new(struct channel_shard *s, const struct channel_key *k)
{
	struct fanout *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->key = *k;
	f->shard = s;
	list_init(&f->live);
	list_init(&f->pending);
	if (map_add(&s->fanouts, &f->node, f->key.bytes, f->key.len) == 0)
		return f;
	free(f);
	return NULL;
}

int fanout_add(struct channel_shard *s, struct channel_subscription *sub)
{
	struct fanout *f = fanout_find(s, &sub->key);

	if (!f)
		f = fanout_new(s, &sub->key);
	if (!f)
		return -ENOMEM;
	f->n++;
	sub->fanout = f;
	return 0;
}

/* NULL: no subscription is live. */
static struct channel_subscription *fanout_slowest(const struct fanout *f)
{
	return list_is_empty(&f->live) ? NULL : container_of(f->live.next, struct channel_subscription, in_fanout);
}

static bool fanout_has_pending(const struct fanout *f)
{
	const struct channel_subscription *sub = fanout_slowest(f);

	return sub && sub->position < f->next;
}

static size_t fanout_cost(const struct channel_message *m)
{
	return sizeof(*m) + 2 * (m->event.from_len + m->event.text_len);
}

static void fanout_drop_first(struct fanout *f)
{
	struct channel_delivery *d = container_of(list_pop(&f->pending), struct channel_delivery, link);

	for (unsigned i = 0; i < DIALECT_MAX; i++)
		if (d->result[i] == FANOUT_FORMATTED)
			slice_done(&channel_shard_reactor(f->shard)->pool, &d->slices[i]);
	f->n_pending--;
	f->shard->pending_bytes -= fanout_cost(d->message);
	(void)channel_message_unref(d->message);
}

/* Drops the messages that all sessions have been given. */
static void fanout_trim(struct fanout *f)
{
	const struct channel_subscription *sub = fanout_slowest(f);
	uint64_t upto = sub ? sub->position : f->next;

	while (f->next - f->n_pending < upto)
		fanout_drop_first(f);
}

void fanout_remove(struct channel_subscription *sub)
{
	struct fanout *f = sub->fanout;
	struct channel_shard *s = f->shard;

	list_remove(&sub->in_fanout);
	fanout_trim(f);
	if (--f->n > 0)
		return;
	for (unsigned i = 0; i < DIALECT_MAX; i++)
		if (s->batches[i].fanout == f)
			s->batches[i].fanout = NULL;
	list_remove(&f->active);
	map_remove(&s->fanouts, &f->node);
	free(f);
}

void fanout_go_live(struct channel_subscription *sub)
{
	sub->position = sub->fanout->next;
	list_add_tail(&sub->fanout->live, &sub->in_fanout);
}

static void fanout_format(struct channel_shard *s, struct channel_delivery *d, enum dialect in)
{
	const struct channel_message *m = d->message;
	struct buf *b = &s->scratch;
	int r;

	if (likely(d->result[in] != FANOUT_UNFORMATTED))
		return;
	b->len = 0;
	r = m->policy->format(&m->event, in, b);
	if (r >= 0 && b->len > 0)
		r = slice_new(&channel_shard_reactor(s)->pool, in, b->data, b->len, &d->slices[in]);
	d->result[in] = r < 0 ? FANOUT_BROKEN : b->len > 0 ? FANOUT_FORMATTED : FANOUT_NOTHING;
}

/* The first pending message behind position @from, which is below @next. */
static struct list *fanout_at(struct fanout *f, uint64_t from)
{
	struct list *n = &f->pending;

	for (uint64_t i = f->next; i > from; i--)
		n = n->prev;
	return n;
}

/* False: no slice is left for it. */
static bool fanout_batch_add(struct fanout_batch *batch, const struct slice *f)
{
	struct slice *last = batch->n > 0 ? &batch->slices[batch->n - 1] : NULL;

	if (last && last->buffer == f->buffer && last->start + last->len == f->start) {
		last->len += f->len;
		return true;
	}
	if (batch->n == ELEMENTSOF(batch->slices))
		return false;
	batch->slices[batch->n++] = *f;
	return true;
}

static void fanout_batch_make(struct fanout_batch *batch, struct fanout *f, enum dialect in, uint64_t from)
{
	*batch = (struct fanout_batch){ .fanout = f, .from = from, .upto = from };
	for (struct list *n = fanout_at(f, from); n != &f->pending && !batch->full && !batch->broken; n = n->next) {
		struct channel_delivery *d = container_of(n, struct channel_delivery, link);

		fanout_format(f->shard, d, in);
		batch->broken = d->result[in] == FANOUT_BROKEN;
		batch->full = d->result[in] == FANOUT_FORMATTED && !fanout_batch_add(batch, &d->slices[in]);
		batch->upto += !batch->full;
	}
}

/* Most sessions have the same position, so the last batch nearly always fits the next session, too. */
static const struct fanout_batch *fanout_batch_get(struct fanout *f, enum dialect in, uint64_t from)
{
	struct fanout_batch *batch = &f->shard->batches[in];

	if (batch->fanout != f || batch->from != from || (batch->upto != f->next && !batch->full))
		fanout_batch_make(batch, f, in, from);
	return batch;
}

static void _hot_ fanout_send_batch(struct fanout *f, struct channel_subscription *sub, enum dialect in)
{
	const struct fanout_batch *batch = fanout_batch_get(f, in, sub->position);

	for (unsigned i = 0; i < batch->n; i++)
		(void)session_event(sub->session, &batch->slices[i]);
	/* The session would miss a message. It is dropped, so that its client connects again and requests the missed
	 * messages. */
	if (unlikely(batch->broken))
		session_drop_slow(sub->session);
	sub->position = batch->upto;
}

/* One message at a time: for an old client, whose events are told apart by their packets, and for a policy that
 * counts. */
static void fanout_send_next(struct fanout *f, struct channel_subscription *sub, enum dialect in)
{
	struct channel_delivery *d = container_of(fanout_at(f, sub->position++), struct channel_delivery, link);
	const struct channel_event *e = &d->message->event;

	if (sub->policy->wants && !sub->policy->wants(sub->session, e))
		return;
	fanout_format(f->shard, d, in);
	if (unlikely(d->result[in] == FANOUT_BROKEN))
		session_drop_slow(sub->session);
	if (d->result[in] != FANOUT_FORMATTED || session_event(sub->session, &d->slices[in]) < 0)
		return;
	if (e->number > 0 && sub->policy->queued)
		sub->policy->queued(sub->session, e);
}

static void _hot_ fanout_send(struct fanout *f, struct channel_subscription *sub)
{
	enum dialect in = dialect_of_events(session_dialect(sub->session));

	while (sub->position < f->next)
		if (unlikely(dialect_traits(in)->is_legacy || sub->policy->queued))
			fanout_send_next(f, sub, in);
		else
			fanout_send_batch(f, sub, in);
	list_remove(&sub->in_fanout);
	list_add_tail(&f->live, &sub->in_fanout);
	fanout_trim(f);
}

void fanout_flush(struct channel_subscription *sub)
{
	if (sub->state == SUBSCRIPTION_LIVE && sub->position < sub->fanout->next)
		fanout_send(sub->fanout, sub);
}

void fanout_flush_some(struct deferred *l)
{
	struct channel_shard *s = container_of(l, struct channel_shard, flush);
	unsigned left = FANOUT_PER_PASS;
	struct list *n;

	/* A fan-out that still has pending messages goes to the end of the list: a large channel does not hold up
	 * others. */
	while (left > 0 && (n = list_pop(&s->active))) {
		struct fanout *f = container_of(n, struct fanout, active);

		for (; left > 0 && fanout_has_pending(f); left--)
			fanout_send(f, fanout_slowest(f));
		if (fanout_has_pending(f))
			list_add_tail(&s->active, &f->active);
	}
	if (!list_is_empty(&s->active))
		loop_defer(&channel_shard_reactor(s)->loop, &s->flush);
}

void fanout_push(struct channel_shard *s, struct channel_message *m)
{
	struct fanout *f = fanout_find(s, &m->key);
	struct reactor *r = channel_shard_reactor(s);
	struct channel_delivery *d = &m->deliveries[s->index];

	if (!f || list_is_empty(&f->live))
		return;
	assert(!list_is_linked(&d->link));
	*d = (struct channel_delivery){ .message = channel_message_ref(m), .to = s };
	list_add_tail(&f->pending, &d->link);
	f->n_pending++;
	f->next++;
	s->pending_bytes += fanout_cost(m);
	if (m->policy->queued || s->pending_bytes > FANOUT_PENDING_MAX || chunk_pool_is_over(&r->pool)) {
		while (fanout_has_pending(f))
			fanout_send(f, fanout_slowest(f));
		return;
	}
	if (!list_is_linked(&f->active))
		list_add_tail(&s->active, &f->active);
	loop_defer(&r->loop, &s->flush);
}
