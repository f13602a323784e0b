/* SPDX-License-Identifier: MIT */
#include "roles/chat/member.h"

#include "base/str.h"
#include "roles/chat/event.h"
#include "roles/chat/owner/member.h"

#include <errno.h>

static void chat_member_limits(const struct settings *s, struct channel_limits *ret)
{
	const struct chat_options *o = settings_get(s, &chat_section);

	*ret = (struct channel_limits){ .open = o->rooms, .members = o->members };
}

static uint64_t chat_member_max_subscriptions(const struct settings *s)
{
	const struct chat_options *o = settings_get(s, &chat_section);

	return o->joined;
}

static void chat_member_expelled(struct session *s, const char *channel, size_t len)
{
	struct chat_session *cs = chat_session_find(s);

	if (cs)
		chat_session_leave(cs, channel, len);
}

const struct channel_policy chat_policy = {
	.kind = 0,
	.kinds = chat_kinds,
	.n_kinds = ELEMENTSOF(chat_kinds),
	.ephemeral = true,
	.limits = chat_member_limits,
	.max_subscriptions = chat_member_max_subscriptions,
	.format = chat_event_format,
	.left = chat_member_left,
	.expelled = chat_member_expelled,
};

/* Sends to the session that entered its own JOINED, and the topic. */
static void chat_member_welcome(struct chat_request *x, struct session *s)
{
	struct channel_event e = {
		.type = CHAT_EVENT_JOINED,
		.channel = x->rq.name,
		.channel_len = x->rq.name_len,
		.from = x->args.name,
		.from_len = x->args.name_len,
		.text = "",
	};

	(void)channel_send(s, &chat_policy, &e);
	if (x->list.len == 0)
		return;
	e.type = CHAT_EVENT_TOPIC;
	e.from = x->topic_by;
	e.from_len = x->topic_by_len;
	e.text = x->list.data;
	e.text_len = x->list.len;
	(void)channel_send(s, &chat_policy, &e);
}

static void chat_member_in(struct chat_request *x)
{
	struct session *s = channel_request_session(&x->rq);
	struct chat_session *cs = s ? chat_session_find(s) : NULL;

	if (x->welcome)
		x->welcome(x);
	if (!s)
		return;
	if (cs)
		chat_session_enter(cs, x->rq.name, x->rq.name_len);
	chat_member_welcome(x, s);
	channel_subscription_go(x->subscription, &x->rq, x->args.has_after ? x->args.after : x->rq.counts.last);
}

static void chat_member_not_in(struct chat_request *x)
{
	if (channel_request_session(&x->rq))
		channel_subscription_end(x->subscription);
	if (x->unwelcome)
		x->unwelcome(x);
}

static void chat_member_answer_join(struct chat_request *x)
{
	struct request *q = x->rq.request;

	request_begin(q, "OK");
	request_field(q, x->rq.name, x->rq.name_len);
	request_field_u64(q, x->rq.counts.last);
	request_field_u64(q, x->n_members);
	request_field_u64(q, x->rq.counts.first);
	request_end(q);
}

/* Consumes @x: submits it, or answers the session's request, if there is one, with an error. */
static void chat_member_submit(struct chat_request *x)
{
	struct request *q = x->rq.request;

	x->rq.create = true;
	x->failed = chat_member_not_in;
	x->subscription = channel_subscription_begin(&x->rq, &x->rq.result);
	if (x->subscription) {
		channel_submit(&x->rq);
		return;
	}
	if (q && x->rq.result > 0)
		chat_request_refuse(x);
	else if (q)
		request_error(q, ERROR_BUSY, "out of memory; try again later");
	if (x->unwelcome)
		x->unwelcome(x);
	(void)chat_request_free(x);
}

static bool chat_member_take_after(struct chat_request *x, const struct field *f)
{
	if (str_to_u64(f->data, f->len, 0, CHANNEL_NUMBER_MAX, &x->args.after) >= 0) {
		x->args.has_after = true;
		return true;
	}
	request_error(x->rq.request, ERROR_BAD_ARGUMENT, "'%.*s' is no number of a message: that is 0 to %llu",
		      (int)MIN(f->len, (size_t)40), f->data, CHANNEL_NUMBER_MAX);
	return false;
}

int chat_member_join(const struct call *call)
{
	const struct fields *f = call->fields;
	struct chat_session *cs = chat_session_get(call->session, chat_engine(call->state));
	struct chat_request *x;
	int r;

	if (!cs)
		return -ENOMEM;
	r = chat_request_new(call, &f->at[0], NULL, CHAT_KIND_JOIN, chat_member_in, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	x->welcome = chat_member_answer_join;
	if ((f->n > 1 && !chat_member_take_after(x, &f->at[1])) || !chat_request_within_rate(call, cs)) {
		(void)chat_request_free(x);
		return ACT_ANSWERED;
	}
	chat_member_submit(x);
	return ACT_DEFERRED;
}

int chat_member_enter(const struct call *call, void (*welcome)(struct chat_request *x),
		      void (*unwelcome)(struct chat_request *x))
{
	struct chat_request *x;
	int r;

	r = chat_request_new(call, &call->fields->at[0], NULL, CHAT_KIND_JOIN, chat_member_in, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	x->welcome = welcome;
	x->unwelcome = unwelcome;
	chat_member_submit(x);
	return ACT_DEFERRED;
}

int chat_member_enter_alone(struct chat_session *cs, const struct field *room)
{
	struct chat_request *x =
		chat_request_new_alone(cs->engine, cs->session, room->data, room->len, CHAT_KIND_JOIN);

	if (!x)
		return -ENOMEM;
	x->answer = chat_member_in;
	chat_member_submit(x);
	return 0;
}

static void chat_member_out(struct chat_request *x)
{
	struct session *s = channel_request_session(&x->rq);
	struct chat_session *cs = s ? chat_session_find(s) : NULL;
	struct channel_subscription *sub = s ? channel_subscription_find(s, &chat_policy, x->rq.name, x->rq.name_len)
					     : NULL;

	if (cs)
		chat_session_leave(cs, x->rq.name, x->rq.name_len);
	if (sub)
		channel_subscription_end(sub);
	request_ok(x->rq.request);
}

int chat_member_part(const struct call *call)
{
	const struct fields *f = call->fields;
	struct chat_request *x;
	int r;

	r = chat_request_new(call, &f->at[0], NULL, CHAT_KIND_PART, chat_member_out, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	channel_submit(&x->rq);
	return ACT_DEFERRED;
}

void chat_member_renamed(struct chat_session *cs, struct channel_subscription *sub, bool within_rate)
{
	size_t len;
	const char *room = channel_subscription_name(sub, &len);
	struct chat_request *x = chat_request_new_alone(cs->engine, cs->session, room, len, CHAT_KIND_RENAME);

	if (!x)
		return; /* out of memory: it keeps the old name in this room */
	x->args.within_rate = within_rate;
	channel_submit(&x->rq);
}
