/* SPDX-License-Identifier: MIT */
#include "roles/chat/request.h"

#include "base/str.h"
#include "roles/chat/member.h"
#include "roles/chat/session.h"

#include <errno.h>
#include <string.h>

#define CHAT_REQUEST_ANSWERED 1

struct chat_request *chat_request_free(struct chat_request *x)
{
	if (!x)
		return NULL;
	buf_done(&x->list);
	free(x);
	return NULL;
}

/* The reply to an outcome of the engine. */
static void chat_request_refuse_outcome(struct chat_request *x, enum channel_outcome outcome)
{
	struct request *q = x->rq.request;
	const struct chat_options *options = settings_get(request_settings(q), &chat_section);
	int len = (int)x->rq.name_len;
	const char *room = x->rq.name;
	char why[512];

	switch (outcome) {
	case CHANNEL_E_NOT_FOUND:
		request_error(q, ERROR_NOT_FOUND, "there is no room '%.*s'; ROOMS lists them, JOIN makes one", len,
			      room);
		break;
	case CHANNEL_E_MEMBER:
		request_error(q, ERROR_EXISTS, "you are in the room '%.*s'; PART,%.*s leaves it", len, room, len, room);
		break;
	case CHANNEL_E_MEMBERS:
		request_error(q, ERROR_LIMIT,
			      "the room '%.*s' has as many members as it may, %llu (chat.members); try again "
			      "when somebody has left",
			      len, room, (unsigned long long)options->members);
		break;
	case CHANNEL_E_SUBSCRIPTIONS:
		request_error(q, ERROR_LIMIT,
			      "you are in %llu rooms, which is the limit (chat.joined); PART one first",
			      (unsigned long long)options->joined);
		break;
	case CHANNEL_E_CHANNELS:
		request_error(q, ERROR_LIMIT,
			      "there are as many rooms as there may be, %llu (chat.rooms); join one that is "
			      "there",
			      (unsigned long long)options->rooms);
		break;
	case CHANNEL_E_NAMES:
		request_error(q, ERROR_LIMIT,
			      "the server remembers as many rooms as it may (1000000); join one that is there");
		break;
	case CHANNEL_E_BUSY:
		request_error(q, ERROR_BUSY, "the server has too much to do just now; try again a little later");
		break;
	case CHANNEL_E_NO_SPACE:
		request_error(q, ERROR_NO_SPACE,
			      "the server's disk is full; nothing was said or changed in '%.*s'; whoever "
			      "runs the server has to make room",
			      len, room);
		break;
	case CHANNEL_E_UNAVAILABLE:
		request_error(q, ERROR_UNAVAILABLE, "%s", channel_engine_why(x->rq.engine, why, sizeof(why)));
		break;
	case CHANNEL_E_FULL: /* a room drops its oldest messages instead */
	case CHANNEL_E_MAX:
		request_error(q, ERROR_INTERNAL, "the room '%.*s'; ask whoever runs the server", len, room);
		break;
	}
}

/* The reply to a refusal by the room's owner. */
static void chat_request_refuse_by_owner(struct chat_request *x)
{
	struct request *q = x->rq.request;
	int len = (int)x->rq.name_len, target = (int)x->args.target_len;
	const char *room = x->rq.name;

	switch ((enum chat_refusal)x->rq.result) {
	case CHAT_E_NOT_MEMBER:
		request_error(q, ERROR_DENIED, "you are not in the room '%.*s'; JOIN,%.*s first", len, room, len, room);
		break;
	case CHAT_E_MUTED:
		request_error(q, ERROR_DENIED, "you are muted in the room '%.*s' for another %llu s", len, room,
			      (unsigned long long)x->wait_sec);
		break;
	case CHAT_E_BANNED:
		request_error(q, ERROR_DENIED, "you are banned from the room '%.*s' for another %llu s", len, room,
			      (unsigned long long)x->wait_sec);
		break;
	case CHAT_E_RANK:
		request_error(q, ERROR_DENIED, "only an operator of the room '%.*s' can do this, and you are a %s", len, room,
			      chat_rank_name(x->rank));
		break;
	case CHAT_E_OUTRANKED:
		request_error(q, ERROR_DENIED,
			      "'%.*s' is %s of the room '%.*s' and you are %s: only an owner can do this",
			      target, x->args.target, chat_rank_name(x->target_rank), len, room, chat_rank_name(x->rank));
		break;
	case CHAT_E_NOBODY:
		request_error(q, ERROR_NOT_FOUND,
			      "there is nobody else named '%.*s' in the room '%.*s'; WHO,%.*s tells who is", target,
			      x->args.target, len, room, len, room);
		break;
	case CHAT_E_AHEAD:
		request_error(q, ERROR_BAD_ARGUMENT, "the room '%.*s' has no number %llu yet; its last one is %llu",
			      len, room, (unsigned long long)x->args.after, (unsigned long long)x->rq.counts.last);
		break;
	case CHAT_E_ENTRIES:
		request_error(q, ERROR_LIMIT,
			      "the room '%.*s' has %llu roles, mutes and bans, which is the limit (chat.records); end "
			      "some with 0 seconds",
			      len, room, (unsigned long long)x->args.max_entries);
		break;
	case CHAT_E_LAST_OWNER:
		request_error(q, ERROR_DENIED, "'%.*s' is the room's only owner; make somebody else an owner first",
			      target, x->args.target);
		break;
	}
}

