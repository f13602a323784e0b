/* SPDX-License-Identifier: MIT */
/*
 * A channel, as far as one reactor is concerned: which of its sessions are told live, and of what they have not been told
 * yet. A message comes here once, however many of them there are, and is put behind what came before it. From the end of
 * the pass on, the followers are gone through, those first that are the furthest behind, and each is given all that is
 * new to it: formatted once a dialect, and where it lies together in memory, one piece, however many messages that is. So
 * many in a pass and no more: a room of ten thousand holds up nobody, and who comes into it is answered at once.
 *
 * Each follower knows how far it has come, so its order is kept whoever's turn it is: who is to have an answer behind what
 * was said is given its part at once (fanout_flush()). What all have been told of is let go.
 */
#include "channel/channel-private.h"

#include "session/event.h"

#include <assert.h>
#include <errno.h>

/* Followers a pass, each of which costs a write: as many as there are ready ones looked at. */
#define FANOUT_PER_PASS    64

/* What may wait in a reactor to be told of. Beyond, it is told of to all at once, however long that takes: then what
 * comes in has to wait, and that bounds it. */
#define FANOUT_PENDING_MAX (1U << 20)

struct fanout {
	struct map_node node;
	struct channel_key key;
	struct channel_shard *shard;
	unsigned n;          /* who follows or is about to */
	struct list live;    /* follows, the one that is the furthest behind first */
	struct list pending; /* deliveries; the last one brings a follower to @next */
	unsigned n_pending;
	uint64_t next;
	struct list active; /* the shard's, while somebody is behind */
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

/* NULL: nobody is told live. */
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

/* Lets go what all have been told of. */
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

/* What comes behind @from, which is not all there is. */
static struct list *fanout_at(struct fanout *f, uint64_t from)
{
	struct list *n = &f->pending;

	for (uint64_t i = f->next; i > from; i--)
		n = n->prev;
	return n;
}

/* False: it has no place. */
static bool fanout_batch_add(struct fanout_batch *batch, const struct slice *f)
{
	struct slice *last = batch->n > 0 ? &batch->slices[batch->n - 1] : NULL;

	if (last && last->segment == f->segment && last->start + last->len == f->start) {
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

/* The same for nearly everybody: most are equally far behind. */
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
	/* It would miss something: better it comes back and asks for that. */
	if (unlikely(batch->broken))
		session_cut_off(sub->session);
	sub->position = batch->upto;
}

/* Each by itself: to an old client, whose events have no end of their own, or where somebody keeps account. */
static void fanout_send_next(struct fanout *f, struct channel_subscription *sub, enum dialect in)
{
	struct channel_delivery *d = container_of(fanout_at(f, sub->position++), struct channel_delivery, link);
	const struct channel_event *e = &d->message->event;

	if (sub->policy->wants && !sub->policy->wants(sub->session, e))
		return;
	fanout_format(f->shard, d, in);
	if (unlikely(d->result[in] == FANOUT_BROKEN))
		session_cut_off(sub->session);
	if (d->result[in] != FANOUT_FORMATTED || session_event(sub->session, &d->slices[in]) < 0)
		return;
	if (e->number > 0 && sub->policy->queued)
		sub->policy->queued(sub->session, e);
}

static void _hot_ fanout_send(struct fanout *f, struct channel_subscription *sub)
{
	enum dialect in = channel_dialect(sub->session);

	while (sub->position < f->next)
		if (unlikely(in == DIALECT_RAW || sub->policy->queued))
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

	/* Who is not done with goes to the end: one large channel does not keep the others waiting. */
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
	if (m->policy->queued || s->pending_bytes > FANOUT_PENDING_MAX || pool_is_over(&r->pool)) {
		while (fanout_has_pending(f))
			fanout_send(f, fanout_slowest(f));
		return;
	}
	if (!list_is_linked(&f->active))
		list_add_tail(&s->active, &f->active);
	loop_defer(&r->loop, &s->flush);
}
