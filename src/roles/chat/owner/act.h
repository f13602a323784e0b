#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The requests to a room: their kinds, their arguments, and what act() of each decides. The files of this folder run in
 * the thread of the room's owner, and decide from the room and the request alone (channel/channel.h says what that
 * forbids); request.h and the files of the verbs are the origin's side.
 */

#include "channel/owner.h"
#include "roles/chat/name.h"
#include "roles/chat/rank.h"

/* The ids of the kinds: never changed, and never used again for another kind. */
enum chat_kind {
	CHAT_KIND_SAY = 1,
	CHAT_KIND_JOIN = 2,
	CHAT_KIND_PART = 3,
	CHAT_KIND_RENAME = 4, /* a member has another name now */
	CHAT_KIND_WHO = 5,
	CHAT_KIND_TOPIC = 6,
	CHAT_KIND_KICK = 7,
	CHAT_KIND_MUTE = 8,
	CHAT_KIND_BAN = 9,
	CHAT_KIND_ROLE = 10,
	CHAT_KIND_MAX,
};
extern const struct channel_request_kind chat_kinds[CHAT_KIND_MAX - 1];

static inline const struct channel_request_kind *chat_kind_row(enum chat_kind kind)
{
	return &chat_kinds[kind - 1];
}

/* rq.result where the room's owner refuses; beside enum channel_outcome. */
enum chat_refusal {
	CHAT_E_NOT_MEMBER = CHANNEL_E_MAX, /* the session is not in the room */
	CHAT_E_MUTED,                      /* .wait_sec */
	CHAT_E_BANNED,                     /* .wait_sec */
	CHAT_E_RANK,                       /* the session is no operator; .rank is its rank */
	CHAT_E_OUTRANKED,                  /* the target's rank is too high; .rank, .target_rank */
	CHAT_E_NOBODY,                     /* the target is not in the room */
	CHAT_E_AHEAD,                      /* the number is above the last one; .args.after, rq.counts.last */
	CHAT_E_ENTRIES,                    /* the room has as many entries as it may have (chat.records) */
	CHAT_E_LAST_OWNER,                 /* the room would have no owner */
};

#define CHAT_WHY_MAX (128U << 10) /* bytes of a reason, above each limit that chat.text can have */

/* A kind has some of them: its rows say which (act.c). */
struct chat_arguments {
	bool durable;           /* chat.durable */
	bool has_after;         /* of JOIN */
	bool within_rate;       /* of RENAME */
	enum chat_rank to;      /* of ROLE */
	uint64_t max_entries;   /* chat.records */
	uint64_t after;         /* of JOIN */
	uint64_t seconds;       /* of MUTE and BAN */
	struct address address; /* of the session */
	size_t name_len, target_len, text_len;
	char name[IDENTITY_NAME_MAX]; /* of the session */
	char target[IDENTITY_NAME_MAX];
	const char *text; /* the reason of KICK */
};

struct chat_request {
	struct channel_request rq;
	struct chat_arguments args;

	/* Results. */
	uint64_t wait_sec;
	enum chat_rank rank, target_rank;
	unsigned n_members;
	struct buf list; /* of WHO: the names; of JOIN: the topic */
	size_t topic_by_len;
	char topic_by[CHAT_KEY_MAX]; /* of JOIN */

	/* Memory of a store call that sets an entry. */
	size_t value_len;
	char key[CHAT_KEY_MAX];
	char value[CHAT_KEY_MAX];

	/* The origin's (request.h). */
	void (*answer)(struct chat_request *x); /* the request succeeded */
	void (*failed)(struct chat_request *x); /* or NULL; it failed, and the error was sent */
	bool silent;                            /* only a failure is answered */
	struct channel_subscription *subscription;
	void (*welcome)(struct chat_request *x);   /* of JOIN: sends the reply */
	void (*unwelcome)(struct chat_request *x); /* of JOIN, or NULL: entering failed */
	char text[];                               /* memory of args.text */
};

/* The session as a member of the room. NULL: it is none, and the request is finished. */
struct channel_member *chat_act_member(struct chat_request *x, struct channel *c);

/* act() of the kinds. */
void chat_act_say(struct channel *c, struct channel_request *rq);
void chat_act_join(struct channel *c, struct channel_request *rq);
void chat_act_part(struct channel *c, struct channel_request *rq);
void chat_act_rename(struct channel *c, struct channel_request *rq);
void chat_act_who(struct channel *c, struct channel_request *rq);
void chat_act_topic(struct channel *c, struct channel_request *rq);
void chat_act_kick(struct channel *c, struct channel_request *rq);
void chat_act_mute(struct channel *c, struct channel_request *rq);
void chat_act_ban(struct channel *c, struct channel_request *rq);
void chat_act_role(struct channel *c, struct channel_request *rq);

/* Whether the room has members, messages or a topic. A room without them was only asked for. */
bool chat_act_is_room(struct channel *c);
/* Appends the names of its members, a line each. 0 or negative errno. */
int chat_act_names(struct channel *c, struct buf *to);
