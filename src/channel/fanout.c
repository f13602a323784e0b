/* SPDX-License-Identifier: MIT */
/*
 * A channel, as far as one reactor is concerned: which of its sessions are told live, and of what they have not been told
 * yet. A message comes here once, however many of them there are, and is put behind what came before it. From the end of
 * the pass on, the followers are gone through, those first that are the furthest behind, and each is given all that is
 * new to it: formatted once a dialect, and where it lies together in memory, one piece, however many messages that is. So
 * many in a pass and no more: a room of ten thousand holds up nobody, and who comes into it is answered at once.
 *
 * Each follower knows how far it has come, so its order is kept whoever's turn it is: who is to have an answer behind what
 * was said is given its part at once (branch_settle()). What all have been told of is let go.
 */
#include "channel/channel-private.h"

#include "session/event.h"

#include <assert.h>
#include <errno.h>

/* Followers a pass, each of which costs a write: as many as there are ready ones looked at. */
#define BRANCH_SLICE 64

/* What may wait in a reactor to be told of. Beyond, it is told of to all at once, however long that takes: then what
 * comes in has to wait, and that bounds it. */
#define BRANCH_UNTOLD_MAX (1U << 20)

struct channel_branch {
	struct map_node node;
	struct channel_key key;
	struct channel_shard *shard;
	unsigned n;          /* who follows or is about to */
	struct list live;    /* follows, the one that is the furthest behind first */
	struct list untold;  /* deliveries; the last one brings a follower to @next */
	unsigned n_untold;
	uint64_t next;
	struct list telling; /* the shard's, while somebody is behind */
};

static struct channel_branch *branch_find(struct channel_shard *s, const struct channel_key *k)
{
	struct map_node *n = map_find(&s->branches, k->bytes, k->len);

	return n ? container_of(n, struct channel_branch, node) : NULL;
}

static struct channel_branch *branch_make(struct channel_shard *s, const struct channel_key *k)
{
	struct channel_branch *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->key = *k;
	b->shard = s;
	list_init(&b->live);
	list_init(&b->untold);
	if (map_add(&s->branches, &b->node, b->key.bytes, b->key.len) == 0)
		return b;
	free(b);
	return NULL;
}

int branch_enter(struct channel_shard *s, struct channel_follow *f)
{
	struct channel_branch *b = branch_find(s, &f->key);

	if (!b)
		b = branch_make(s, &f->key);
	if (!b)
		return -ENOMEM;
	b->n++;
	f->branch = b;
	return 0;
}

/* NULL: nobody is told live. */
static struct channel_follow *branch_hindmost(const struct channel_branch *b)
{
	return list_is_empty(&b->live) ? NULL : container_of(b->live.next, struct channel_follow, in_branch);
}

static bool branch_is_behind(const struct channel_branch *b)
{
	const struct channel_follow *f = branch_hindmost(b);

	return f && f->told < b->next;
}

static size_t branch_cost(const struct channel_message *m)
{
	return sizeof(*m) + 2 * (m->event.from_len + m->event.text_len);
}

static void branch_drop_first(struct channel_branch *b)
{
	struct channel_delivery *d = container_of(list_pop(&b->untold), struct channel_delivery, link);

	for (unsigned i = 0; i < DIALECT_MAX; i++)
		if (d->result[i] == BRANCH_FRAMED)
			slice_done(&channel_shard_reactor(b->shard)->pool, &d->frames[i]);
	b->n_untold--;
	b->shard->untold -= branch_cost(d->message);
	(void)channel_message_unref(d->message);
}

/* Lets go what all have been told of. */
static void branch_trim(struct channel_branch *b)
{
	const struct channel_follow *f = branch_hindmost(b);
	uint64_t upto = f ? f->told : b->next;

	while (b->next - b->n_untold < upto)
		branch_drop_first(b);
}

void branch_leave(struct channel_follow *f)
{
	struct channel_branch *b = f->branch;
	struct channel_shard *s = b->shard;

	list_remove(&f->in_branch);
	branch_trim(b);
	if (--b->n > 0)
		return;
	for (unsigned i = 0; i < DIALECT_MAX; i++)
		if (s->runs[i].branch == b)
			s->runs[i].branch = NULL;
	list_remove(&b->telling);
	map_remove(&s->branches, &b->node);
	free(b);
}

void branch_go_live(struct channel_follow *f)
{
	f->told = f->branch->next;
	list_add_tail(&f->branch->live, &f->in_branch);
}

static void branch_format(struct channel_shard *s, struct channel_delivery *d, enum dialect in)
{
	const struct channel_message *m = d->message;
	struct buf *b = &s->scratch;
	int r;

	if (likely(d->result[in] != BRANCH_UNFORMATTED))
		return;
	b->len = 0;
	r = m->policy->format(&m->event, in, b);
	if (r >= 0 && b->len > 0)
		r = slice_new(&channel_shard_reactor(s)->pool, in, b->data, b->len, &d->frames[in]);
	d->result[in] = r < 0 ? BRANCH_BROKEN : b->len > 0 ? BRANCH_FRAMED : BRANCH_NOTHING;
}

