#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The role chat: rooms, their members, and their moderation. A room is a channel (channel/channel.h); roles, mutes and
 * bans are attributes of the channel (owner/entry.h). A verb becomes a request to the room (request.h), and the room's
 * owner decides on it: the files in owner/ run in its thread, all others in that of the session. The options below are
 * read in any thread, the state is shared by all reactors.
 */

#include "session/role.h"

/* The room that a session enters with a message, if it has entered none before. */
#define CHAT_LOBBY "lobby"

struct channel_engine;
struct chat_state;

struct chat_options {
	bool durable;
	uint64_t history;      /* messages of a room that are kept */
	uint64_t history_usec; /* how long a message is kept */
	uint64_t rate, burst;  /* messages of a session a second, and at once */
	uint64_t text;         /* bytes of a message, a topic or a reason */
	uint64_t joined;       /* rooms of a session */
	uint64_t members;      /* sessions in a room */
	uint64_t rooms;        /* rooms in memory */
	uint64_t records;      /* roles, mutes and bans of a room */
};

extern const struct option_section chat_section;
extern const struct role chat_role;

struct channel_engine *chat_engine(const struct chat_state *state);

/* A list of rooms or members is in memory while it is made, so the number of lists is limited. False: the limit is
 * reached. True: the caller must call chat_lists_leave() at the end. Any thread. */
bool chat_lists_enter(struct chat_state *state);
void chat_lists_leave(struct chat_state *state);
