#pragma once
/* SPDX-License-Identifier: MIT */
/* A session's state in chat. In the session's thread. */

#include "channel/subscriber.h"
#include "roles/chat/rate_limit.h"
#include "roles/chat/name.h"

struct chat_session {
	struct observer observer;
	struct session *session;
	struct channel_engine *engine;
	struct chat_rate_limit rate_limit;
	uint8_t last_len; /* the room of a line without a verb; 0: none */
	char last[CHAT_ROOM_MAX];
	bool has_joined;     /* a room, at any time */
	bool old;            /* an old chat client, which puts its name in front of a text */
	bool greeting;       /* an old chat client that has no name yet */
	uint64_t again_usec; /* delay before the next greeting after a refused name */
	struct timer again;
};

/* Makes the state where there is none. NULL: out of memory. */
struct chat_session *chat_session_get(struct session *s, struct channel_engine *engine);

/* NULL: the session never used chat, or is ending. */
struct chat_session *chat_session_find(const struct session *s);

/* The session has entered the room, or left it. */
void chat_session_enter(struct chat_session *cs, const char *room, size_t len);
void chat_session_leave(struct chat_session *cs, const char *room, size_t len);

/* The room of a line without a verb: the last one that the session entered and has not left. Length 0: none. */
size_t chat_session_room(const struct chat_session *cs, char dst[CHAT_ROOM_MAX]);

/* Counts one message (chat.rate, chat.burst). 0; or the microseconds until one is allowed, and nothing was counted. */
uint64_t chat_session_rate_limit(struct chat_session *cs);
