/* SPDX-License-Identifier: MIT */
#include "roles/chat/member.h"

#include "base/str.h"
#include "roles/chat/event.h"
#include "roles/chat/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void chat_member_tell(struct channel *c, unsigned type, const struct channel_member *m, const char *text, size_t len)
{
	struct channel_message *message = channel_message_new(type, m->name, m->name_len, text, len);

	if (message)
		channel_notify(c, message);
	(void)channel_message_unref(message);
}

static void chat_member_limits(const struct settings *s, struct channel_limits *ret)
{
	const struct chat_options *o = settings_get(s, &chat_section);

	*ret = (struct channel_limits){ .open = o->rooms, .members = o->members, .follows = o->joined };
}

static void chat_member_left(struct channel *c, struct channel_member *m, const char *why)
{
	chat_member_tell(c, CHAT_EVENT_LEFT, m, why, strlen(why));
	chat_record_forget(c, m->flags & CHAT_MEMBER_VOLATILE);
}

void chat_member_expel(struct channel *c, struct channel_member *m, const char *why, size_t len)
{
	struct channel_message *message = channel_message_new(CHAT_EVENT_LEFT, m->name, m->name_len, why, len);
	bool is_volatile = m->flags & CHAT_MEMBER_VOLATILE;

	channel_expel(c, m, message);
	if (message)
		channel_notify(c, message);
	(void)channel_message_unref(message);
	chat_record_forget(c, is_volatile);
}

static void chat_member_expelled(struct session *s, const char *channel, size_t len)
{
	struct chat_session *cs = chat_session_find(s);

	if (cs)
		chat_session_leave(cs, channel, len);
}

const struct channel_policy chat_policy = {
	.kind = 0,
	.unkept = true,
	.limits = chat_member_limits,
	.format = chat_event_format,
	.left = chat_member_left,
	.expelled = chat_member_expelled,
};

/* Owner: for who comes in. */
static void chat_member_take_topic(struct channel *c, struct chat_op *o)
{
	const struct store_note *n = chat_record_note(c, CHAT_RECORD_TOPIC);

	if (!n || buf_append(&o->list, n->value, n->value_len) < 0)
		return;
	n = chat_record_note(c, CHAT_RECORD_TOPIC_BY);
	if (n) {
		o->value_len = MIN(n->value_len, sizeof(o->value));
		memcpy(o->value, n->value, o->value_len);
	}
}

/* Owner. */
static void chat_member_entered(struct channel *c, struct channel_op *op)
{
	struct chat_op *o = container_of(op, struct chat_op, op);
	struct channel_member *m;
	int r;

	o->wait_sec = chat_record_held(c, CHAT_RECORD_BAN, o->name, o->name_len, &o->address);
	if (o->wait_sec > 0) {
		channel_finish(op, CHAT_E_BANNED);
		return;
	}
	if (o->has_after && o->after > channel_counts(c)->last) {
		channel_finish(op, CHAT_E_AHEAD);
		return;
	}
	r = channel_enter(c, op, o->name, o->name_len, &o->address, &m);
	if (r < 0) {
		channel_finish(op, r);
		return;
	}
	m->flags = o->durable ? 0 : CHAT_MEMBER_VOLATILE;
	if (!o->durable)
		channel_expect_unkept(c);
	chat_member_set_rank(m, chat_record_rank(c, o->name, o->name_len));
	o->n_members = channel_n_members(c);
	if (o->n_members == 1 && !chat_record_has_owner(c, "", 0)) {
		chat_member_set_rank(m, CHAT_RANK_OWNER);
		chat_record_found(c, o->name, o->name_len);
	}
	chat_member_take_topic(c, o);
	chat_member_tell(c, CHAT_EVENT_JOINED, m, "", 0);
	channel_finish(op, 0);
}

/* Home: what who comes in is told of himself, and of where he is. */
static void chat_member_welcome(struct chat_op *o, struct session *s)
{
	struct channel_event e = {
		.type = CHAT_EVENT_JOINED,
		.channel = o->op.name,
		.channel_len = o->op.name_len,
		.from = o->name,
		.from_len = o->name_len,
		.text = "",
	};

	(void)channel_say(s, &chat_policy, &e);
	if (o->list.len == 0)
		return;
	e.type = CHAT_EVENT_TOPIC;
	e.from = o->value;
	e.from_len = o->value_len;
	e.text = o->list.data;
	e.text_len = o->list.len;
	(void)channel_say(s, &chat_policy, &e);
}

