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
 * Each function below belongs to one of the two sides. The comment in front of it begins with the side, "Origin" or
 * "Owner", and it must be called in the thread of that side. A role adds a policy: the text of a message in each
 * dialect, the limits, and in act() who may do what.
 */

#include "base/address.h"
#include "session/name.h"
#include "session/session.h"
#include "store/store.h"

#include <stdatomic.h>

struct warnings;

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
	uint64_t id; /* store_id(); 0: the message has no number, or is ephemeral */
};

/*
 * Outcomes of a request, and of the functions that say so: 0, one of these, or a negative errno where something broke,
 * which is -ENOMEM mostly. A role's own outcomes begin at CHANNEL_E_MAX.
 */
enum channel_outcome {
	CHANNEL_E_NOT_FOUND = 1, /* there is no channel of that name, or no such message */
	CHANNEL_E_MEMBER,        /* the session is a member, or a request to enter is under way */
	CHANNEL_E_MEMBERS,       /* channel_limits.members is reached */
	CHANNEL_E_SUBSCRIPTIONS, /* channel_limits.subscriptions is reached */
	CHANNEL_E_CHANNELS,      /* channel_limits.open is reached, and no channel is idle */
	CHANNEL_E_NAMES,         /* the store has as many names of the kind as it may have */
	CHANNEL_E_FULL,          /* store_append.max_messages or .max_bytes is reached */
	CHANNEL_E_BUSY,          /* too much waits for the disk */
	CHANNEL_E_NO_SPACE,      /* the disk is full */
	CHANNEL_E_UNAVAILABLE,   /* the store is closed or damaged; channel_engine_why() says why */
	CHANNEL_E_MAX,
};
/* Any thread: the outcome for a store_request.result. An errno without an outcome stays as it is. */
int channel_outcome(int store_result);

struct channel_limits {
	uint64_t open;          /* channels of the kind in memory, in all reactors; an idle one makes room */
	uint64_t members;       /* of a channel */
	uint64_t subscriptions; /* of a session to channels of the kind */
};

/* What a role decides about its kind of channels. Constant. */
struct channel_policy {
	uint8_t kind;   /* number in the store, never changed */
	bool ephemeral; /* some messages are not kept in the store */
	void (*limits)(const struct settings *s, struct channel_limits *ret);
	/* Appends the whole event with its line end (raw has none). 0 or -ENOMEM; where nothing is appended,
	 * sessions of this dialect do not receive the event. */
	int (*format)(const struct channel_event *e, enum dialect d, struct buf *to);
	/* Owner: a member's session has ended, and the member is out of the list. @why is "slow", "unavailable" (the
	 * store could not be read for it), or a word about the end. */
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

/*
 * The engine: all channels of the daemon. Main's thread: the first role that starts makes it, the last role that stops
 * frees it. Where the store cannot be opened the engine runs without. A request that needs the disk then ends with
 * CHANNEL_E_UNAVAILABLE, and channel_engine_why() says why.
 */
int channel_engine_ref(const struct role_start *with, struct channel_engine **ret);
void channel_engine_unref(struct channel_engine *engine);
struct store *channel_engine_store(struct channel_engine *engine); /* NULL: the store could not be opened */
/* Any thread: messages of the kind that were dropped for their age since the start. */
uint64_t channel_engine_expired(struct channel_engine *engine, unsigned kind);
/* Any thread: the clock by which attributes end (store_age_msec()). It never jumps. */
uint64_t channel_engine_msec(const struct channel_engine *engine);
uint64_t channel_msec(const struct channel *c);
const char *channel_engine_why(struct channel_engine *engine, char *dst, size_t size);
/* Main: has the store check its files. */
void channel_engine_look(struct channel_engine *engine);
/* Main: adds a warning for each thing that is wrong with the store now. */
void channel_engine_warn(struct channel_engine *engine, struct warnings *to);

/*
 * A request to a channel. The role embeds it in a struct of its own, which it allocates. From channel_submit() until
 * on_complete() is called the engine has it; after that it is the role's again, which frees it.
 */
struct channel_request {
	/* The role sets these after channel_request_init(). */
	channel_act_fn act;                              /* owner; ends with channel_finish() or a store call */
	void (*on_complete)(struct channel_request *rq); /* origin; @result says how it went */
	bool create; /* make the channel where there is none; else CHANNEL_E_NOT_FOUND, and no act() */
	struct channel_message *message; /* a reference, which the engine drops after on_complete(); or NULL */

