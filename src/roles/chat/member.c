/* SPDX-License-Identifier: MIT */
#include "roles/chat/member.h"

#include "base/str.h"
#include "roles/chat/event.h"
#include "roles/chat/entry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void chat_member_notify(struct channel *c, unsigned type, const struct channel_member *m, const char *text, size_t len)
{
	struct channel_message *message = channel_message_new(type, m->name, m->name_len, text, len);

	if (message)
		channel_notify(c, message);
	(void)channel_message_unref(message);
}

static void chat_member_limits(const struct settings *s, struct channel_limits *ret)
{
	const struct chat_options *o = settings_get(s, &chat_section);

	*ret = (struct channel_limits){ .open = o->rooms, .members = o->members, .subscriptions = o->joined };
}

static void chat_member_left(struct channel *c, struct channel_member *m, const char *why)
{
	chat_member_notify(c, CHAT_EVENT_LEFT, m, why, strlen(why));
	chat_entry_forget(c, m->flags & CHAT_MEMBER_VOLATILE);
}

void chat_member_expel(struct channel *c, struct channel_member *m, const char *why, size_t len)
{
	struct channel_message *message = channel_message_new(CHAT_EVENT_LEFT, m->name, m->name_len, why, len);
	bool is_volatile = m->flags & CHAT_MEMBER_VOLATILE;

	channel_expel(c, m, message);
	if (message)
		channel_notify(c, message);
	(void)channel_message_unref(message);
	chat_entry_forget(c, is_volatile);
}

static void chat_member_expelled(struct session *s, const char *channel, size_t len)
{
	struct chat_session *cs = chat_session_find(s);

	if (cs)
		chat_session_leave(cs, channel, len);
}

const struct channel_policy chat_policy = {
	.kind = 0,
	.ephemeral = true,
	.limits = chat_member_limits,
	.format = chat_event_format,
	.left = chat_member_left,
	.expelled = chat_member_expelled,
};

/* Owner: the topic, for a session that enters. */
static void chat_member_take_topic(struct channel *c, struct chat_request *x)
{
	const struct store_attribute *n = chat_entry_get(c, CHAT_ENTRY_TOPIC);

	if (!n || buf_append(&x->list, n->value, n->value_len) < 0)
		return;
	n = chat_entry_get(c, CHAT_ENTRY_TOPIC_BY);
	if (n) {
		x->value_len = MIN(n->value_len, sizeof(x->value));
		memcpy(x->value, n->value, x->value_len);
	}
}

/* Owner. */
static void chat_member_entered(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);
	struct channel_member *m;
	int r;

	x->wait_sec = chat_entry_held(c, CHAT_ENTRY_BAN, x->name, x->name_len, &x->address);
	if (x->wait_sec > 0) {
		channel_finish(rq, CHAT_E_BANNED);
		return;
	}
	if (x->has_after && x->after > channel_counts(c)->last) {
		channel_finish(rq, CHAT_E_AHEAD);
		return;
	}
	r = channel_enter(c, rq, x->name, x->name_len, &x->address, &m);
	if (r != 0) {
		channel_finish(rq, r);
		return;
	}
	m->flags = x->durable ? 0 : CHAT_MEMBER_VOLATILE;
	if (!x->durable)
		channel_expect_ephemeral(c);
	chat_member_set_rank(m, chat_entry_rank(c, x->name, x->name_len));
	x->n_members = channel_n_members(c);
	if (x->n_members == 1 && !chat_entry_has_owner(c, "", 0)) {
		chat_member_set_rank(m, CHAT_RANK_OWNER);
		chat_entry_found(c, x->name, x->name_len);
	}
	chat_member_take_topic(c, x);
	chat_member_notify(c, CHAT_EVENT_JOINED, m, "", 0);
	channel_finish(rq, 0);
}

/* Origin: sends to the session that entered its own JOINED, and the topic. */
static void chat_member_welcome(struct chat_request *x, struct session *s)
{
	struct channel_event e = {
		.type = CHAT_EVENT_JOINED,
		.channel = x->rq.name,
		.channel_len = x->rq.name_len,
		.from = x->name,
		.from_len = x->name_len,
		.text = "",
	};

	(void)channel_send(s, &chat_policy, &e);
	if (x->list.len == 0)
		return;
	e.type = CHAT_EVENT_TOPIC;
	e.from = x->value;
	e.from_len = x->value_len;
	e.text = x->list.data;
	e.text_len = x->list.len;
	(void)channel_send(s, &chat_policy, &e);
}

/* Origin. */
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
	channel_subscription_go(x->subscription, &x->rq, x->has_after ? x->after : x->rq.counts.last);
}

/* Origin. */
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

/* Takes @x over: it is submitted, or the request of the session, if there is one, is answered with an error. */
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
	if (str_to_u64(f->data, f->len, 0, STORE_NUMBER_MAX, &x->after) >= 0) {
		x->has_after = true;
		return true;
	}
	request_error(x->rq.request, ERROR_BAD_ARGUMENT, "'%.*s' is no number of a message: that is 0 to %llu",
		      (int)MIN(f->len, (size_t)40), f->data, STORE_NUMBER_MAX);
	return false;
}