/* Home. */
static void chat_member_in(struct chat_op *o)
{
	struct session *s = channel_op_session(&o->op);
	struct chat_session *cs = s ? chat_session_find(s) : NULL;

	if (o->welcome)
		o->welcome(o);
	if (!s)
		return;
	if (cs)
		chat_session_enter(cs, o->op.name, o->op.name_len);
	chat_member_welcome(o, s);
	channel_follow_go(o->follow, &o->op, o->has_after ? o->after : o->op.counts.last);
}

/* Home. */
static void chat_member_not_in(struct chat_op *o)
{
	if (channel_op_session(&o->op))
		channel_follow_end(o->follow);
	if (o->unwelcome)
		o->unwelcome(o);
}

static void chat_member_answer_join(struct chat_op *o)
{
	struct request *q = o->op.request;

	request_begin(q, "OK");
	request_field(q, o->op.name, o->op.name_len);
	request_field_u64(q, o->op.counts.last);
	request_field_u64(q, o->n_members);
	request_field_u64(q, o->op.counts.first);
	request_end(q);
}

static void chat_member_refuse_more(struct request *q)
{
	const struct chat_options *o = settings_get(request_settings(q), &chat_section);

	request_error(q, ERROR_LIMIT,
		      "you are in as many rooms as a session may be in, %llu (chat.joined); PART one first",
		      (unsigned long long)o->joined);
}

/* Takes the op over: it is on its way, or what hinders it was answered where there is a request. */
static void chat_member_submit(struct chat_op *o)
{
	struct request *q = o->op.request;
	int len = (int)o->op.name_len, r = 0;
	const char *room = o->op.name;

	o->op.create = true;
	o->failed = chat_member_not_in;
	o->follow = channel_follow_begin(&o->op, &r);
	if (o->follow) {
		channel_submit(&o->op);
		return;
	}
	if (q && r == -EEXIST)
		request_error(q, ERROR_EXISTS, "you are in the room '%.*s'; PART,%.*s leaves it", len, room, len, room);
	else if (q && r == -EMFILE)
		chat_member_refuse_more(q);
	else if (q)
		request_error(q, ERROR_BUSY, "out of memory; try again later");
	if (o->unwelcome)
		o->unwelcome(o);
	(void)chat_op_free(o);
}

static bool chat_member_take_after(struct chat_op *o, const struct field *f)
{
	if (str_to_u64(f->data, f->len, 0, STORE_NUMBER_MAX, &o->after) >= 0) {
		o->has_after = true;
		return true;
	}
	request_error(o->op.request, ERROR_BAD_ARGUMENT, "'%.*s' is no number of a message: that is 0 to %llu",
		      (int)MIN(f->len, (size_t)40), f->data, STORE_NUMBER_MAX);
	return false;
}

int chat_member_join(struct request *q, struct fields *f)
{
	struct chat_session *cs = chat_session_get(request_session(q), chat_hub(request_role_state(q)));
	struct chat_op *o;
	int r;

	if (!cs)
		return -ENOMEM;
	r = chat_op_new(q, &f->at[0], NULL, chat_member_entered, chat_member_in, &o);
	if (r != 0)
		return MIN(r, 0);
	o->welcome = chat_member_answer_join;
	if ((f->n > 1 && !chat_member_take_after(o, &f->at[1])) || !chat_op_pay(q, cs))
		(void)chat_op_free(o);
	else
		chat_member_submit(o);
	return 0;
}

int chat_member_enter(struct request *q, const char *room, void (*welcome)(struct chat_op *o),
		      void (*unwelcome)(struct chat_op *o))
{
	struct field name = { (char *)room, strlen(room) };
	struct chat_op *o;
	int r;

	r = chat_op_new(q, &name, NULL, chat_member_entered, chat_member_in, &o);
	if (r != 0)
		return r;
	o->welcome = welcome;
	o->unwelcome = unwelcome;
	chat_member_submit(o);
	return 0;
}

