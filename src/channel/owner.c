/* SPDX-License-Identifier: MIT */
/*
 * Channels in memory, the requests to them, and their members. bus.c hands the requests over, the roles' act() and the
 * files beside this one call it.
 *
 * The first request to a channel makes the channel and asks the store for its state; requests wait until the store has
 * answered. A channel stays in memory while it has members or requests. After that it is idle, and is freed when
 * another one needs the place.
 */
#include "channel/channel-private.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

/* Idle channels that a shard keeps in memory. */
#define CHANNEL_IDLE_MAX 256

/* A request or a member has gone: the channel is idle now, or is not. */
static void channel_rest(struct channel *c)
{
	if (c->busy > 0 || c->by_session.n > 0 || list_is_linked(&c->idle))
		return;
	list_add_tail(&c->shard->idle, &c->idle);
	c->shard->n_idle++;
}

void channel_hold(struct channel *c)
{
	if (list_is_linked(&c->idle)) {
		list_remove(&c->idle);
		c->shard->n_idle--;
	}
	c->busy++;
}

void channel_release(struct channel *c)
{
	c->busy--;
	channel_rest(c);
}

void channel_free(struct channel *c)
{
	struct store_attribute *n;
	struct list *l;

	while ((l = list_pop(&c->members)))
		free(container_of(l, struct channel_member, link));
	map_remove(&c->shard->channels, &c->node);
	c->shard->n_open[c->policy->kind]--;
	if (list_is_linked(&c->idle))
		c->shard->n_idle--;
	list_remove(&c->idle);
	while ((n = c->attributes)) {
		c->attributes = n->next;
		free(n);
	}
	map_done(&c->by_session);
	free(c->here);
	free(c);
}

/* The channel is idle, so no store call of it is under way. */
static void channel_forget(struct channel *c)
{
	/* The store does not know these numbers. Should the channel come back, it must not give them again. */
	if (c->in_id_block)
		c->shard->low_water = MAX(c->shard->low_water, c->counts.last);
	if (c->stored)
		store_close(c->shard->engine->store, c->stored);
	channel_free(c);
}

/* 0 or CHANNEL_E_CHANNELS. */
static int channel_make_room(struct channel_shard *s, const struct channel_policy *p,
			     const struct channel_limits *limits)
{
	unsigned share = (unsigned)MAX(limits->open / s->engine->n_shards, (uint64_t)1);
	struct list *l;

	while ((l = list_first(&s->idle)) && (s->n_open[p->kind] >= share || s->n_idle > CHANNEL_IDLE_MAX))
		channel_forget(container_of(l, struct channel, idle));
	return s->n_open[p->kind] >= share ? CHANNEL_E_CHANNELS : 0;
}

static void channel_opened(struct store_request *q);

static int channel_new(struct channel_shard *s, const struct channel_request *rq, const struct channel_key *k,
		       struct channel **ret)
{
	const struct channel_policy *p = rq->policy;
	struct channel *c;
	int r;

	r = channel_make_room(s, p, &rq->limits);
	if (r != 0)
		return r;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->key = *k;
	c->shard = s;
	c->policy = p;
	list_init(&c->waiting);
	list_init(&c->members);
	list_init(&c->unnumbered);
	c->here = calloc(s->engine->n_shards, sizeof(*c->here));
	r = c->here ? map_init(&c->by_session) : -ENOMEM;
	if (r >= 0)
		r = map_add(&s->channels, &c->node, c->key.bytes, c->key.len);
	if (r < 0) {
		map_done(&c->by_session);
		free(c->here);
		free(c);
		return r;
	}
	s->n_open[p->kind]++;
	*ret = c;
	return 0;
}

static void channel_ask_store(struct channel *c, const struct channel_request *rq)
{
	struct channel_engine *engine = c->shard->engine;

	if (!engine->store) {
		/* The time makes a number higher than all of earlier runs. */
		c->counts.last = rq->real_msec / 10;
		c->counts.first = c->counts.last + 1;
		c->reserved = STORE_NUMBER_MAX;
		c->open = true;
		return;
	}
	c->opening.kind = c->policy->kind;
	c->opening.name_len = (uint8_t)(c->key.len - 1);
	memcpy(c->opening.name, c->key.bytes + 1, c->key.len - 1U);
	c->opening.request.loop = &channel_shard_reactor(c->shard)->loop;
	c->opening.request.on_complete = channel_opened;
	(void)store_open(engine->store, &c->opening);
}

