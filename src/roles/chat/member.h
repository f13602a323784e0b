#pragma once
/* SPDX-License-Identifier: MIT */
/* Coming, going, and being called otherwise. */

#include "roles/chat/request.h"
#include "roles/chat/session.h"

/* Why somebody left, for programs; else it is the end of his session. */
#define CHAT_WHY_PARTED  "parted"
#define CHAT_WHY_KICKED  "kicked"
#define CHAT_WHY_BANNED  "banned"
#define CHAT_WHY_RENAMED "renamed"
#define CHAT_WHY_FLOOD   "flood"

extern const struct channel_policy chat_policy;

int chat_member_join(struct request *q, struct fields *f);
int chat_member_part(struct request *q, struct fields *f);

/* Home: joins a room without a JOIN, for @q: welcome() answers it where that went well; else it is answered with what
 * hindered it, and unwelcome() hears of it. 0 or -ENOMEM. */
int chat_member_enter(struct request *q, const char *room, void (*welcome)(struct chat_request *x),
		      void (*unwelcome)(struct chat_request *x));

/* The same of itself; where it goes wrong nobody is told. */
int chat_member_enter_alone(struct chat_session *cs, const char *room);

/* Home: the session of this follow has another name. Where that was too much at once (not @paid), it leaves. */
void chat_member_renamed(struct chat_session *cs, struct channel_subscription *sub, bool within_rate);

/* Owner: tells all of this member. */
void chat_member_notify(struct channel *c, unsigned type, const struct channel_member *m, const char *text, size_t len);

/* Owner: puts a member out, and tells all why, himself among them. */
void chat_member_expel(struct channel *c, struct channel_member *m, const char *why, size_t len);

/* What member.flags is made of: his rank, and whether the room was one that is kept nowhere when he came. */
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