int chat_member_enter_alone(struct chat_session *cs, const char *room)
{
	struct chat_op *o = chat_op_new_alone(cs->hub, cs->session, room, strlen(room), chat_member_entered);

	if (!o)
		return -ENOMEM;
	o->answer = chat_member_in;
	chat_member_submit(o);
	return 0;
}

/* Owner. */
static void chat_member_parted(struct channel *c, struct channel_op *op)
{
	struct channel_member *m = chat_op_member(container_of(op, struct chat_op, op), c);
	bool is_volatile;

	if (!m)
		return;
	is_volatile = m->flags & CHAT_MEMBER_VOLATILE;
	chat_member_tell(c, CHAT_EVENT_LEFT, m, CHAT_WHY_PARTED, strlen(CHAT_WHY_PARTED));
	channel_leave(c, m);
	chat_record_forget(c, is_volatile);
	channel_finish(op, 0);
}

/* Home. */
static void chat_member_out(struct chat_op *o)
{
	struct session *s = channel_op_session(&o->op);
	struct chat_session *cs = s ? chat_session_find(s) : NULL;
	struct channel_follow *f = s ? channel_follow_find(s, &chat_policy, o->op.name, o->op.name_len) : NULL;

	if (cs)
		chat_session_leave(cs, o->op.name, o->op.name_len);
	if (f)
		channel_follow_end(f);
	request_ok(o->op.request);
}

int chat_member_part(struct request *q, struct fields *f)
{
	struct chat_op *o;
	int r;

	r = chat_op_new(q, &f->at[0], NULL, chat_member_parted, chat_member_out, &o);
	if (r == 0)
		channel_submit(&o->op);
	return MIN(r, 0);
}

/* Owner: why who has been given another name may not stay under it. NULL: he may. */
static const char *chat_member_name_refused(struct channel *c, const struct chat_op *o)
{
	if (!o->paid)
		return CHAT_WHY_FLOOD;
	if (chat_record_held(c, CHAT_RECORD_BAN, o->name, o->name_len, &o->address) > 0)
		return CHAT_WHY_BANNED;
	return NULL;
}

static void chat_member_set_name(struct channel *c, struct channel_member *m, const struct chat_op *o)
{
	m->name_len = (uint8_t)o->name_len;
	memcpy(m->name, o->name, o->name_len);
	/* What he is, he stays; and what the name is, he is, as if he had come in with it. */
	chat_member_set_rank(m, MAX(chat_member_rank(m), chat_record_rank(c, o->name, o->name_len)));
	if (chat_member_rank(m) == CHAT_RANK_OWNER && !chat_record_has_owner(c, "", 0))
		chat_record_found(c, o->name, o->name_len);
}

/* Owner: it is as if one left and another came. */
static void chat_member_rename(struct channel *c, struct channel_op *op)
{
	struct chat_op *o = container_of(op, struct chat_op, op);
	struct channel_member *m = chat_op_member(o, c);
	const char *why;

	if (!m)
		return;
	if (str_casecmp(m->name, m->name_len, o->name, o->name_len) == 0) {
		chat_member_set_name(c, m, o);
		channel_finish(op, 0);
		return;
	}
	why = chat_member_name_refused(c, o);
	if (why) {
		chat_member_expel(c, m, why, strlen(why));
	} else {
		chat_member_tell(c, CHAT_EVENT_LEFT, m, CHAT_WHY_RENAMED, strlen(CHAT_WHY_RENAMED));
		chat_member_set_name(c, m, o);
		chat_member_tell(c, CHAT_EVENT_JOINED, m, "", 0);
	}
	channel_finish(op, 0);
}

void chat_member_renamed(struct chat_session *cs, struct channel_follow *f, bool paid)
{
	size_t len;
	const char *room = channel_follow_name(f, &len);
	struct chat_op *o = chat_op_new_alone(cs->hub, cs->session, room, len, chat_member_rename);

	if (!o)
		return; /* it keeps the old name there */
	o->paid = paid;
	channel_submit(&o->op);
}
