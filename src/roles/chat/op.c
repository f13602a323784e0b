/* SPDX-License-Identifier: MIT */
#include "roles/chat/op.h"

#include "base/str.h"
#include "roles/chat/member.h"
#include "roles/chat/session.h"

#include <errno.h>
#include <string.h>

#define CHAT_OP_ANSWERED 1

struct chat_op *chat_op_free(struct chat_op *o)
{
	if (!o)
		return NULL;
	buf_done(&o->list);
	free(o);
	return NULL;
}

/* What the engine says no to. */
static void chat_op_broke(struct chat_op *o)
{
	struct request *q = o->op.request;
	const struct chat_options *options = settings_get(request_settings(q), &chat_section);
	int len = (int)o->op.name_len;
	const char *room = o->op.name;
	char why[512];

	switch (-o->op.result) {
	case ENOENT:
		request_error(q, ERROR_NOT_FOUND, "there is no room '%.*s'; ROOMS lists them, JOIN makes one", len,
			      room);
		break;
	case EUSERS:
		request_error(q, ERROR_LIMIT,
			      "the room '%.*s' has as many members as it may, %llu (chat.members); try again "
			      "when somebody has left",
			      len, room, (unsigned long long)options->members);
		break;
	case EMFILE:
		request_error(q, ERROR_LIMIT,
			      "there are as many rooms as there may be, %llu (chat.rooms); join one that is "
			      "there",
			      (unsigned long long)options->rooms);
		break;
	case ENFILE:
		request_error(q, ERROR_LIMIT,
			      "the server remembers as many rooms as it may (1000000); join one that is there");
		break;
	case EBUSY:
	case ENOMEM:
		request_error(q, ERROR_BUSY, "the server has too much to do just now; try again a little later");
		break;
	case ENOSPC:
		request_error(q, ERROR_NO_SPACE,
			      "the server's disk is full; nothing was said or changed in '%.*s'; whoever "
			      "runs the server has to make room",
			      len, room);
		break;
	case EIO:
	case EBADMSG:
		request_error(q, ERROR_UNAVAILABLE, "%s", channel_hub_why(o->op.hub, why, sizeof(why)));
		break;
	default:
		request_error(q, ERROR_INTERNAL, "the room '%.*s': %s; ask whoever runs the server", len, room,
			      strerror(-o->op.result));
		break;
	}
}

/* What the room's rules say no to. */
static void chat_op_refuse(struct chat_op *o)
{
	struct request *q = o->op.request;
	int len = (int)o->op.name_len, target = (int)o->target_len;
	const char *room = o->op.name;

	switch ((enum chat_refusal)o->op.result) {
	case CHAT_E_NOT_MEMBER:
		request_error(q, ERROR_DENIED, "you are not in the room '%.*s'; JOIN,%.*s first", len, room, len, room);
		break;
	case CHAT_E_MUTED:
		request_error(q, ERROR_DENIED, "you are muted in the room '%.*s' for another %llu s", len, room,
			      (unsigned long long)o->wait_sec);
		break;
	case CHAT_E_BANNED:
		request_error(q, ERROR_DENIED, "you are banned from the room '%.*s' for another %llu s", len, room,
			      (unsigned long long)o->wait_sec);
		break;
	case CHAT_E_RANK:
		request_error(q, ERROR_DENIED, "this takes an operator of the room '%.*s', and you are a %s", len, room,
			      chat_rank_name(o->rank));
		break;
	case CHAT_E_OUTRANKED:
		request_error(q, ERROR_DENIED, "'%.*s' is %s of the room '%.*s' and you are %s: that takes an owner",
			      target, o->target, chat_rank_name(o->target_rank), len, room, chat_rank_name(o->rank));
		break;
	case CHAT_E_NOBODY:
		request_error(q, ERROR_NOT_FOUND,
			      "there is nobody else named '%.*s' in the room '%.*s'; WHO,%.*s tells who is", target,
			      o->target, len, room, len, room);
		break;
	case CHAT_E_AHEAD:
		request_error(q, ERROR_BAD_ARGUMENT, "the room '%.*s' has no number %llu yet; its last one is %llu",
			      len, room, (unsigned long long)o->after, (unsigned long long)o->op.counts.last);
		break;
	case CHAT_E_RECORDS:
		request_error(q, ERROR_LIMIT,
			      "the room '%.*s' remembers as many roles, mutes and bans as it may, %llu "
			      "(chat.records); lift some with 0 seconds",
			      len, room, (unsigned long long)o->max_records);
		break;
	case CHAT_E_LAST_OWNER:
		request_error(q, ERROR_DENIED, "'%.*s' is the room's only owner; make somebody else an owner first",
			      target, o->target);
		break;
	}
}

