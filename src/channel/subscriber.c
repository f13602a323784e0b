/* SPDX-License-Identifier: MIT */
/*
 * Requests on their way out and back, and subscriptions: the side of the session that asks and receives. The roles call
 * it, and bus.c when something is back from the owner. A subscription goes through these states:
 *
 *	requested    the request that enters is on its way
 *	entered      the session is a member; its reply is sent before any message
 *	catching up  the session reads earlier messages from the store, the next page when its output has drained
 *	live         fanout.c gives it each new message
 *
 * Between the last two, the session asks the owner to go live. The owner answers with the messages that the session
 * still lacks, from the replay buffer (replay.c), or with the last number, up to which the session reads on. A session
 * that wants no earlier messages asks at once.
 *
 * A session can end at any time, also while its request is with the owner. Then the subscription alone goes to the
 * owner and removes the member.
 */
#include "channel/channel-private.h"

#include "base/clock.h"
#include "session/event.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SUBSCRIPTION_PAGE_ROWS  256
#define SUBSCRIPTION_PAGE_BYTES ((size_t)64 << 10)
#define SUBSCRIPTION_PAGE_SHARE 4 /* of the session's output limit: an encoded text can be three times as long */

/* A session with subscriptions. */
struct channel_subscriber {
	struct observer observer;
	struct list subscriptions;
	unsigned n[STORE_KINDS_MAX];
};

struct subscription_page {
	struct store_page page;
	struct channel_subscription *subscription; /* NULL: it has ended */
	struct reactor *origin;
};

static void subscription_free(struct channel_subscription *sub)
{
	if (sub && sub->page)
		sub->page->subscription = NULL;
	if (sub && sub->asking)
		sub->asking->subscription = NULL;
	free(sub);
}

static void subscription_unlink(struct channel_subscription *sub)
{
	fanout_remove(sub);
	list_remove(&sub->in_subscriber);
	sub->subscriber->n[sub->policy->kind]--;
	sub->session = NULL;
}

void subscription_left(struct channel_subscription *sub)
{
	struct reactor *origin = sub->origin;

	subscription_free(sub);
	reactor_unbusy(origin);
}

/* The session has ended and was a member. The subscription goes to the owner and back, so the origin waits for it
 * before it stops. */
static void subscription_leave(struct channel_subscription *sub)
{
	/* Answers that are under way must not find it. */
	if (sub->page)
		sub->page->subscription = NULL;
	if (sub->asking)
		sub->asking->subscription = NULL;
	sub->page = NULL;
	sub->asking = NULL;
	sub->origin->busy++;
	sub->engine->bus->leave(sub);
}

static void subscription_gone(struct observer *a, _unused_ struct session *s, const char *why)
{
	struct channel_subscriber *subscriber = container_of(a, struct channel_subscriber, observer);
	struct list *n;

	while ((n = list_first(&subscriber->subscriptions))) {
		struct channel_subscription *sub = container_of(n, struct channel_subscription, in_subscriber);

		(void)snprintf(sub->why, sizeof(sub->why), "%s", why);
		subscription_unlink(sub);
		if (sub->state != SUBSCRIPTION_REQUESTED)
			subscription_leave(sub); /* else subscription_receive(), when the request is back */
	}
	free(subscriber);
}

static void subscription_flushed(struct observer *a, struct session *s);

static const struct observer_ops subscription_ops = {
	.gone = subscription_gone,
	.on_flushed = subscription_flushed,
};

static struct channel_subscriber *subscription_subscriber(const struct session *s)
{
	struct observer *a = session_find_observer(s, &subscription_ops);

	return a ? container_of(a, struct channel_subscriber, observer) : NULL;
}

static struct channel_subscriber *subscription_make_subscriber(struct session *s)
{
	struct channel_subscriber *subscriber = subscription_subscriber(s);

	if (subscriber)
		return subscriber;
	subscriber = calloc(1, sizeof(*subscriber));
	if (!subscriber)
		return NULL;
	subscriber->observer.ops = &subscription_ops;
	list_init(&subscriber->subscriptions);
	session_add_observer(s, &subscriber->observer);
	return subscriber;
}

static struct channel_subscription *subscription_make(struct channel_request *rq, struct session *s,
						      struct channel_subscriber *subscriber)
{
	struct channel_subscription *sub = calloc(1, sizeof(*sub));