	/* channel_request_init() sets these. */
	struct request *request; /* the session's request, for on_complete(); or NULL */
	int result;              /* 0, enum channel_outcome, the role's, or negative errno */
	struct handle session;   /* who asks; generation 0: no session */
	struct reactor *origin;
	struct channel_engine *engine;
	const struct channel_policy *policy;
	uint8_t name_len;
	char name[STORE_NAME_MAX];
	struct store_counts counts; /* of the channel, when the request left the owner */

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

/* Origin: for the session's request @q, which is deferred (request_defer()). */
void channel_request_init(struct channel_request *rq, struct channel_engine *engine, const struct channel_policy *p,
			  struct request *q, const char *name, size_t name_len);
/* Origin: the same without a session's request. @s may be NULL. */
void channel_request_init_alone(struct channel_request *rq, struct channel_engine *engine,
				const struct channel_policy *p, struct reactor *origin, struct session *s,
				const char *name, size_t name_len);
void channel_submit(struct channel_request *rq);
/* Origin: the session that asked. NULL: it has ended. */
struct session *channel_request_session(struct channel_request *rq);

/*
 * Owner, in act() or next(): sends the request back to its origin. A session that became a member by this request
 * receives the notifications that come after this call, and none of those before. The request is gone after the call;
 * the channel stays as long as it has a member.
 */
void channel_finish(struct channel_request *rq, int result);

/*
 * Owner: store calls. When the store has answered, rq->result and rq->call hold the answer, and next() goes on in the
 * owner's thread; without next() the request is finished. Meanwhile other requests to the channel may be acted on.
 * Store calls are carried out in the order in which they were made.
 *
 * channel_append() gives rq->message a number and queues it to all subscribers before next(). With @durable the message
 * is on disk first. Without, it gets a number from a range that is reserved on disk, and is kept nowhere.
 */
void channel_append(struct channel *c, struct channel_request *rq, bool durable, channel_act_fn next);
/* The caller fills in rq->call before: .append's key, max_messages and max_bytes; .remove and .set but the channel. */
void channel_remove(struct channel *c, struct channel_request *rq, channel_act_fn next);
void channel_set(struct channel *c, struct channel_request *rq, channel_act_fn next);

/* Owner: ephemeral messages will follow (policy.ephemeral). Reserves a range of numbers for them, once for the whole
 * daemon. */
void channel_expect_ephemeral(struct channel *c);

/* Owner: state of the channel. */
const struct store_counts *channel_counts(const struct channel *c);
const char *channel_name(const struct channel *c, size_t *ret_len);
struct reactor *channel_reactor(struct channel *c);
/* Owner: an attribute. NULL: there is none, or it has ended. Valid until the next store call. */
const struct store_attribute *channel_attribute(struct channel *c, const char *name, size_t len);
const struct store_attribute *channel_next_attribute(struct channel *c,
						     const struct store_attribute *n); /* NULL: the first */
/* Owner: sets an attribute in memory only, for as long as the channel is there. An empty value removes it. 0 or
 * -ENOMEM. */
int channel_set_volatile(struct channel *c, const char *name, size_t name_len, const char *value, size_t value_len,
			 uint64_t until_msec);

/* Owner: queues the message, without a number, to all subscribers. The caller keeps its reference. */
void channel_notify(struct channel *c, struct channel_message *m);
/* Owner: the same to one member. */
void channel_notify_member(struct channel *c, struct channel_member *to, struct channel_message *m);

/* A session in a channel, as the owner knows it. */
struct channel_member {
	struct handle session;
	struct address address;
	uint8_t name_len;
	char name[STORE_NAME_MAX]; /* the role may change it */
	unsigned flags;            /* the role's */