/* Home. */
static void chat_op_done(struct channel_op *op)
{
	struct chat_op *o = container_of(op, struct chat_op, op);

	if (op->result == 0 && o->silent && op->request)
		request_silent(op->request);
	else if (op->result > 0 && op->request)
		chat_op_refuse(o);
	else if (op->result < 0 && op->request)
		chat_op_broke(o);
	if (op->result == 0 && o->answer)
		o->answer(o);
	else if (op->result != 0 && o->failed)
		o->failed(o);
	(void)chat_op_free(o);
}

static struct chat_op *chat_op_make(const struct settings *settings, struct session *s, const struct field *text)
{
	const struct chat_options *options = settings_get(settings, &chat_section);
	size_t text_len = text ? text->len : 0;
	struct chat_op *o = calloc(1, sizeof(*o) + text_len);

	if (!o)
		return NULL;
	o->durable = options->durable;
	o->max_records = options->records;
	o->address = *session_address(s);
	o->name_len = session_get_name(s, o->name);
	o->list.max = 16 << 20;
	o->text_len = text_len;
	if (text_len > 0)
		memcpy(o->text, text->data, text_len);
	return o;
}

int chat_op_new(struct request *q, const struct field *room, const struct field *text,
		void (*act)(struct channel *c, struct channel_op *op), void (*answer)(struct chat_op *o),
		struct chat_op **ret)
{
	struct chat_op *o;

	if (!chat_name_is_room(room->data, room->len)) {
		request_error(q, ERROR_BAD_ARGUMENT,
			      "a room's name is 1 to %d of a-z 0-9 . _ -; this one has %zu bytes: '%.*s'",
			      CHAT_ROOM_MAX, room->len, (int)MIN(room->len, (size_t)80), room->data);
		return CHAT_OP_ANSWERED;
	}
	o = chat_op_make(request_settings(q), request_session(q), text);
	if (!o)
		return -ENOMEM;
	channel_op_init(&o->op, chat_hub(request_role_state(q)), &chat_policy, q, room->data, room->len);
	o->op.act = act;
	o->op.done = chat_op_done;
	o->answer = answer;
	*ret = o;
	return 0;
}

struct chat_op *chat_op_new_alone(struct channel_hub *hub, struct session *s, const char *room, size_t room_len,
				  void (*act)(struct channel *c, struct channel_op *op))
{
	struct chat_op *o = chat_op_make(session_settings(s), s, NULL);

	if (!o)
		return NULL;
	channel_op_init_alone(&o->op, hub, &chat_policy, session_reactor(s), s, room, room_len);
	o->op.act = act;
	o->op.done = chat_op_done;
	return o;
}

bool chat_op_set_target(struct chat_op *o, const struct field *target)
{
	if (!chat_name_is_member(target->data, target->len)) {
		request_error(o->op.request, ERROR_BAD_ARGUMENT,
			      "'%.*s' is nobody's name: that is a nick or an address",
			      (int)MIN(target->len, (size_t)CHAT_NAME_MAX), target->data);
		return false;
	}
	memcpy(o->target, target->data, target->len);
	o->target_len = target->len;
	return true;
}

bool chat_op_text_fits(struct request *q, size_t len)
{
	const struct chat_options *options = settings_get(request_settings(q), &chat_section);

	if (len <= options->text)
		return true;
	request_error(q, ERROR_TOO_LONG, "a text may have %llu bytes (chat.text), and this one has %zu",
		      (unsigned long long)options->text, len);
	return false;
}

bool chat_op_pay(struct request *q, struct chat_session *cs)
{
	const struct chat_options *options = settings_get(request_settings(q), &chat_section);
	uint64_t wait = chat_session_pay(cs);

	if (wait == 0)
		return true;
	request_error(q, ERROR_LIMIT,
		      "that was too much at once: you may say %llu things a second, and %llu after a pause "
		      "(chat.rate, chat.burst); try again in %llu ms",
		      (unsigned long long)options->rate, (unsigned long long)options->burst,
		      (unsigned long long)(wait / 1000 + 1));
	return false;
}

struct channel_member *chat_op_member(struct chat_op *o, struct channel *c)
{
	struct channel_member *m = channel_find_member(c, o->op.session);

	if (!m)
		channel_finish(&o->op, CHAT_E_NOT_MEMBER);
	return m;
}