/* What comes behind @from, which is not all there is. */
static struct list *branch_at(struct channel_branch *b, uint64_t from)
{
	struct list *n = &b->untold;

	for (uint64_t i = b->next; i > from; i--)
		n = n->prev;
	return n;
}

/* False: it has no place. */
static bool branch_run_add(struct branch_run *run, const struct slice *f)
{
	struct slice *last = run->n > 0 ? &run->pieces[run->n - 1] : NULL;

	if (last && last->segment == f->segment && last->start + last->len == f->start) {
		last->len += f->len;
		return true;
	}
	if (run->n == ELEMENTSOF(run->pieces))
		return false;
	run->pieces[run->n++] = *f;
	return true;
}

static void branch_run_make(struct branch_run *run, struct channel_branch *b, enum dialect in, uint64_t from)
{
	*run = (struct branch_run){ .branch = b, .from = from, .upto = from };
	for (struct list *n = branch_at(b, from); n != &b->untold && !run->full && !run->broken; n = n->next) {
		struct channel_delivery *d = container_of(n, struct channel_delivery, link);

		branch_format(b->shard, d, in);
		run->broken = d->result[in] == BRANCH_BROKEN;
		run->full = d->result[in] == BRANCH_FRAMED && !branch_run_add(run, &d->frames[in]);
		run->upto += !run->full;
	}
}

/* The same for nearly everybody: most are equally far behind. */
static const struct branch_run *branch_run_get(struct channel_branch *b, enum dialect in, uint64_t from)
{
	struct branch_run *run = &b->shard->runs[in];

	if (run->branch != b || run->from != from || (run->upto != b->next && !run->full))
		branch_run_make(run, b, in, from);
	return run;
}

static void _hot_ branch_give_run(struct channel_branch *b, struct channel_follow *f, enum dialect in)
{
	const struct branch_run *run = branch_run_get(b, in, f->told);

	for (unsigned i = 0; i < run->n; i++)
		(void)session_event(f->session, &run->pieces[i]);
	/* It would miss something: better it comes back and asks for that. */
	if (unlikely(run->broken))
		session_cut_off(f->session);
	f->told = run->upto;
}

/* Each by itself: to an old client, whose events have no end of their own, or where somebody keeps account. */
static void branch_give_next(struct channel_branch *b, struct channel_follow *f, enum dialect in)
{
	struct channel_delivery *d = container_of(branch_at(b, f->told++), struct channel_delivery, link);
	const struct channel_event *e = &d->message->event;

	if (f->policy->wants && !f->policy->wants(f->session, e))
		return;
	branch_format(b->shard, d, in);
	if (unlikely(d->result[in] == BRANCH_BROKEN))
		session_cut_off(f->session);
	if (d->result[in] != BRANCH_FRAMED || session_event(f->session, &d->frames[in]) < 0)
		return;
	if (e->number > 0 && f->policy->queued)
		f->policy->queued(f->session, e);
}

static void _hot_ branch_give(struct channel_branch *b, struct channel_follow *f)
{
	enum dialect in = channel_dialect(f->session);

	while (f->told < b->next)
		if (unlikely(in == DIALECT_RAW || f->policy->queued))
			branch_give_next(b, f, in);
		else
			branch_give_run(b, f, in);
	list_remove(&f->in_branch);
	list_add_tail(&b->live, &f->in_branch);
	branch_trim(b);
}

void branch_settle(struct channel_follow *f)
{
	if (f->state == FOLLOW_LIVE && f->told < f->branch->next)
		branch_give(f->branch, f);
}

void branch_run_some(struct deferred *l)
{
	struct channel_shard *s = container_of(l, struct channel_shard, tell);
	unsigned left = BRANCH_SLICE;
	struct list *n;

	/* Who is not done with goes to the end: one large channel does not keep the others waiting. */
	while (left > 0 && (n = list_pop(&s->telling))) {
		struct channel_branch *b = container_of(n, struct channel_branch, telling);

		for (; left > 0 && branch_is_behind(b); left--)
			branch_give(b, branch_hindmost(b));
		if (branch_is_behind(b))
			list_add_tail(&s->telling, &b->telling);
	}
	if (!list_is_empty(&s->telling))
		loop_defer(&channel_shard_reactor(s)->loop, &s->tell);
}

void branch_tell(struct channel_shard *s, struct channel_message *m)
{
	struct channel_branch *b = branch_find(s, &m->key);
	struct reactor *r = channel_shard_reactor(s);
	struct channel_delivery *d = &m->deliveries[s->index];

	if (!b || list_is_empty(&b->live))
		return;
	assert(!list_is_linked(&d->link));
	*d = (struct channel_delivery){ .message = channel_message_ref(m), .to = s };
	list_add_tail(&b->untold, &d->link);
	b->n_untold++;
	b->next++;
	s->untold += branch_cost(m);
	if (m->policy->queued || s->untold > BRANCH_UNTOLD_MAX || pool_is_over(&r->pool)) {
		while (branch_is_behind(b))
			branch_give(b, branch_hindmost(b));
		return;
	}
	if (!list_is_linked(&b->telling))
		list_add_tail(&s->telling, &b->telling);
	loop_defer(&r->loop, &s->tell);
}