void chat_request_refuse(struct chat_request *x)
{
	struct request *q = x->rq.request;
	int r = x->rq.result;

	if (r >= CHANNEL_E_MAX)
		chat_request_refuse_by_owner(x);
	else if (r > 0)
		chat_request_refuse_outcome(x, (enum channel_outcome)r);
	else if (r == -ENOMEM)
		request_error(q, ERROR_BUSY, "the server has too much to do just now; try again a little later");
	else
		request_error(q, ERROR_INTERNAL, "the room '%.*s': %s; ask whoever runs the server",
			      (int)x->rq.name_len, x->rq.name, strerror(-r));
}

static void chat_request_on_complete(struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);

	if (rq->result == 0 && x->silent && rq->request)
		request_noreply(rq->request);
	else if (rq->result != 0 && rq->request)
		chat_request_refuse(x);
	if (rq->result == 0 && x->answer)
		x->answer(x);
	else if (rq->result != 0 && x->failed)
		x->failed(x);
	(void)chat_request_free(x);
}

static struct chat_request *chat_request_make(const struct chat_options *options, struct session *s,
					      const struct field *text)
{
	const struct identity *who = session_identity(s);
	size_t text_len = text ? text->len : 0;
	struct chat_request *x = who ? calloc(1, sizeof(*x) + text_len) : NULL;

	if (!x)
		return NULL;
	x->args.durable = options->durable;
	x->args.max_entries = options->records;
	x->args.address = who->address;
	x->args.name_len = who->name_len;
	memcpy(x->args.name, who->name, who->name_len);
	x->list.max = 16 << 20;
	x->args.text_len = text_len;
	x->args.text = x->text;
	if (text_len > 0)
		memcpy(x->text, text->data, text_len);
	return x;
}

int chat_request_new(const struct call *call, const struct field *room, const struct field *text, enum chat_kind kind,
		     void (*answer)(struct chat_request *x), struct chat_request **ret)
{
	struct chat_request *x;

	if (!chat_name_is_room(room->data, room->len)) {
		request_error(call->request, ERROR_BAD_ARGUMENT,
			      "a room's name is 1 to %d of a-z 0-9 . _ -; this one has %zu bytes: '%.*s'",
			      CHAT_ROOM_MAX, room->len, (int)MIN(room->len, (size_t)80), room->data);
		return CHAT_REQUEST_ANSWERED;
	}
	x = chat_request_make(call->options, call->session, text);
	if (!x)
		return -ENOMEM;
	channel_request_init(&x->rq, chat_engine(call->state), &chat_policy, call->request, room->data, room->len);
	x->rq.kind = chat_kind_row(kind);
	x->rq.on_complete = chat_request_on_complete;
	x->answer = answer;
	*ret = x;
	return 0;
}

struct chat_request *chat_request_new_alone(struct channel_engine *engine, struct session *s, const char *room,
					    size_t room_len, enum chat_kind kind)
{
	struct chat_request *x = chat_request_make(settings_get(session_settings(s), &chat_section), s, NULL);

	if (!x)
		return NULL;
	channel_request_init_alone(&x->rq, engine, &chat_policy, session_reactor(s), s, room, room_len);
	x->rq.kind = chat_kind_row(kind);
	x->rq.on_complete = chat_request_on_complete;
	return x;
}

bool chat_request_set_target(struct chat_request *x, const struct field *target)
{
	if (!chat_name_is_member(target->data, target->len)) {
		request_error(x->rq.request, ERROR_BAD_ARGUMENT,
			      "'%.*s' is nobody's name: that is a nick or an address",
			      (int)MIN(target->len, (size_t)IDENTITY_NAME_MAX), target->data);
		return false;
	}
	memcpy(x->args.target, target->data, target->len);
	x->args.target_len = target->len;
	return true;
}

bool chat_request_text_fits(const struct call *call, size_t len)
{
	const struct chat_options *options = call->options;

	if (len <= options->text)
		return true;
	request_error(call->request, ERROR_TOO_LONG, "a text may have %llu bytes (chat.text), and this one has %zu",
		      (unsigned long long)options->text, len);
	return false;
}

bool chat_request_within_rate(const struct call *call, struct chat_session *cs)
{
	const struct chat_options *options = call->options;
	uint64_t wait = chat_session_rate_limit(cs);

	if (wait == 0)
		return true;
	request_error(call->request, ERROR_LIMIT,
		      "that was too much at once: you may say %llu things a second, and %llu after a pause "
		      "(chat.rate, chat.burst); try again in %llu ms",
		      (unsigned long long)options->rate, (unsigned long long)options->burst,
		      (unsigned long long)(wait / 1000 + 1));
	return false;
}