int chat_member_join(struct request *q, struct fields *f)
{
	struct chat_session *cs = chat_session_get(request_session(q), chat_engine(request_role_state(q)));
	struct chat_request *x;
	int r;

	if (!cs)
		return -ENOMEM;
	r = chat_request_new(q, &f->at[0], NULL, chat_member_entered, chat_member_in, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	x->welcome = chat_member_answer_join;
	if ((f->n > 1 && !chat_member_take_after(x, &f->at[1])) || !chat_request_within_rate(q, cs)) {
		(void)chat_request_free(x);
		return ACT_ANSWERED;
	}
	chat_member_submit(x);
	return ACT_DEFERRED;
}

int chat_member_enter(struct request *q, const char *room, void (*welcome)(struct chat_request *x),
		      void (*unwelcome)(struct chat_request *x))
{
	struct field name = { (char *)room, strlen(room) };
	struct chat_request *x;
	int r;

	r = chat_request_new(q, &name, NULL, chat_member_entered, chat_member_in, &x);
	if (r != 0)
		return r;
	x->welcome = welcome;
	x->unwelcome = unwelcome;
	chat_member_submit(x);
	return 0;
}

int chat_member_enter_alone(struct chat_session *cs, const char *room)
{
	struct chat_request *x =
		chat_request_new_alone(cs->engine, cs->session, room, strlen(room), chat_member_entered);

	if (!x)
		return -ENOMEM;
	x->answer = chat_member_in;
	chat_member_submit(x);
	return 0;
}

/* Owner. */
static void chat_member_parted(struct channel *c, struct channel_request *rq)
{
	struct channel_member *m = chat_request_member(container_of(rq, struct chat_request, rq), c);
	bool is_volatile;

	if (!m)
		return;
	is_volatile = m->flags & CHAT_MEMBER_VOLATILE;
	chat_member_notify(c, CHAT_EVENT_LEFT, m, CHAT_WHY_PARTED, strlen(CHAT_WHY_PARTED));
	channel_leave(c, m);
	chat_entry_forget(c, is_volatile);
	channel_finish(rq, 0);
}

/* Origin. */
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

int chat_member_part(struct request *q, struct fields *f)
{
	struct chat_request *x;
	int r;

	r = chat_request_new(q, &f->at[0], NULL, chat_member_parted, chat_member_out, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	channel_submit(&x->rq);
	return ACT_DEFERRED;
}

/* Owner: why a member with a new name must leave. NULL: it may stay. */
static const char *chat_member_name_refused(struct channel *c, const struct chat_request *x)
{
	if (!x->within_rate)
		return CHAT_WHY_FLOOD;
	if (chat_entry_held(c, CHAT_ENTRY_BAN, x->name, x->name_len, &x->address) > 0)
		return CHAT_WHY_BANNED;
	return NULL;
}

static void chat_member_set_name(struct channel *c, struct channel_member *m, const struct chat_request *x)
{
	m->name_len = (uint8_t)x->name_len;
	memcpy(m->name, x->name, x->name_len);
	/* The member keeps its rank, or gets that of the new name where that is higher, as if it had entered with
	 * it. */
	chat_member_set_rank(m, MAX(chat_member_rank(m), chat_entry_rank(c, x->name, x->name_len)));
	if (chat_member_rank(m) == CHAT_RANK_OWNER && !chat_entry_has_owner(c, "", 0))
		chat_entry_found(c, x->name, x->name_len);
}

/* Owner: the others receive LEFT for the old name and JOINED for the new one. */
static void chat_member_rename(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);
	struct channel_member *m = chat_request_member(x, c);
	const char *why;

	if (!m)
		return;
	if (str_casecmp(m->name, m->name_len, x->name, x->name_len) == 0) {
		chat_member_set_name(c, m, x);
		channel_finish(rq, 0);
		return;
	}
	why = chat_member_name_refused(c, x);
	if (why) {
		chat_member_expel(c, m, why, strlen(why));
	} else {
		chat_member_notify(c, CHAT_EVENT_LEFT, m, CHAT_WHY_RENAMED, strlen(CHAT_WHY_RENAMED));
		chat_member_set_name(c, m, x);
		chat_member_notify(c, CHAT_EVENT_JOINED, m, "", 0);
	}
	channel_finish(rq, 0);
}

void chat_member_renamed(struct chat_session *cs, struct channel_subscription *sub, bool within_rate)
{
	size_t len;
	const char *room = channel_subscription_name(sub, &len);
	struct chat_request *x = chat_request_new_alone(cs->engine, cs->session, room, len, chat_member_rename);

	if (!x)
		return; /* out of memory: it keeps the old name in this room */
	x->within_rate = within_rate;
	channel_submit(&x->rq);
}
