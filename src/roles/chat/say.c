/* SPDX-License-Identifier: MIT */
#include "roles/chat/say.h"

#include "roles/chat/event.h"
#include "roles/chat/member.h"
#include "roles/chat/old.h"

#include <errno.h>
#include <string.h>

static void _hot_ chat_say_answer(struct chat_request *x)
{
	struct request *q = x->rq.request;

	if (x->silent)
		return;
	request_begin(q, "OK");
	request_field_u64(q, x->rq.call.append.counts.last);
	request_end(q);
}

/* @silent: only a failure is answered. */
static int _hot_ chat_say_in(const struct call *call, struct chat_session *cs, bool silent)
{
	const struct field *room = &call->fields->at[0], *text = &call->fields->at[1];
	struct chat_request *x;
	int r;

	r = chat_request_new(call, room, NULL, CHAT_KIND_SAY, chat_say_answer, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	x->silent = silent;
	if (!chat_request_text_fits(call, text->len) || !chat_request_within_rate(call, cs)) {
		(void)chat_request_free(x);
		return ACT_ANSWERED;
	}
	x->rq.message = channel_message_new(CHAT_EVENT_SAID, x->args.name, x->args.name_len, text->data, text->len);
	if (!x->rq.message) {
		(void)chat_request_free(x);
		return -ENOMEM;
	}
	channel_submit(&x->rq);
	return ACT_DEFERRED;
}

int _hot_ chat_say(const struct call *call)
{
	struct chat_session *cs = chat_session_get(call->session, chat_engine(call->state));

	if (!cs)
		return -ENOMEM;
	if (call->fields->at[1].len == 0) {
		request_error(call->request, ERROR_BAD_ARGUMENT, "there is nothing to say: the text is empty");
		return ACT_ANSWERED;
	}
	return chat_say_in(call, cs, false);
}

/* Removes the name that an old chat client puts in front of its user's text: the server puts it there for all. */
static void chat_say_strip(const struct chat_session *cs, struct field *text)
{
	const struct identity *who = cs->old ? session_identity(cs->session) : NULL;
	size_t n = who ? who->name_len : 0;

	if (!who || text->len < n + 2 || memcmp(text->data, who->name, n) != 0 ||
	    memcmp(text->data + n, ": ", 2) != 0)
		return;
	text->data += n + 2;
	text->len -= n + 2;
}

/* Enters the lobby for a line without a verb. The message is submitted behind this request, so the session is a member
 * when the owner acts on it, or is refused. */
static int chat_say_enter(const struct call *call)
{
	int r = chat_member_enter_alone(chat_session_find(call->session), &call->fields->at[0]);

	return r < 0 ? r : ACT_PASSED;
}

/* The message of a line without a verb. */
static int chat_say_text(const struct call *call)
{
	return chat_say_in(call, chat_session_find(call->session), true);
}

/* Whether a line without a verb is a message. From a program it is a mistake. */
static bool chat_say_takes(const struct call *call, const struct chat_session *cs, bool alone)
{
	return dialect_traits(call->dialect)->has_bare_lines && (alone || (cs && cs->has_joined));
}

int chat_say_line(const struct call *call, bool alone)
{
	struct chat_session *cs = chat_session_find(call->session);
	struct request *q = call->request;
	char room[CHAT_ROOM_MAX];
	struct fields say;
	int r;

	if (cs && chat_old_is_greeting(cs))
		return chat_old_line(call, cs);
	if (!chat_say_takes(call, cs, alone))
		return ACT_PASSED;
	cs = chat_session_get(call->session, chat_engine(call->state));
	if (!cs)
		return -ENOMEM;
	say.n = 2;
	say.at[0] = (struct field){ room, chat_session_room(cs, room) };
	say.at[1] = call->fields->at[0];
	chat_say_strip(cs, &say.at[1]);
	if (say.at[1].len == 0) {
		request_noreply(q); /* an empty message is not sent */
		return ACT_ANSWERED;
	}
	if (say.at[0].len == 0 && cs->has_joined) {
		request_error(q, ERROR_DENIED, "you are in no room any more; JOIN,%s enters one", CHAT_LOBBY);
		return ACT_ANSWERED;
	}
	if (say.at[0].len == 0) {
		say.n = 1;
		say.at[0] = (struct field){ (char *)CHAT_LOBBY, strlen(CHAT_LOBBY) };
		r = request_act(q, "JOIN", &say, chat_say_enter);
		if (r != ACT_PASSED)
			return r;
		say.n = 2;
	}
	return request_act(q, "SAY", &say, chat_say_text);
}
