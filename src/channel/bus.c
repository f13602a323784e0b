/* SPDX-License-Identifier: MIT */
#include "channel/bus.h"

#include "channel/channel-private.h"

static struct channel_shard *bus_owner(const struct channel_request *rq)
{
	struct channel_key k;

	channel_key_set(&k, rq->policy, rq->name, rq->name_len);
	return channel_engine_owner(rq->engine, &k);
}

/* Requests. */

static void bus_request_arrives(struct msg *m)
{
	owner_receive(container_of(m, struct channel_request, msg));
}

static void bus_submit(struct channel_request *rq)
{
	rq->msg.act = bus_request_arrives;
	reactor_post(rq->origin, channel_shard_reactor(bus_owner(rq)), &rq->msg);
}

static void bus_request_returns(struct msg *m)
{
	subscription_receive(container_of(m, struct channel_request, msg));
}

static void bus_reply(struct channel_shard *from, struct channel_request *rq)
{
	rq->msg.act = bus_request_returns;
	reactor_post(channel_shard_reactor(from), rq->origin, &rq->msg);
}

/* Members. */

static void bus_leave_returns(struct msg *m)
{
	subscription_left(container_of(m, struct channel_subscription, msg));
}

static void bus_leave_arrives(struct msg *m)
{
	struct channel_subscription *sub = container_of(m, struct channel_subscription, msg);
	struct channel_shard *owner = channel_engine_owner(sub->engine, &sub->key);

	owner_session_ended(owner, &sub->key, sub->handle, sub->why);
	sub->msg.act = bus_leave_returns;
	reactor_post(channel_shard_reactor(owner), sub->origin, &sub->msg);
}

static void bus_leave(struct channel_subscription *sub)
{
	sub->msg.act = bus_leave_arrives;
	reactor_post(sub->origin, channel_shard_reactor(channel_engine_owner(sub->engine, &sub->key)), &sub->msg);
}

static void bus_expelled_arrives(struct msg *m)
{
	subscription_expelled(container_of(m, struct channel_member, msg));
}

static void bus_expel(struct channel *c, struct channel_member *m)
{
	m->msg.act = bus_expelled_arrives;
	reactor_post(channel_reactor(c), &m->engine->reactors->at[m->session.reactor], &m->msg);
}

/* Messages. */

static void bus_delivery_arrives(struct msg *msg)
{
	struct channel_delivery *d = container_of(msg, struct channel_delivery, msg);
	struct channel_message *m = d->message;

	fanout_push(d->to, m);
	(void)channel_message_unref(m);
}

static void bus_deliver(_unused_ struct channel *c, struct channel_message *m, struct channel_shard *to)
{
	struct channel_delivery *d = &m->deliveries[to->index];

	*d = (struct channel_delivery){
		.msg.act = bus_delivery_arrives,
		.message = channel_message_ref(m),
		.to = to,
	};
	inbox_push(&channel_shard_reactor(to)->loop.inbox, &d->msg);
}

struct bus_notice {
	struct msg msg;
	struct reactor *origin;
	struct handle session;
	struct channel_message *message;
};

static void bus_notice_arrives(struct msg *m)
{
	struct bus_notice *n = container_of(m, struct bus_notice, msg);

	subscription_notify(n->origin, n->session, n->message);
	(void)channel_message_unref(n->message);
	free(n);
}

static void bus_notify(struct channel *c, struct channel_member *to, struct channel_message *m)
{
	struct bus_notice *n = malloc(sizeof(*n));

	if (!n)
		return;
	*n = (struct bus_notice){
		.msg.act = bus_notice_arrives,
		.origin = &c->shard->engine->reactors->at[to->session.reactor],
		.session = to->session,
		.message = channel_message_ref(m),
	};
	reactor_post(channel_reactor(c), n->origin, &n->msg);
}

/* The walk: a message that visits one shard after the other, and then its origin. */

static void bus_walk_returns(struct msg *m)
{
	struct channel_walk *w = container_of(m, struct channel_walk, msg);
	struct reactor *origin = w->origin;

	w->on_complete(w);
	reactor_unbusy(origin);
}

static void bus_walk_arrives(struct msg *m)
{
	struct channel_walk *w = container_of(m, struct channel_walk, msg);
	struct channel_shard *s = &w->engine->shards[w->at++];
	bool last = w->at == w->engine->n_shards;

	owner_visit(s, w);
	w->msg.act = last ? bus_walk_returns : bus_walk_arrives;
	reactor_post(channel_shard_reactor(s), last ? w->origin : &w->engine->reactors->at[w->at], &w->msg);
}

static void bus_walk(struct channel_walk *w)
{
	w->at = 0;
	w->msg.act = bus_walk_arrives;
	reactor_post(w->origin, &w->engine->reactors->at[0], &w->msg);
}

const struct channel_bus_ops channel_bus_local = {
	.submit = bus_submit,
	.reply = bus_reply,
	.leave = bus_leave,
	.expel = bus_expel,
	.deliver = bus_deliver,
	.notify = bus_notify,
	.walk = bus_walk,
};
