#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A verb on its way: what it asks for, the room it goes to and what came of it. It is made in the session's thread,
 * decides in the room's owner's, and answers back in the session's.
 */

#include "channel/channel.h"
#include "roles/chat/chat.h"
#include "roles/chat/name.h"
#include "roles/chat/rank.h"
#include "wire/field.h"

/* op.result where the room's rules say no. */
enum chat_refusal {
	CHAT_E_NOT_MEMBER = 1, /* who asks is not in the room */
	CHAT_E_MUTED,          /* .wait_sec */
	CHAT_E_BANNED,         /* .wait_sec */
	CHAT_E_RANK,           /* it takes an operator; .rank is what he is */
	CHAT_E_OUTRANKED,      /* the target is no less than he; .rank, .target_rank */
	CHAT_E_NOBODY,         /* the target is not there */
	CHAT_E_AHEAD,          /* a number that is not there yet; .after, op.counts.last */
	CHAT_E_ENTRIES,        /* the room remembers as much as it may */
	CHAT_E_LAST_OWNER,     /* nobody would be left */
};

struct chat_request {
	struct channel_request rq;
	void (*answer)(struct chat_request *x); /* home; it went well */
	void (*failed)(struct chat_request *x); /* home, NULL or: it did not, and the error is answered already */
	bool silent;                       /* only a failure is answered */
	bool durable;                      /* what comes of it is to be on disk */
	uint64_t max_entries;
	struct address address;            /* of who asks */
	size_t name_len;
	char name[SESSION_NAME_MAX];       /* of who asks */

	/* What is asked for, and found; each verb's own. */
	struct channel_subscription *subscription;
	bool has_after, within_rate;
	uint64_t after, seconds, until_msec, wait_sec;
	enum chat_rank rank, target_rank, to;
	unsigned n_members;
	const char *kind;                  /* "ban" or "mute" */
	size_t target_len;
	char target[CHAT_NAME_MAX];
	size_t value_len;
	char key[CHAT_KEY_MAX], value[CHAT_KEY_MAX]; /* of a step that sets a note; who set the topic */
	struct buf list;                   /* names; the topic */
	void (*welcome)(struct chat_request *x);   /* of who comes in, instead of JOIN's answer */
	void (*unwelcome)(struct chat_request *x); /* NULL or: ... who may not */
	size_t text_len;
	char text[];
};

/*
 * Home. For the room in @room, which is checked; @text (NULL: none) is copied. 0, or positive: the request was answered
 * with what is wrong. -ENOMEM.
 */
int chat_request_new(struct request *q, const struct field *room, const struct field *text, channel_act_fn act,
		     void (*answer)(struct chat_request *x), struct chat_request **ret);
struct chat_request *chat_request_free(struct chat_request *x);

/* The same for what nobody asked for: there is nobody to answer. NULL: no memory. */
struct chat_request *chat_request_new_alone(struct channel_engine *engine, struct session *s, const char *room,
					    size_t room_len, channel_act_fn act);

/* The target of KICK, MUTE and the like. False: it is no name, and the request was answered. */
bool chat_request_set_target(struct chat_request *x, const struct field *target);

/* Whether these @len bytes are not too many for a message or a topic; else the request was answered. */
bool chat_request_text_fits(struct request *q, size_t len);

/* The session may say one more thing now; else the request was answered. */
struct chat_session;
bool chat_request_within_rate(struct request *q, struct chat_session *cs);

/* Owner: who asks, as a member; NULL: he is none, and the op is finished so. */
struct channel_member *chat_request_member(struct chat_request *x, struct channel *c);
