/* SPDX-License-Identifier: MIT */
/*
 * The verbs that moderate a room: they make the request, and the room's owner decides (owner/moderate.c).
 */
#include "roles/chat/moderate.h"

#include "base/str.h"
#include "roles/chat/event.h"
#include "roles/chat/member.h"
#include "roles/chat/owner/member.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Ten years. */
#define CHAT_MODERATE_SECONDS_MAX (3650ULL * 86400)

static void chat_moderate_answer(struct chat_request *x)
{
	request_ok(x->rq.request);
}

/* Makes the request. @target and @text can be NULL. 0; positive: the request was answered; or -ENOMEM. */
static int chat_moderate_new(const struct call *call, const struct field *room, const struct field *target,
			     const struct field *text, enum chat_kind kind, struct chat_request **ret)
{
	struct chat_session *cs = chat_session_get(call->session, chat_engine(call->state));
	int r;

	if (!cs)
		return -ENOMEM;
	r = chat_request_new(call, room, text, kind, chat_moderate_answer, ret);
	if (r != 0)
		return r;
	if ((target && !chat_request_set_target(*ret, target)) || (text && !chat_request_text_fits(call, text->len)) ||
	    !chat_request_within_rate(call, cs)) {
		*ret = chat_request_free(*ret);
		return 1;
	}
	return 0;
}

/* TOPIC */

int chat_moderate_topic(const struct call *call)
{
	const struct fields *f = call->fields;
	const struct field *text = &f->at[1];
	struct chat_request *x;
	int r;

	if (text->len > CHANNEL_VALUE_MAX) {
		request_error(call->request, ERROR_TOO_LONG, "a topic may have %d bytes, and this one has %zu",
			      CHANNEL_VALUE_MAX, text->len);
		return ACT_ANSWERED;
	}
	r = chat_moderate_new(call, &f->at[0], NULL, text, CHAT_KIND_TOPIC, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	x->rq.message = channel_message_new(CHAT_EVENT_TOPIC, x->args.name, x->args.name_len, text->data, text->len);
	if (!x->rq.message) {
		(void)chat_request_free(x);
		return -ENOMEM;
	}
	channel_submit(&x->rq);
	return ACT_DEFERRED;
}

/* KICK */

int chat_moderate_kick(const struct call *call)
{
	const struct fields *f = call->fields;
	struct field why = { (char *)CHAT_WHY_KICKED, strlen(CHAT_WHY_KICKED) };
	struct buf text = {};
	struct chat_request *x;
	int r = 0;

	if (f->n > 2 && f->at[2].len > 0) {
		r = buf_printf(&text, "%s: %.*s", CHAT_WHY_KICKED, (int)f->at[2].len, f->at[2].data);
		why = (struct field){ text.data, text.len };
	}
	if (r >= 0)
		r = chat_moderate_new(call, &f->at[0], &f->at[1], &why, CHAT_KIND_KICK, &x);
	if (r == 0)
		channel_submit(&x->rq);
	buf_done(&text);
	return r == 0 ? ACT_DEFERRED : MIN(r, ACT_ANSWERED);
}

/* MUTE and BAN */

static int chat_moderate_hold(const struct call *call, enum chat_kind kind)
{
	const struct fields *f = call->fields;
	const struct field *seconds = &f->at[2];
	struct chat_request *x;
	uint64_t n;
	int r;

	if (str_to_u64(seconds->data, seconds->len, 0, CHAT_MODERATE_SECONDS_MAX, &n) < 0) {
		request_error(call->request, ERROR_BAD_ARGUMENT,
			      "'%.*s' is no number of seconds: that is 0, which lifts it, to %llu",
			      (int)MIN(seconds->len, (size_t)40), seconds->data, CHAT_MODERATE_SECONDS_MAX);
		return ACT_ANSWERED;
	}
	r = chat_moderate_new(call, &f->at[0], &f->at[1], NULL, kind, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	x->args.seconds = n;
	channel_submit(&x->rq);
	return ACT_DEFERRED;
}

int chat_moderate_mute(const struct call *call)
{
	return chat_moderate_hold(call, CHAT_KIND_MUTE);
}

int chat_moderate_ban(const struct call *call)
{
	return chat_moderate_hold(call, CHAT_KIND_BAN);
}

/* ROLE */

int chat_moderate_role(const struct call *call)
{
	const struct fields *f = call->fields;
	enum chat_rank to = chat_rank_from_name(f->at[2].data, f->at[2].len);
	struct chat_request *x;
	int r;

	if (to == CHAT_RANK_MAX) {
		request_error(call->request, ERROR_BAD_ARGUMENT, "a role is owner, operator or member, not '%.*s'",
			      (int)MIN(f->at[2].len, (size_t)40), f->at[2].data);
		return ACT_ANSWERED;
	}
	r = chat_moderate_new(call, &f->at[0], &f->at[1], NULL, CHAT_KIND_ROLE, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	x->args.to = to;
	channel_submit(&x->rq);
	return ACT_DEFERRED;
}
