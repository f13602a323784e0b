/* SPDX-License-Identifier: MIT */
#include "roles/chat/session.h"

#include "roles/chat/chat.h"
#include "roles/chat/member.h"

#include <string.h>

static void chat_session_gone(struct observer *a, struct session *s, _unused_ const char *why)
{
	struct chat_session *cs = container_of(a, struct chat_session, observer);

	loop_no_timer(session_loop(s), &cs->again);
	free(cs);
}

/* A new name is sent to all rooms of the session, so it counts as a message. */
static void chat_session_renamed(struct observer *a, struct session *s, _unused_ const char *old)
{
	struct chat_session *cs = container_of(a, struct chat_session, observer);
	bool within_rate = chat_session_rate_limit(cs) == 0;
	struct channel_subscription *sub = channel_subscription_next(s, &chat_policy, NULL), *next;

	/* The session may be expelled during the call, and @sub freed. */
	for (; sub; sub = next) {
		next = channel_subscription_next(s, &chat_policy, sub);
		chat_member_renamed(cs, sub, within_rate);
	}
}

static const struct observer_ops chat_session_ops = {
	.gone = chat_session_gone,
	.renamed = chat_session_renamed,
};

struct chat_session *chat_session_find(const struct session *s)
{
	struct observer *a = session_find_observer(s, &chat_session_ops);

	return a ? container_of(a, struct chat_session, observer) : NULL;
}

struct chat_session *chat_session_get(struct session *s, struct channel_engine *engine)
{
	struct chat_session *cs = chat_session_find(s);

	if (cs)
		return cs;
	cs = calloc(1, sizeof(*cs));
	if (!cs)
		return NULL;
	cs->observer.ops = &chat_session_ops;
	cs->session = s;
	cs->engine = engine;
	session_add_observer(s, &cs->observer);
	return cs;
}

void chat_session_enter(struct chat_session *cs, const char *room, size_t len)
{
	memcpy(cs->last, room, len);
	cs->last_len = (uint8_t)len;
	cs->has_joined = true;
}

void chat_session_leave(struct chat_session *cs, const char *room, size_t len)
{
	if (cs->last_len == len && memcmp(cs->last, room, len) == 0)
		cs->last_len = 0;
}

size_t chat_session_room(const struct chat_session *cs, char dst[CHAT_ROOM_MAX])
{
	struct channel_subscription *sub;
	const char *name = cs->last;
	size_t len = cs->last_len;

	if (len == 0) {
		sub = channel_subscription_next(cs->session, &chat_policy, NULL);
		name = sub ? channel_subscription_name(sub, &len) : NULL;
	}
	if (name)
		memcpy(dst, name, len);
	return len;
}

uint64_t chat_session_rate_limit(struct chat_session *cs)
{
	const struct chat_options *o = settings_get(session_settings(cs->session), &chat_section);
	uint64_t wait = 0;

	(void)chat_rate_limit_pass(&cs->rate_limit, session_loop(cs->session)->now_usec, o->rate, o->burst, &wait);
	return wait;
}