static void owner_reply(struct channel_shard *from, struct channel_request *rq, int result)
{
	rq->result = result;
	from->engine->bus->reply(from, rq);
}

void channel_finish(struct channel_request *rq, int result)
{
	struct channel *c = rq->channel;
	struct channel_member *m;

	m = rq->entered ? channel_find_member(c, rq->session) : NULL;
	if (m && result == 0)
		replay_mark(c, m);
	else if (m)
		channel_leave(c, m);
	rq->counts = c->counts;
	channel_release(c);
	owner_reply(c->shard, rq, result);
}

static void channel_act(struct channel *c, struct channel_request *rq)
{
	if (!rq->create && c->counts.id == 0 && list_is_empty(&c->members)) {
		channel_finish(rq, CHANNEL_E_NOT_FOUND);
		return;
	}
	c->age_msec = rq->age_msec;
	rq->kind->act(c, rq);
}

static void channel_opened(struct store_request *q)
{
	struct store_open *o = container_of(q, struct store_open, request);
	struct channel *c = container_of(o, struct channel, opening);
	struct channel_shard *s = c->shard;
	struct list waiting, *n;
	int result = q->result;

	list_init(&waiting);
	list_splice(&waiting, &c->waiting);
	if (result != 0) {
		channel_free(c); /* @q is a part of it */
		while ((n = list_pop(&waiting)))
			owner_reply(s, container_of(n, struct channel_request, link), channel_outcome(result));
		return;
	}
	c->stored = o->channel;
	c->counts = o->counts;
	if (c->policy->ephemeral)
		c->counts.last = MAX(c->counts.last, s->low_water);
	if (c->counts.count == 0)
		c->counts.first = c->counts.last + 1;
	c->attributes = STEAL_PTR(o->attributes);
	c->open = true;
	while ((n = list_pop(&waiting)))
		channel_act(c, container_of(n, struct channel_request, link));
}

void owner_receive(struct channel_request *rq)
{
	struct channel_shard *s;
	struct map_node *n;
	struct channel *c;
	struct channel_key k;
	int r = 0;

	channel_key_set(&k, rq->policy, rq->name, rq->name_len);
	s = channel_engine_owner(rq->engine, &k);
	n = map_find(&s->channels, k.bytes, k.len);
	if (n) {
		c = container_of(n, struct channel, node);
	} else {
		r = channel_new(s, rq, &k, &c);
		if (r == 0)
			channel_ask_store(c, rq);
	}
	if (r != 0) {
		owner_reply(s, rq, r);
		return;
	}
	channel_hold(c);
	rq->channel = c;
	if (c->open)
		channel_act(c, rq);
	else
		list_add_tail(&c->waiting, &rq->link);
}

const struct store_counts *channel_counts(const struct channel *c)
{
	return &c->counts;
}

const char *channel_name(const struct channel *c, size_t *ret_len)
{
	*ret_len = c->key.len - 1U;
	return c->key.bytes + 1;
}

struct reactor *channel_reactor(struct channel *c)
{
	return channel_shard_reactor(c->shard);
}

/* Messages. */

void channel_address(const struct channel *c, struct channel_message *m)
{
	if (m->policy)
		return; /* another reactor may read it already */
	m->policy = c->policy;
	m->key = c->key;
	m->event.channel = m->key.bytes + 1;
	m->event.channel_len = m->key.len - 1U;
}

void channel_deliver(struct channel *c, struct channel_message *m)
{
	struct channel_engine *engine = c->shard->engine;

	channel_address(c, m);
	for (unsigned i = 0; i < engine->n_shards; i++) {
		if (c->here[i] == 0)
			continue;
		if (i == c->shard->index)
			fanout_push(c->shard, m);
		else
			engine->bus->deliver(c, m, &engine->shards[i]);
	}
}

