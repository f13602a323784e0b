/* SPDX-License-Identifier: MIT */
/*
 * WAIT,on subscribes the session to its mailbox. The session can get a new name at any time, also while a request is
 * under way, so there is only one request at a time, to enter a mailbox or to leave one. After each, and after each
 * change, relay_wait_resolve() compares what the session has with what it wants, and submits the next request. When
 * no request is left, WAIT is answered.
 */
#include "roles/relay/wait.h"

#include "base/str.h"
#include "roles/relay/owner/act.h"

#include <errno.h>

static struct relay_session *relay_wait_session(struct channel_request *rq, struct session **ret)
{
	struct session *s = channel_request_session(rq);

	*ret = s;
	return s ? relay_session_find(s) : NULL;
}

static struct channel_subscription *relay_wait_subscription(struct session *s, const struct relay_name *name)
{
	return channel_subscription_find(s, &relay_policy, name->text, name->len);
}

static struct relay_wait_request *relay_wait_new(struct relay_session *rs, struct session *s,
						 const struct relay_name *name)
{
	struct relay_wait_request *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->name = *name;
	x->args.address = *session_address(s);
	channel_request_init_alone(&x->rq, rs->state->engine, &relay_policy, session_reactor(s), s, name->text,
				   name->len);
	return x;
}

static void relay_wait_refuse(struct relay_session *rs, int outcome)
{
	struct request *q = STEAL_PTR(rs->asked);

	rs->wanted = false;
	if (q)
		relay_refuse(q, outcome);
}

static void relay_wait_entered(struct channel_request *rq)
{
	struct relay_wait_request *x = container_of(rq, struct relay_wait_request, rq);
	struct relay_session *rs;
	struct session *s;

	rs = relay_wait_session(rq, &s);
	if (rs) {
		struct channel_subscription *sub = relay_wait_subscription(s, &x->name);

		rs->moving = false;
		rs->subscribed = rq->result == 0;
		rs->subscribed_to = x->name;
		if (!rs->subscribed) {
			if (sub)
				channel_subscription_end(sub);
			relay_wait_refuse(rs, rq->result);
		} else if (sub && rs->wanted && relay_name_is(&rs->box, x->name.text, x->name.len)) {
			if (rs->asked)
				request_ok(STEAL_PTR(rs->asked));
			channel_subscription_go(sub, rq, relay_session_resume(rs, rq->counts.id));
		}
		relay_wait_resolve(rs, s);
	}
	free(x);
}

static int relay_wait_enter(struct relay_session *rs, struct session *s)
{
	struct relay_wait_request *x = relay_wait_new(rs, s, &rs->box);
	int r;

	if (!x)
		return -ENOMEM;
	x->rq.create = true;
	x->rq.kind = relay_kind_row(RELAY_KIND_ENTER);
	x->rq.on_complete = relay_wait_entered;
	if (!channel_subscription_begin(&x->rq, &r)) {
		free(x);
		return r;
	}
	rs->moving = true;
	channel_submit(&x->rq);
	return 0;
}

static void relay_wait_left(struct channel_request *rq)
{
	struct relay_wait_request *x = container_of(rq, struct relay_wait_request, rq);
	struct relay_session *rs;
	struct session *s;

	rs = relay_wait_session(rq, &s);
	if (rs) {
		struct channel_subscription *sub = relay_wait_subscription(s, &x->name);

		if (sub)
			channel_subscription_end(sub);
		rs->moving = rs->subscribed = false;
		relay_wait_resolve(rs, s);
	}
	free(x);
}

static int relay_wait_leave(struct relay_session *rs, struct session *s)
{
	struct relay_wait_request *x = relay_wait_new(rs, s, &rs->subscribed_to);

	if (!x)
		return -ENOMEM;
	x->rq.kind = relay_kind_row(RELAY_KIND_LEAVE);
	x->rq.on_complete = relay_wait_left;
	rs->moving = true;
	channel_submit(&x->rq);
	return 0;
}

void relay_wait_resolve(struct relay_session *rs, struct session *s)
{
	bool there = rs->subscribed && relay_name_is(&rs->box, rs->subscribed_to.text, rs->subscribed_to.len);
	int r = 0;

	if (rs->moving)
		return;
	if (rs->subscribed && (!rs->wanted || !there))
		r = relay_wait_leave(rs, s);
	else if (!rs->subscribed && rs->wanted)
		r = relay_wait_enter(rs, s);
	else if (rs->asked)
		request_ok(STEAL_PTR(rs->asked));
	if (r != 0)
		relay_wait_refuse(rs, r);
}

int relay_wait(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;
	const struct field *how = &f->at[0];
	struct relay_session *rs;
	bool on = str_casecmp(how->data, how->len, "on", 2) == 0;
	int r;

	if (!on && str_casecmp(how->data, how->len, "off", 3) != 0) {
		request_error(q, ERROR_BAD_ARGUMENT, "WAIT is on or off, not '%.*s'", (int)MIN(how->len, (size_t)32),
			      how->data);
		return ACT_ANSWERED;
	}
	if (on && !relay_has_store(call))
		return ACT_ANSWERED;
	r = relay_session_get(call, &rs);
	if (r < 0)
		return r;
	/* WAIT is a barrier, so no other WAIT is under way. */
	rs->wanted = on;
	rs->asked = q;
	request_defer(q);
	relay_wait_resolve(rs, call->session);
	return ACT_DEFERRED;
}