	if (!sub)
		return NULL;
	sub->engine = rq->engine;
	sub->origin = rq->origin;
	channel_key_set(&sub->key, rq->policy, rq->name, rq->name_len);
	if (fanout_add(channel_engine_shard(rq->engine, rq->origin), sub) < 0) {
		free(sub);
		return NULL;
	}
	sub->policy = rq->policy;
	sub->session = s;
	sub->handle = rq->session;
	sub->subscriber = subscriber;
	subscriber->n[rq->policy->kind]++;
	list_add_tail(&subscriber->subscriptions, &sub->in_subscriber);
	return sub;
}

struct session *channel_request_session(struct channel_request *rq)
{
	return rq->session.generation > 0 ? reactor_find(rq->origin, rq->session) : NULL;
}

/* The request's subscription where its session has ended meanwhile: it leaves the channel, or is just freed. */
static struct channel_subscription *subscription_orphan(struct channel_request *rq)
{
	struct channel_subscription *sub = rq->subscription;

	if (!sub)
		return NULL;
	if (sub->session && !channel_request_session(rq)) {
		/* The session ended in this pass of the loop. Unlinked now, because subscription_gone() will be
		 * called after the request that would free it. */
		(void)snprintf(sub->why, sizeof(sub->why), "closed");
		subscription_unlink(sub);
	}
	return sub->session ? NULL : sub;
}

struct channel_subscription *channel_subscription_begin(struct channel_request *rq, int *ret_outcome)
{
	struct session *s = channel_request_session(rq);
	struct channel_subscriber *subscriber = s ? subscription_make_subscriber(s) : NULL;

	if (!subscriber)
		*ret_outcome = -ENOMEM;
	else if (channel_subscription_find(s, rq->policy, rq->name, rq->name_len))
		*ret_outcome = CHANNEL_E_MEMBER;
	else if (subscriber->n[rq->policy->kind] >= rq->policy->max_subscriptions(rq->origin->settings))
		*ret_outcome = CHANNEL_E_SUBSCRIPTIONS;
	else {
		*ret_outcome = -ENOMEM;
		rq->subscription = subscription_make(rq, s, subscriber);
		return rq->subscription;
	}
	return NULL;
}

void channel_subscription_end(struct channel_subscription *sub)
{
	if (!sub->session)
		return;
	subscription_unlink(sub);
	subscription_free(sub);
}

struct channel_subscription *channel_subscription_next(struct session *s, const struct channel_policy *p,
						       const struct channel_subscription *sub)
{
	struct channel_subscriber *subscriber = subscription_subscriber(s);
	struct list *n;

	if (!subscriber)
		return NULL;
	for (n = sub ? sub->in_subscriber.next : subscriber->subscriptions.next; n != &subscriber->subscriptions;
	     n = n->next)
		if (container_of(n, struct channel_subscription, in_subscriber)->policy == p)
			return container_of(n, struct channel_subscription, in_subscriber);
	return NULL;
}

struct channel_subscription *channel_subscription_find(struct session *s, const struct channel_policy *p,
						       const char *name, size_t len)
{
	struct channel_subscription *sub = NULL;

	while ((sub = channel_subscription_next(s, p, sub)))
		if (sub->key.len == len + 1 && memcmp(sub->key.bytes + 1, name, len) == 0)
			return sub;
	return NULL;
}

const char *channel_subscription_name(const struct channel_subscription *sub, size_t *ret_len)
{
	*ret_len = sub->key.len - 1U;
	return sub->key.bytes + 1;
}

/* Queues the messages that are pending for the request's session, so that they come before the reply. */
static void subscription_flush(struct channel_request *rq)
{
	struct session *s = channel_request_session(rq);
	struct channel_subscription *sub = s ? channel_subscription_find(s, rq->policy, rq->name, rq->name_len) : NULL;

	if (sub)
		fanout_flush(sub);
}

/* Requests. */

void channel_request_init_alone(struct channel_request *rq, struct channel_engine *engine,
				const struct channel_policy *p, struct reactor *origin, struct session *s,
				const char *name, size_t name_len)
{
	*rq = (struct channel_request){
		.engine = engine,
		.policy = p,
		.origin = origin,
		.name_len = (uint8_t)MIN(name_len, (size_t)STORE_NAME_MAX),
	};
	memcpy(rq->name, name, rq->name_len);
	if (s)
		rq->session = session_handle(s);
}

void channel_request_init(struct channel_request *rq, struct channel_engine *engine, const struct channel_policy *p,
			  struct request *q, const char *name, size_t name_len)
{
	channel_request_init_alone(rq, engine, p, request_reactor(q), request_session(q), name, name_len);
	rq->request = q;
	request_defer(q);
}

