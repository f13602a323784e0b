#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The request of a verb to a room: its arguments and its outcome. The session's thread makes and submits it, the room's
 * owner acts on it, and back in the session's thread it answers the verb. All verbs of chat but HISTORY and ROOMS use
 * it.
 */

#include "channel/owner.h"
#include "channel/subscriber.h"
#include "roles/chat/chat.h"
#include "roles/chat/name.h"
#include "roles/chat/rank.h"
#include "wire/field.h"

/* rq.result where the room's owner refuses; beside enum channel_outcome. */
enum chat_refusal {
	CHAT_E_NOT_MEMBER = CHANNEL_E_MAX, /* the session is not in the room */
	CHAT_E_MUTED,                      /* .wait_sec */
	CHAT_E_BANNED,                     /* .wait_sec */
	CHAT_E_RANK,                       /* the session is no operator; .rank is its rank */
	CHAT_E_OUTRANKED,                  /* the target's rank is too high; .rank, .target_rank */
	CHAT_E_NOBODY,                     /* the target is not in the room */
	CHAT_E_AHEAD,                      /* the number is above the last one; .after, rq.counts.last */
	CHAT_E_ENTRIES,                    /* the room has as many entries as it may have (chat.records) */
	CHAT_E_LAST_OWNER,                 /* the room would have no owner */
};

struct chat_request {
	struct channel_request rq;
	void (*answer)(struct chat_request *x); /* origin; the request succeeded */
	void (*failed)(struct chat_request *x); /* origin, or NULL; it failed, and the error was sent */
	bool silent;                            /* only a failure is answered */
	bool durable;                           /* chat.durable when it was submitted */
	uint64_t max_entries;
	struct address address; /* of the session */
	size_t name_len;
	char name[SESSION_NAME_MAX]; /* of the session */

	/* Arguments and results of the verbs. */
	struct channel_subscription *subscription;
	bool has_after, within_rate;
	uint64_t after, seconds, until_msec, wait_sec;
	enum chat_rank rank, target_rank, to;
	unsigned n_members;
	const char *kind; /* "ban" or "mute" */
	size_t target_len;
	char target[CHAT_NAME_MAX];
	size_t value_len;
	char key[CHAT_KEY_MAX];                    /* of a store call that sets an entry */
	char value[CHAT_KEY_MAX];                  /* likewise; of JOIN: who set the topic */
	struct buf list;                           /* of WHO: the names; of JOIN: the topic */
	void (*welcome)(struct chat_request *x);   /* of JOIN: sends the reply */
	void (*unwelcome)(struct chat_request *x); /* of JOIN, or NULL: entering failed */
	size_t text_len;
	char text[];
};

/* Origin: a request to the room @room, whose name is checked; @text (or NULL) is copied. 0; positive: the name is
 * wrong, and @q was answered; or -ENOMEM. */
int chat_request_new(struct request *q, const struct field *room, const struct field *text, channel_act_fn act,
		     void (*answer)(struct chat_request *x), struct chat_request **ret);
struct chat_request *chat_request_free(struct chat_request *x);

/* Origin: answers the request, which has a session's, with the error for rq.result. */
void chat_request_refuse(struct chat_request *x);

/* Origin: the same without a request of the session, so nothing is answered. NULL: out of memory. */
struct chat_request *chat_request_new_alone(struct channel_engine *engine, struct session *s, const char *room,
					    size_t room_len, channel_act_fn act);

/* Sets the target of KICK, MUTE, BAN or ROLE. False: it is no valid name, and the request was answered. */
bool chat_request_set_target(struct chat_request *x, const struct field *target);

/* Whether @len bytes are within chat.text. False: the request was answered. */
bool chat_request_text_fits(struct request *q, size_t len);

/* Counts one message of the session (chat.rate). False: it is one too many, and the request was answered. */
struct chat_session;
bool chat_request_within_rate(struct request *q, struct chat_session *cs);

/* Owner: the session as a member of the room. NULL: it is none, and the request is finished. */
struct channel_member *chat_request_member(struct chat_request *x, struct channel *c);