	/* The engine's. */
	struct list link;
	struct map_node node;
	struct msg msg;                   /* expelled: the way to its origin */
	struct channel_message *farewell; /* expelled: the last message it receives, or NULL */
	struct channel_engine *engine;
	const struct channel_policy *policy;
	uint8_t channel_len;
	char channel[STORE_NAME_MAX];
	bool catching_up;     /* not live yet: the replay buffer keeps what is sent meanwhile */
	unsigned replay_from; /* index of the first message in the replay buffer that is for it */
	uint64_t replay_last; /* the channel's last number at that moment */
};
unsigned channel_n_members(const struct channel *c);
struct channel_member *channel_next_member(struct channel *c, const struct channel_member *m); /* NULL: the first */
struct channel_member *channel_find_member(struct channel *c, struct handle session);
struct channel_member *channel_find_name(struct channel *c, const char *name, size_t len); /* without case */
/*
 * Owner: makes the request's session a member. 0, CHANNEL_E_MEMBER, _MEMBERS, or -ENOMEM. Its origin must have begun a
 * subscription (below). The session receives what is sent after channel_finish(); a request that finishes with an error
 * removes the member again.
 */
int channel_enter(struct channel *c, struct channel_request *rq, const char *name, size_t name_len,
		  const struct address *address, struct channel_member **ret);
void channel_leave(struct channel *c, struct channel_member *m);
/*
 * Owner: removes the member, and has its origin end the subscription. The session receives @message as its last one
 * from the channel, so a session that has received it is out and can enter again. The caller notifies the others,
 * after this call. The caller keeps its reference; @message may be NULL where there was no memory.
 */
void channel_expel(struct channel *c, struct channel_member *m, struct channel_message *message);

/*
 * Origin: subscriptions. A subscription is begun before the request that enters is submitted. When that request is
 * complete, the subscription either goes on (channel_subscription_go()) or is ended. A session that ends leaves all its
 * channels by itself.
 */
struct channel_subscription;
/* NULL and *ret_outcome: CHANNEL_E_MEMBER, CHANNEL_E_SUBSCRIPTIONS or -ENOMEM. */
struct channel_subscription *channel_subscription_begin(struct channel_request *rq, int *ret_outcome);
/*
 * In on_complete() of the request that entered, after it was answered. The session receives all messages with a number
 * above @after, in order, each once: first the kept ones, page by page from the store as the session's output drains,
 * then the live ones. @after = rq->counts.last: nothing of the past.
 */
void channel_subscription_go(struct channel_subscription *sub, struct channel_request *rq, uint64_t after);
/* In on_complete(): the session has left, or could not enter, and the owner knows. Does nothing where the session has
 * ended meanwhile, as _go() does: then the engine has left the channel for it. */
void channel_subscription_end(struct channel_subscription *sub);
struct channel_subscription *channel_subscription_find(struct session *s, const struct channel_policy *p,
						       const char *name, size_t len);
/* The session's subscriptions to channels of the policy; NULL for @sub: the first. */
struct channel_subscription *channel_subscription_next(struct session *s, const struct channel_policy *p,
						       const struct channel_subscription *sub);
const char *channel_subscription_name(const struct channel_subscription *sub, size_t *ret_len);

/* Origin: formats one event for one session and queues it. 0, or -EPIPE: the session takes no more. */
int channel_send(struct session *s, const struct channel_policy *p, const struct channel_event *e);

/* A walk over all channels of a kind that are in memory. Embedded by the caller, who owns it. */
struct channel_walk {
	struct msg msg;
	struct channel_engine *engine;
	uint8_t kind;
	struct reactor *origin;
	unsigned at;
	/* Called once for each channel, in the thread of its owner. Reactors are visited one after the other, so nobody
	 * else touches the walk during the call. */
	void (*each)(struct channel_walk *w, struct channel *c);
	void (*on_complete)(struct channel_walk *w); /* origin */
};
/* Origin. */
void channel_walk(struct channel_walk *w);