void subscription_receive(struct channel_request *rq)
{
	struct channel_message *said = STEAL_PTR(rq->message);
	struct channel_subscription *orphan = subscription_orphan(rq);
	bool entered = rq->result == 0 && rq->entered;
	struct reactor *origin = rq->origin;

	subscription_flush(rq);
	if (rq->subscription && entered && !orphan)
		rq->subscription->state = SUBSCRIPTION_ENTERED; /* from now on the session's end is sent to the owner */
	rq->on_complete(rq);
	if (orphan && entered)
		subscription_leave(orphan);
	else
		subscription_free(orphan);
	(void)channel_message_unref(said);
	reactor_unbusy(origin);
}

void channel_submit(struct channel_request *rq)
{
	rq->age_msec = channel_engine_msec(rq->engine);
	rq->real_msec = clock_real_usec() / USEC_PER_MSEC;
	rq->policy->limits(rq->origin->settings, &rq->limits);
	rq->origin->busy++;
	if (rq->message && channel_message_prepare(rq->message, rq->engine->n_shards) < 0) {
		rq->result = -ENOMEM;
		subscription_receive(rq);
		return;
	}
	rq->engine->bus->submit(rq);
}

void channel_walk(struct channel_walk *w)
{
	w->origin->busy++;
	w->engine->bus->walk(w);
}

void subscription_expelled(struct channel_member *m)
{
	struct session *s = reactor_find(&m->engine->reactors->at[m->session.reactor], m->session);
	struct channel_subscription *sub = s ? channel_subscription_find(s, m->policy, m->channel, m->channel_len)
					     : NULL;

	if (sub && sub->state == SUBSCRIPTION_REQUESTED) {
		sub->expelled = true; /* the request that entered is not back yet */
	} else if (sub) {
		fanout_flush(sub);
		if (m->farewell)
			(void)channel_send(s, m->policy, &m->farewell->event);
		channel_subscription_end(sub);
		if (m->policy->expelled)
			m->policy->expelled(s, m->channel, m->channel_len);
	}
	(void)channel_message_unref(m->farewell);
	free(m);
}

/* Messages. */

int channel_send(struct session *s, const struct channel_policy *p, const struct channel_event *e)
{
	struct buf text = {};
	int r;

	r = p->format(e, dialect_of_events(session_dialect(s)), &text);
	if (r < 0)
		session_drop_slow(s);
	else if (text.len > 0)
		r = session_event_text(s, text.data, text.len, false);
	buf_done(&text);
	return r < 0 ? -EPIPE : 0;
}

/* Sends one message to one session. False: the session takes no more. */
static bool subscription_send(struct channel_subscription *sub, const struct channel_event *e)
{
	struct session *s = sub->session;

	if (sub->policy->wants && !sub->policy->wants(s, e))
		return true;
	if (channel_send(s, sub->policy, e) < 0)
		return false;
	if (e->number == 0)
		return true;
	sub->at = e->number;
	if (sub->policy->queued)
		sub->policy->queued(s, e);
	return true;
}

void subscription_notify(struct reactor *origin, struct handle session, struct channel_message *m)
{
	struct session *s = reactor_find(origin, session);
	const struct channel_event *e = &m->event;
	struct channel_subscription *sub = s ? channel_subscription_find(s, m->policy, e->channel, e->channel_len)
					     : NULL;

	if (sub)
		fanout_flush(sub);
	if (s)
		(void)channel_send(s, m->policy, e);
}

/* Catching up. */

static void subscription_go_on(struct channel_subscription *sub);

/* The kept messages cannot be read. The session ends, with the reason: a gap would go unnoticed. */
static void subscription_give_up(struct channel_subscription *sub, int error)
{
	char what[256];

	(void)snprintf(what, sizeof(what), "what is kept for '%.*s' cannot be read: %s", (int)sub->key.len - 1,
		       sub->key.bytes + 1, error == -ENOMEM ? "out of memory" : "the server's disk failed");
	session_give_up(sub->session, what);
}

static void subscription_on_go_live(struct channel_request *rq)
{
	struct channel_go_live *w = container_of(rq, struct channel_go_live, rq);
	struct channel_subscription *sub = w->subscription;
	bool takes = true;

	if (sub)
		sub->asking = NULL;
	for (unsigned i = 0; i < w->n_replay; i++) {
		takes = takes && sub && subscription_send(sub, &w->replay[i]->event);
		(void)channel_message_unref(w->replay[i]);
	}
	if (sub && rq->result == -ENOMEM) {
		subscription_give_up(sub, -ENOMEM);
	} else if (sub && rq->result == 0 && w->ready) {
		sub->state = SUBSCRIPTION_LIVE;
		fanout_go_live(sub);
	} else if (sub && rq->result == 0) {
		sub->upto = rq->counts.last;
		subscription_go_on(sub);
	}
	free(w->replay);
	free(w);
}

