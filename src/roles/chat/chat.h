#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The role chat: rooms, who is in them, and who may do what there. A room is a channel; what it remembers of people are
 * the channel's notes (record.h). Each verb is an op that decides in the room's owner (op.h).
 */

#include "session/role.h"

struct channel_engine;
struct chat_state;

struct chat_options {
	bool durable;
	uint64_t history;      /* messages a room keeps */
	uint64_t history_usec; /* and how long */
	uint64_t rate, burst;  /* messages a second of a session, and at once */
	uint64_t text;         /* bytes of a message, a topic or a reason */
	uint64_t joined;       /* rooms a session is in */
	uint64_t members;      /* sessions a room has */
	uint64_t rooms;        /* rooms that are open */
	uint64_t records;      /* roles, mutes and bans a room remembers */
};

extern const struct option_section chat_section;
extern const struct role chat_role;

struct channel_engine *chat_engine(const struct chat_state *state);

/* A list of rooms or people is held in memory while it is made, so only some are under way at once: false where there
 * are as many. The one that was let in gives its place back. */
bool chat_lists_enter(struct chat_state *state);
void chat_lists_leave(struct chat_state *state);
