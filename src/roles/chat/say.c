/* SPDX-License-Identifier: MIT */
#include "roles/chat/say.h"

#include "roles/chat/event.h"
#include "roles/chat/member.h"
#include "roles/chat/old.h"

#include <errno.h>
#include <string.h>

#define CHAT_SAY_LOBBY "lobby"

static void _hot_ chat_say_answer(struct chat_request *x)
{
	struct request *q = x->rq.request;

	if (x->silent)
		return;
	request_begin(q, "OK");
	request_field_u64(q, x->rq.call.append.counts.last);
	request_end(q);
}

/* @silent: only a failure is answered. 0 or -ENOMEM. */
static int _hot_ chat_say_in(struct request *q, struct chat_session *cs, const struct field *room, const char *text,
			     size_t len, bool silent)
{
	struct chat_request *x;
	int r;

	r = chat_request_new(q, room, NULL, CHAT_KIND_SAY, chat_say_answer, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	x->silent = silent;
	if (!chat_request_text_fits(q, len) || !chat_request_within_rate(q, cs)) {
		(void)chat_request_free(x);
		return ACT_ANSWERED;
	}
	x->rq.message = channel_message_new(CHAT_EVENT_SAID, x->args.name, x->args.name_len, text, len);
	if (!x->rq.message) {
		(void)chat_request_free(x);
		return -ENOMEM;
	}
	channel_submit(&x->rq);
	return ACT_DEFERRED;
}

int _hot_ chat_say(struct request *q, struct fields *f)
{
	struct chat_session *cs = chat_session_get(request_session(q), chat_engine(request_role_state(q)));

	if (!cs)
		return -ENOMEM;
	if (f->at[1].len == 0) {
		request_error(q, ERROR_BAD_ARGUMENT, "there is nothing to say: the text is empty");
		return ACT_ANSWERED;
	}
	return chat_say_in(q, cs, &f->at[0], f->at[1].data, f->at[1].len, false);
}

/* Removes the name that an old chat client puts in front of its user's text: the server puts it there for all. */
static void chat_say_strip(const struct chat_session *cs, char **line, size_t *len)
{
	char name[SESSION_NAME_MAX];
	size_t n;

	if (!cs->old)
		return;
	n = session_get_name(cs->session, name);
	if (*len < n + 2 || memcmp(*line, name, n) != 0 || memcmp(*line + n, ": ", 2) != 0)
		return;
	*line += n + 2;
	*len -= n + 2;
}

/* The room of a line without a verb. Length 0: there is none, and the request was answered. */
static size_t chat_say_room(struct request *q, struct chat_session *cs, char room[CHAT_ROOM_MAX])
{
	size_t len = chat_session_room(cs, room);

	if (len > 0)
		return len;
	if (cs->has_joined) {
		request_error(q, ERROR_DENIED, "you are in no room any more; JOIN,%s enters one", CHAT_SAY_LOBBY);
		return 0;
	}
	/* The message is submitted behind this request, so the session is a member when the owner acts on it, or is
	 * refused. */
	if (chat_member_enter_alone(cs, CHAT_SAY_LOBBY) < 0) {
		request_error(q, ERROR_BUSY, "out of memory; try again later");
		return 0;
	}
	memcpy(room, CHAT_SAY_LOBBY, strlen(CHAT_SAY_LOBBY));
	return strlen(CHAT_SAY_LOBBY);
}

/* Whether a line without a verb is a message. From a program it is a mistake. */
static bool chat_say_takes(struct request *q, const struct chat_session *cs, bool alone)
{
	return request_dialect(q) != DIALECT_IOE1 && (alone || (cs && cs->has_joined));
}

int chat_say_line(struct request *q, char *line, size_t len, bool alone)
{
	struct chat_session *cs = chat_session_find(request_session(q));
	char name[CHAT_ROOM_MAX];
	struct field room = { name, 0 };

	if (cs && chat_old_is_greeting(cs))
		return chat_old_line(q, cs, line, len);
	if (!chat_say_takes(q, cs, alone))
		return 0;
	cs = chat_session_get(request_session(q), chat_engine(request_role_state(q)));
	if (!cs) {
		request_error(q, ERROR_BUSY, "out of memory; try again later");
		return 1;
	}
	chat_say_strip(cs, &line, &len);
	if (len == 0) {
		request_silent(q); /* an empty message is not sent */
		return 1;
	}
	room.len = chat_say_room(q, cs, name);
	if (room.len > 0 && chat_say_in(q, cs, &room, line, len, true) < 0)
		request_error(q, ERROR_BUSY, "out of memory; try again later");
	return 1;
}
