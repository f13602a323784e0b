#pragma once
/* SPDX-License-Identifier: MIT */
/* Members of a room, as its owner changes them. */

#include "roles/chat/owner/act.h"

/* Reasons of LEFT, as programs read them. Any other one is the reason for which the session ended. */
#define CHAT_WHY_PARTED  "parted"
#define CHAT_WHY_KICKED  "kicked"
#define CHAT_WHY_BANNED  "banned"
#define CHAT_WHY_RENAMED "renamed"
#define CHAT_WHY_FLOOD   "flood"

/* channel_policy.left(). */
void chat_member_left(struct channel *c, struct channel_member *m, const char *why);

/* Notifies all members of an event of this member. */
void chat_member_notify(struct channel *c, unsigned type, const struct channel_member *m, const char *text, size_t len);

/* Expels a member, and notifies all, the expelled one included, of the reason. */
void chat_member_expel(struct channel *c, struct channel_member *m, const char *why, size_t len);

/* channel_member.flags: the rank, and whether the room was in memory only when the member entered. */
#define CHAT_MEMBER_RANK     3U
#define CHAT_MEMBER_VOLATILE 4U

static inline enum chat_rank chat_member_rank(const struct channel_member *m)
{
	return (enum chat_rank)(m->flags & CHAT_MEMBER_RANK);
}

static inline void chat_member_set_rank(struct channel_member *m, enum chat_rank r)
{
	m->flags = (m->flags & ~CHAT_MEMBER_RANK) | (unsigned)r;
}
