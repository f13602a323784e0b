#pragma once
/* SPDX-License-Identifier: MIT */
/* What the role knows of a session that chats. */

#include "channel/channel.h"
#include "roles/chat/rate_limit.h"
#include "roles/chat/name.h"

struct chat_session {
	struct observer observer;
	struct session *session;
	struct channel_engine *engine;
	struct chat_rate_limit rate_limit;
	uint8_t last_len;         /* the room that a bare line is said in; 0: none */
	char last[CHAT_ROOM_MAX];
	bool has_joined;          /* ever */
	bool old;                 /* an old chat client's: what it says begins with its name */
	bool greeting;            /* and it has no name yet */
	uint64_t again_usec;      /* how long it waits after a name that will not do */
	struct timer again;
};

/* Makes it where it is not there. NULL: no memory. */
struct chat_session *chat_session_get(struct session *s, struct channel_engine *engine);

/* NULL where it never chatted, or is ending. */
struct chat_session *chat_session_find(const struct session *s);

/* It is in that room now, or not any more. */
void chat_session_enter(struct chat_session *cs, const char *room, size_t len);
void chat_session_leave(struct chat_session *cs, const char *room, size_t len);

/* Where a bare line goes: the last room joined that it still is in. Length 0: none. */
size_t chat_session_room(const struct chat_session *cs, char dst[CHAT_ROOM_MAX]);

/* Counts one thing said. 0, or how long to wait in microseconds. */
uint64_t chat_session_rate_limit(struct chat_session *cs);
