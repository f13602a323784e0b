#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Channels: what rooms and mailboxes stand on. A channel is a name, a numbered log, attributes, and the sessions that
 * receive new messages. The roles chat and relay call this module; it knows no verb and no words of a dialect.
 *
 * Each channel has one owner, the reactor hash(kind, name) % R, and only that reactor's thread touches it. A session
 * asks from its own reactor, the origin. A request (struct channel_request) carries what is asked:
 *
 *	origin: channel_submit() -> owner: act(), store calls, channel_finish() -> origin: on_complete()
 *
 * The requests of one session to one channel are acted on in the order in which they were submitted. Where origin and
 * owner are the same reactor, no message is queued. Between threads travel messages that have a reference count and are
 * never changed after they were made.
 *
 * Each function of the engine belongs to one of the two sides and must be called in the thread of that side: owner.h
 * has those of the owner, subscriber.h those of the origin. A role adds a policy: the text of a message in each
 * dialect, the limits, and in act() the rights of members.
 */

#include "base/address.h"
#include "channel/pack.h"
#include "session/name.h"
#include "session/session.h"
#include "store/store.h"

#include <stdatomic.h>

/* What the store holds, in the words of the roles. */
#define CHANNEL_NAME_MAX   STORE_NAME_MAX   /* bytes of a channel's or a sender's name */
#define CHANNEL_KEY_MAX    STORE_KEY_MAX    /* of a sender's own key for a message */
#define CHANNEL_VALUE_MAX  STORE_VALUE_MAX  /* of an attribute */
#define CHANNEL_NUMBER_MAX STORE_NUMBER_MAX /* the highest number of a message */

/* Dispositions of a message. */
#define CHANNEL_HELD    STORE_HELD
#define CHANNEL_TAKEN   STORE_TAKEN
#define CHANNEL_EXPIRED STORE_EXPIRED

/* The id of a stored message: the id of its channel and its number, in one integer. */
static inline uint64_t channel_message_id(uint64_t channel_id, uint64_t number)
{
	return store_id(channel_id, number);
}
static inline uint64_t channel_message_id_channel(uint64_t id)
{
	return store_id_channel(id);
}
static inline uint64_t channel_message_id_number(uint64_t id)
{
	return store_id_number(id);
}

struct channel;
struct channel_engine;
struct channel_member;
struct channel_request;

/* A step of a request, in the thread of the channel's owner. */
typedef void (*channel_act_fn)(struct channel *c, struct channel_request *rq);

/* What is sent to a session, before it is formatted. Valid for the call only. */
struct channel_event {
	unsigned type; /* the role's; 0: a message with a number, as the store keeps it */
	const char *channel, *from, *text;
	size_t channel_len, from_len, text_len;
	uint64_t number, time_msec;
	uint64_t id; /* channel_message_id(); 0: the message has no number, or is ephemeral */
};

/*
 * Outcomes of a request, and of the functions that say so: 0, one of these, or a negative errno where something broke,
 * which is -ENOMEM mostly. A role's own outcomes begin at CHANNEL_E_MAX.
 */
enum channel_outcome {
	CHANNEL_E_NOT_FOUND = 1, /* there is no channel of that name, or no such message */
	CHANNEL_E_MEMBER,        /* the session is a member, or a request to enter is under way */
	CHANNEL_E_MEMBERS,       /* channel_limits.members is reached */
	CHANNEL_E_SUBSCRIPTIONS, /* channel_policy.max_subscriptions() is reached */
	CHANNEL_E_CHANNELS,      /* channel_limits.open is reached, and no channel is idle */
	CHANNEL_E_NAMES,         /* the store's limit of names of the kind is reached */
	CHANNEL_E_FULL,          /* store_append.max_messages or .max_bytes is reached */
	CHANNEL_E_BUSY,          /* too much waits for the disk */
	CHANNEL_E_NO_SPACE,      /* the disk is full */
	CHANNEL_E_UNAVAILABLE,   /* the store is closed or damaged; channel_engine_why() says why */
	CHANNEL_E_MAX,
};
/* Any thread: the outcome for a store_request.result. An errno without an outcome stays as it is. */
int channel_outcome(int store_result);

/* Limits of a kind of channels, as the settings had them when a request was submitted. The owner judges by them. */
struct channel_limits {
	uint64_t open;    /* channels of the kind in memory, in all reactors; an idle one makes room */
	uint64_t members; /* of a channel */
};