void channel_notify(struct channel *c, struct channel_message *m)
{
	if (channel_message_prepare(m, c->shard->engine->n_shards) < 0)
		return;
	replay_add(c, m);
	channel_deliver(c, m);
}

void channel_notify_member(struct channel *c, struct channel_member *to, struct channel_message *m)
{
	channel_address(c, m);
	c->shard->engine->bus->notify(c, to, m);
}

/* Members. */

unsigned channel_n_members(const struct channel *c)
{
	return (unsigned)c->by_session.n;
}

struct channel_member *channel_next_member(struct channel *c, const struct channel_member *m)
{
	struct list *n = m ? m->link.next : c->members.next;

	return n == &c->members ? NULL : container_of(n, struct channel_member, link);
}

struct channel_member *channel_find_member(struct channel *c, struct handle session)
{
	struct map_node *n = map_find(&c->by_session, &session, sizeof(session));

	return n ? container_of(n, struct channel_member, node) : NULL;
}

struct channel_member *channel_find_name(struct channel *c, const char *name, size_t len)
{
	struct channel_member *m = NULL;

	while ((m = channel_next_member(c, m)))
		if (str_casecmp(m->name, m->name_len, name, len) == 0)
			return m;
	return NULL;
}

int channel_enter(struct channel *c, struct channel_request *rq, const char *name, size_t name_len,
		  const struct address *address, struct channel_member **ret)
{
	struct channel_member *m;
	int r;

	if (channel_find_member(c, rq->session))
		return CHANNEL_E_MEMBER;
	if (channel_n_members(c) >= rq->limits.members)
		return CHANNEL_E_MEMBERS;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->session = rq->session;
	m->address = *address;
	m->name_len = (uint8_t)MIN(name_len, sizeof(m->name));
	memcpy(m->name, name, m->name_len);
	m->engine = c->shard->engine;
	m->policy = c->policy;
	m->channel_len = (uint8_t)(c->key.len - 1);
	memcpy(m->channel, c->key.bytes + 1, m->channel_len);
	r = map_add(&c->by_session, &m->node, &m->session, sizeof(m->session));
	if (r < 0) {
		free(m);
		return r;
	}
	r = replay_begin(c, m);
	if (r < 0) {
		map_remove(&c->by_session, &m->node);
		free(m);
		return r;
	}
	list_add_tail(&c->members, &m->link);
	c->here[m->session.reactor]++;
	rq->entered = true;
	*ret = m;
	return 0;
}

static void channel_unlink(struct channel *c, struct channel_member *m)
{
	replay_end(c, m);
	map_remove(&c->by_session, &m->node);
	list_remove(&m->link);
	c->here[m->session.reactor]--;
	channel_rest(c);
}

void channel_leave(struct channel *c, struct channel_member *m)
{
	channel_unlink(c, m);
	free(m);
}

void channel_expel(struct channel *c, struct channel_member *m, struct channel_message *message)
{
	channel_unlink(c, m);
	if (message) {
		channel_address(c, message);
		m->farewell = channel_message_ref(message);
	}
	/* The member has its own copy of the channel's name, since the channel may be freed meanwhile. */
	c->shard->engine->bus->expel(c, m);
}

void owner_session_ended(struct channel_shard *s, const struct channel_key *k, struct handle session, const char *why)
{
	struct map_node *n = map_find(&s->channels, k->bytes, k->len);
	struct channel *c = n ? container_of(n, struct channel, node) : NULL;
	struct channel_member *m = c ? channel_find_member(c, session) : NULL;

	if (!m)
		return; /* it was expelled meanwhile */
	channel_hold(c);
	channel_unlink(c, m);
	c->policy->left(c, m, why);
	free(m);
	channel_release(c);
}

void owner_visit(struct channel_shard *s, struct channel_walk *w)
{
	for (struct map_node *n = map_next(&s->channels, NULL); n; n = map_next(&s->channels, n)) {
		struct channel *c = container_of(n, struct channel, node);

		if (c->open && c->policy->kind == w->kind)
			w->each(w, c);
	}
}
