#pragma once
/* SPDX-License-Identifier: MIT */
/* Members of a room: the verbs JOIN and PART, new names, and the policy of chat's channels. */

#include "roles/chat/request.h"
#include "roles/chat/session.h"

/* Reasons of LEFT, as programs read them. Any other one is the reason for which the session ended. */
#define CHAT_WHY_PARTED  "parted"
#define CHAT_WHY_KICKED  "kicked"
#define CHAT_WHY_BANNED  "banned"
#define CHAT_WHY_RENAMED "renamed"
#define CHAT_WHY_FLOOD   "flood"

extern const struct channel_policy chat_policy;

int chat_member_join(struct request *q, struct fields *f);
int chat_member_part(struct request *q, struct fields *f);

/* Origin: enters a room without a JOIN, for the request @q. welcome() answers it. On failure @q is answered with the
 * error, and unwelcome() is called. 0 or -ENOMEM. */
int chat_member_enter(struct request *q, const char *room, void (*welcome)(struct chat_request *x),
		      void (*unwelcome)(struct chat_request *x));

/* Origin: the same without a request; a failure is not reported. */
int chat_member_enter_alone(struct chat_session *cs, const char *room);

/* Origin: the session of this subscription has a new name. A session above its rate (not @within_rate) must leave. */
void chat_member_renamed(struct chat_session *cs, struct channel_subscription *sub, bool within_rate);

/* Owner: notifies all members of an event of this member. */
void chat_member_notify(struct channel *c, unsigned type, const struct channel_member *m, const char *text, size_t len);

/* Owner: expels a member, and notifies all, the expelled one included, of the reason. */
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