/* What a role decides about its kind of channels. Constant. */
struct channel_policy {
	uint8_t kind;                             /* number in the store, never changed */
	const struct channel_request_kind *kinds; /* of requests: all that are submitted with this policy */
	size_t n_kinds;
	bool ephemeral; /* some messages are not kept in the store */
	/* Origin: the limits that @s has. */
	void (*limits)(const struct settings *s, struct channel_limits *ret);
	/* Origin: the limit of subscriptions that one session has to channels of the kind. */
	uint64_t (*max_subscriptions)(const struct settings *s);
	/* Appends the whole event with its line end (raw has none). 0 or -ENOMEM; where nothing is appended,
	 * sessions of this dialect do not receive the event. */
	int (*format)(const struct channel_event *e, enum dialect d, struct buf *to);
	/* Owner: a member's session has ended, and the member is out of the list. @why is "slow", "unavailable" (the
	 * store could not be read for it), or a word about the end. Decides as act() of a request does (below). */
	void (*left)(struct channel *c, struct channel_member *m, const char *why);
	/* Origin, or NULL: whether the session still is to receive the event. A session that leaves is answered before
	 * the owner knows. A policy with wants() has queued(), too. */
	bool (*wants)(struct session *s, const struct channel_event *e);
	/* Origin, or NULL: a numbered message that is new to this session was queued to it. */
	void (*queued)(struct session *s, const struct channel_event *e);
	/* Origin, or NULL: the owner has expelled the session from the channel (channel_expel()). */
	void (*expelled)(struct session *s, const char *channel, size_t len);
};

/* Any thread: a message. Both texts are copied. NULL: out of memory. */
struct channel_message;
struct channel_message *channel_message_new(unsigned type, const char *from, size_t from_len, const char *text,
					    size_t text_len);
struct channel_message *channel_message_ref(struct channel_message *m);
struct channel_message *channel_message_unref(struct channel_message *m); /* returns NULL */
const struct channel_event *channel_message_event(const struct channel_message *m);

/*
 * A kind of request is a row, constant. act() decides at the owner. Its decision follows from the channel and from the
 * arguments of the request, and from nothing else: it reads no clock, no settings and no random number, and submits no
 * request. Then the requests to a channel, acted on in one order, lead to the same members and attributes on every
 * machine. The same holds for next() of a store call.
 *
 * The arguments are those in struct channel_request, and the role's. These lie together in a part of the role's struct.
 * Rows say how to pack them; they are packed for an owner in another process, and by tests.
 */
struct channel_request_kind {
	uint8_t id; /* below CHANNEL_KIND_ENGINE; never changed, and never used again for another kind */
	const char *name;
	channel_act_fn act; /* owner; ends with channel_finish() or a store call */
	bool has_message;   /* each request of the kind has a message, and act() needs it; else none has */
	size_t size;        /* of the role's struct, whose first member is the struct channel_request */
	size_t args_offset, args_size;
	const struct pack_row *rows; /* offsets are those in the role's struct */
	size_t n_rows;
};

/* Ids from here on are the engine's own kinds, for channels of all policies. */
#define CHANNEL_KIND_ENGINE 0xf0

/*
 * A request to a channel. The role embeds it in a struct of its own, which it allocates. From channel_submit() until
 * on_complete() is called the engine has it; after that it is the role's again, which frees it.
 */
struct channel_request {
	/* The role sets these after channel_request_init(). */
	const struct channel_request_kind *kind;
	void (*on_complete)(struct channel_request *rq); /* origin; @result says how it went */
	bool create; /* make the channel where there is none; else CHANNEL_E_NOT_FOUND, and no act() */
	struct channel_message *message; /* a reference, which the engine drops after on_complete(); or NULL */

	/* channel_request_init() sets these. */
	struct request *request; /* the session's request, for on_complete(); or NULL */
	int result;              /* 0, enum channel_outcome, the role's, or negative errno */
	struct handle session;   /* the session that asks; generation 0: none */
	struct reactor *origin;
	struct channel_engine *engine;
	const struct channel_policy *policy;
	uint8_t name_len;
	char name[STORE_NAME_MAX];
	struct store_counts counts; /* of the channel, when the request left the owner */

	/* channel_submit() sets these: the time and the limits by which the owner judges. */
	uint64_t age_msec;  /* channel_engine_msec() */
	uint64_t real_msec; /* of the calendar */
	struct channel_limits limits;

	/* The engine's. */
	struct msg msg;
	struct list link;
	struct channel *channel;                   /* owner only */
	struct channel_subscription *subscription; /* origin only */
	bool entered;                              /* this request has made the session a member */
	channel_act_fn on_stored, next;
	union {
		struct store_request request;
		struct store_append append;
		struct store_remove remove;
		struct store_set set;
	} call; /* the store call that is under way; then its answer */
};
