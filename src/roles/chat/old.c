/* SPDX-License-Identifier: MIT */
/*
 * The old chat client waits until it has received exactly Hii. Then the program sends the user's name at once, and
 * shows all further input to the user. If the name is refused, the session gets an error and another Hii, after a delay
 * that doubles each time. The client answers with the same name, until that name is free or the user starts the client
 * again.
 */
#include "roles/chat/old.h"

#include "base/clock.h"
#include "base/str.h"
#include "roles/chat/member.h"

#include <string.h>

#define CHAT_OLD_HII        "Hii"
#define CHAT_OLD_WELCOME    "Connected to server!"
#define CHAT_OLD_AGAIN_USEC USEC_PER_SEC
#define CHAT_OLD_AGAIN_MAX  (30 * USEC_PER_SEC)

static void chat_old_greet(struct chat_session *cs)
{
	(void)session_event_text(cs->session, CHAT_OLD_HII, strlen(CHAT_OLD_HII), true);
}

bool chat_old_is_greeting(struct chat_session *cs)
{
	/* After HELLO,ioe/1 the client is a program that was slow, and no old client. */
	if (cs->greeting && !dialect_traits(session_dialect(cs->session))->is_legacy)
		cs->old = cs->greeting = false;
	return cs->greeting;
}

static void chat_old_again(struct timer *t)
{
	struct chat_session *cs = container_of(t, struct chat_session, again);

	if (chat_old_is_greeting(cs))
		chat_old_greet(cs);
}

void chat_old_idle(struct session *s)
{
	struct chat_session *cs = chat_session_get(s, chat_engine(session_role_state(s, &chat_role)));

	if (!cs)
		return;
	cs->again.fire = chat_old_again;
	cs->again_usec = CHAT_OLD_AGAIN_USEC;
	cs->old = cs->greeting = true;
	session_set_pre_verb(s, true);
	chat_old_greet(cs);
}

static void chat_old_end(struct chat_session *cs)
{
	cs->greeting = false;
	loop_no_timer(session_loop(cs->session), &cs->again);
	session_set_pre_verb(cs->session, false);
}

/* The error was sent: greets again later. */
static void chat_old_refused(struct chat_session *cs)
{
	struct loop *loop = session_loop(cs->session);

	loop_timer(loop, &cs->again, loop->now_usec + cs->again_usec);
	cs->again_usec = MIN(2 * cs->again_usec, CHAT_OLD_AGAIN_MAX);
}

static struct chat_session *chat_old_session(struct chat_request *x)
{
	struct session *s = channel_request_session(&x->rq);

	return s ? chat_session_find(s) : NULL;
}

static void chat_old_welcome(struct chat_request *x)
{
	struct chat_session *cs = chat_old_session(x);

	if (cs)
		chat_old_end(cs);
	request_line(x->rq.request, CHAT_OLD_WELCOME, strlen(CHAT_OLD_WELCOME));
}

static void chat_old_unwelcome(struct chat_request *x)
{
	struct chat_session *cs = chat_old_session(x);

	if (cs)
		chat_old_refused(cs);
}

static int chat_old_enter(const struct call *call)
{
	return chat_member_enter(call, chat_old_welcome, chat_old_unwelcome);
}

static void chat_old_claimed(struct request *q, int result, const char *name)
{
	struct chat_session *cs = chat_session_find(request_session(q));
	struct fields lobby;
	int r;

	if (result < 0 || !cs) {
		request_refuse_name(q, name, strlen(name), result);
		if (cs)
			chat_old_refused(cs);
		return;
	}
	lobby.n = 1;
	lobby.at[0] = (struct field){ (char *)CHAT_LOBBY, strlen(CHAT_LOBBY) };
	r = request_act(q, "JOIN", &lobby, chat_old_enter);
	if (r == ACT_DEFERRED)
		return;
	if (r < 0)
		request_error(q, ERROR_BUSY, "out of memory; try again later");
	chat_old_refused(cs);
}

static bool chat_old_is(const char *line, size_t len, const char *word)
{
	return str_casecmp(line, len, word, strlen(word)) == 0;
}

int chat_old_line(const struct call *call, struct chat_session *cs)
{
	const struct field *name = &call->fields->at[0];
	int r;

	if (chat_old_is(name->data, name->len, "BYE") || chat_old_is(name->data, name->len, "QUIT"))
		return ACT_PASSED;
	r = request_claim_name(call->request, name->data, name->len, false, chat_old_claimed);
	if (r >= 0)
		return ACT_DEFERRED;
	request_refuse_name(call->request, name->data, name->len, r);
	chat_old_refused(cs);
	return ACT_ANSWERED;
}