static void subscription_ask_live(struct channel_subscription *sub)
{
	struct channel_go_live *w = calloc(1, sizeof(*w));

	if (!w) {
		subscription_give_up(sub, -ENOMEM);
		return;
	}
	channel_request_init_alone(&w->rq, sub->engine, sub->policy, sub->origin, sub->session, sub->key.bytes + 1,
				   sub->key.len - 1U);
	w->rq.kind = &replay_go_live;
	w->rq.on_complete = subscription_on_go_live;
	w->subscription = sub;
	w->args.at = sub->at;
	sub->asking = w;
	channel_submit(&w->rq);
}

/* Sends the rows of a page. False: the session takes no more. */
static bool subscription_send_page(struct channel_subscription *sub, const struct store_page *p)
{
	struct store_row row;
	size_t at = 0;

	while (store_page_next(p, &at, &row)) {
		struct channel_event e = channel_event_stored(&row, sub->channel_id);

		e.channel = sub->key.bytes + 1;
		e.channel_len = sub->key.len - 1U;
		if (!subscription_send(sub, &e))
			return false;
	}
	return true;
}

static void subscription_on_page(struct store_request *q)
{
	struct subscription_page *p = container_of(q, struct subscription_page, page.request);
	struct channel_subscription *sub = p->subscription;
	struct reactor *origin = p->origin;

	if (sub)
		sub->page = NULL;
	if (sub && q->result != 0 && q->result != STORE_E_NOT_FOUND) {
		subscription_give_up(sub, channel_outcome(q->result));
	} else if (sub && subscription_send_page(sub, &p->page)) {
		if (p->page.more) {
			sub->subscriber->observer.want_flushed = true;
			session_want(sub->session, &sub->subscriber->observer);
		} else {
			sub->at = sub->upto;
			subscription_go_on(sub);
		}
	}
	store_page_done(&p->page);
	free(p);
	reactor_unbusy(origin);
}

static void subscription_read(struct channel_subscription *sub)
{
	struct subscription_page *p = calloc(1, sizeof(*p));

	if (!p) {
		subscription_give_up(sub, -ENOMEM);
		return;
	}
	p->page = (struct store_page){
		.request = { .loop = &sub->origin->loop, .on_complete = subscription_on_page },
		.channel_id = sub->channel_id,
		.after = sub->at,
		.upto = sub->upto,
		.max_rows = SUBSCRIPTION_PAGE_ROWS,
		.max_bytes = MIN(SUBSCRIPTION_PAGE_BYTES, session_event_room(sub->session) / SUBSCRIPTION_PAGE_SHARE),
	};
	p->subscription = sub;
	p->origin = sub->origin;
	sub->page = p;
	sub->origin->busy++;
	(void)store_page(sub->engine->store, &p->page);
}

static void subscription_go_on(struct channel_subscription *sub)
{
	if (sub->at < sub->upto && sub->channel_id > 0 && sub->engine->store) {
		subscription_read(sub);
		return;
	}
	sub->at = sub->upto;
	subscription_ask_live(sub);
}

static void subscription_flushed(struct observer *a, _unused_ struct session *s)
{
	struct channel_subscriber *subscriber = container_of(a, struct channel_subscriber, observer);
	struct list *next;

	for (struct list *n = subscriber->subscriptions.next; n != &subscriber->subscriptions; n = next) {
		struct channel_subscription *sub = container_of(n, struct channel_subscription, in_subscriber);

		next = n->next;
		if (sub->state == SUBSCRIPTION_CATCHING_UP && !sub->page && !sub->asking)
			subscription_go_on(sub);
	}
}

void channel_subscription_go(struct channel_subscription *sub, struct channel_request *rq, uint64_t after)
{
	struct session *s = sub->session;

	if (!s)
		return;
	if (sub->expelled) {
		channel_subscription_end(sub);
		if (rq->policy->expelled)
			rq->policy->expelled(s, rq->name, rq->name_len);
		return;
	}
	sub->channel_id = rq->counts.id;
	sub->upto = rq->counts.last;
	sub->at = MIN(after, sub->upto);
	sub->state = SUBSCRIPTION_CATCHING_UP;
	subscription_go_on(sub);
}
