#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Rooms, mailboxes and whatever else is a name, a numbered log and the sessions that follow it live. Each channel
 * belongs to one reactor, hash(kind, name) % R; only that one's thread touches it. What is asked of a channel is an
 * op: it travels from its home, the reactor of whoever asks, to the owner, there waits where the store has a part in
 * it, and comes back. Ops of one session to one channel are acted on in the order they were made. With one reactor
 * nothing is queued.
 *
 * Two sides, then, each with functions of its own, and a comment in front of them says whose thread they are called in.
 * In between go messages, counted, and never changed once they are made. A role brings a policy: how a message reads in
 * each dialect, what is kept, and who may do what, in act().
 */

#include "base/address.h"
#include "session/name.h"
#include "session/session.h"
#include "store/store.h"

#include <stdatomic.h>

struct warnings;

struct channel;
struct channel_engine; /* the engine: one a daemon */
struct channel_member;
struct channel_request;

/* A step of a request in the thread of the channel's owner. */
typedef void (*channel_act_fn)(struct channel *c, struct channel_request *rq);

/* What an event says. For the formatter; it lives for the call. */
struct channel_event {
	unsigned type; /* the role's; 0: a message that has a number, as it is kept */
	const char *channel, *from, *text;
	size_t channel_len, from_len, text_len;
	uint64_t number, time_msec;
	uint64_t id; /* store_id(); 0: it has no number, or is kept nowhere */
};

struct channel_limits {
	uint64_t open;    /* channels of the kind that are in memory, in all; idle ones make room */
	uint64_t members; /* a channel */
	uint64_t subscriptions; /* channels of the kind a session follows */
};

struct channel_policy {
	uint8_t kind; /* in the store, for ever */
	bool ephemeral; /* not all its messages are kept */
	void (*limits)(const struct settings *s, struct channel_limits *ret);
	/* Appends the whole event, its line's end with it (in raw there is none). 0 or -ENOMEM; nothing appended: this
	 * dialect is not told of it. */
	int (*format)(const struct channel_event *e, enum dialect d, struct buf *to);
	/* Owner: a member is gone without having asked for it, and out of the list already: its session ended. @why is
	 * "slow", "unavailable" where what is kept could not be read for it, or a word about the end. */
	void (*left)(struct channel *c, struct channel_member *m, const char *why);
	/* Home: NULL or: whether the session still is to be told of it. It may have asked to be let out, and be told that it
	 * is, before the owner has heard. A policy that has this has queued(), too. */
	bool (*wants)(struct session *s, const struct channel_event *e);
	/* Home: NULL or: this numbered message has been queued to a follower, who has not seen it before. */
	void (*queued)(struct session *s, const struct channel_event *e);
	/* Home: NULL or: the owner has put the session out of the channel (channel_expel()). */
	void (*expelled)(struct session *s, const char *channel, size_t len);
};

/* Home, owner: what is said. NULL: no memory. Both texts are copied. */
struct channel_message;
struct channel_message *channel_message_new(unsigned type, const char *from, size_t from_len, const char *text,
					    size_t text_len);
struct channel_message *channel_message_ref(struct channel_message *m);
struct channel_message *channel_message_unref(struct channel_message *m); /* returns NULL */

/*
 * The engine. The first role that starts makes it, the last one that stops ends it. Where the store does not open, the
 * engine goes on without: what is durable then has the result -EIO, and channel_engine_why() says why.
 */
int channel_engine_ref(const struct role_start *with, struct channel_engine **ret);
void channel_engine_unref(struct channel_engine *engine);
struct store *channel_engine_store(struct channel_engine *engine); /* NULL where it did not open */
/* Messages of a kind that were dropped since the start because they were too old. Any thread. */
uint64_t channel_engine_expired(struct channel_engine *engine, unsigned kind);
/* The time that ends are counted in (store_age_msec()); never jumps. Any thread. */
uint64_t channel_engine_msec(const struct channel_engine *engine);
uint64_t channel_msec(const struct channel *c);
const char *channel_engine_why(struct channel_engine *engine, char *dst, size_t size);
/* Main: has the store look at its files. Main: what is wrong with the store just now. */
void channel_engine_look(struct channel_engine *engine);
void channel_engine_warn(struct channel_engine *engine, struct warnings *to);

/*
 * An op. Embedded by the role in what it wants to carry; from channel_submit() to done() it is the engine's.
 */
struct channel_request {
	/* Set by the role, the rest with channel_request_init(). */
	channel_act_fn act;                              /* owner; ends with channel_finish() or a store call below */
	void (*on_complete)(struct channel_request *rq); /* origin; owns the request, @result says how it went */
	bool create;                     /* a channel that is not there is made; else -ENOENT, without act() */
	struct channel_message *message; /* a reference of the op's, or NULL; let go when it is done */
	struct request *request;         /* for done() */

	int result;                      /* as in store_request.result; -EUSERS: limits.members; or the role's */
	struct handle session;           /* who asks; generation 0: nobody */
	struct reactor *origin;
	struct channel_engine *engine;
	const struct channel_policy *policy;
	uint8_t name_len;
	char name[STORE_NAME_MAX];
	struct store_counts counts;      /* the channel's, when the op left the owner */

	/* The engine's. */
	struct msg msg;
	struct list link;
	struct channel *channel;
	struct channel_subscription *subscription; /* looked at only at home */
	bool entered;                    /* the session has become a member by this op */
	channel_act_fn on_stored, next;
	union {
		struct store_request request;
		struct store_append append;
		struct store_remove remove;
		struct store_set set;
	} call; /* the last one's answer */
};

/* Home. @q: whose request it is; it is put off (request_defer()). */
void channel_request_init(struct channel_request *rq, struct channel_engine *engine, const struct channel_policy *p,
			  struct request *q, const char *name, size_t name_len);
/* The same without a request: for what happens of itself. @s may be NULL. */
void channel_request_init_alone(struct channel_request *rq, struct channel_engine *engine,
				const struct channel_policy *p, struct reactor *origin, struct session *s,
				const char *name, size_t name_len);
void channel_submit(struct channel_request *rq);

/* Owner, in act() or then(): sends it home. What is told behind it (channel_notify()) a member hears that entered by it,
 * what is told before it he does not. The op is gone; the channel is there as long as it has a member. */
void channel_finish(struct channel_request *rq, int result);

/*
 * Owner: steps of the store. When its answer is there, op->result and op->step say so and then() goes on in the owner's
 * thread (NULL: the op is finished). Other ops of the channel may be acted on in between; steps are taken in the order
 * they were asked for.
 *
 * channel_append() gives op->message a number and has all followers told of it before then(). @durable: it is on disk
 * first. Else it is numbered at once, out of a block that is reserved on disk, and kept nowhere.
 */
void channel_append(struct channel *c, struct channel_request *rq, bool durable, channel_act_fn next);
/* The caller fills op->step.append key, max_messages, max_bytes before; .remove but its channel; .set likewise. */
void channel_remove(struct channel *c, struct channel_request *rq, channel_act_fn next);
void channel_set(struct channel *c, struct channel_request *rq, channel_act_fn next);

/* Owner: messages that are not kept will be said (policy.unkept). That their numbers are at hand then is seen to, once. */
void channel_expect_ephemeral(struct channel *c);

/* Owner: what there is. */
const struct store_counts *channel_counts(const struct channel *c);
const char *channel_name(const struct channel *c, size_t *ret_len);
struct reactor *channel_reactor(struct channel *c);
/* NULL: no such attribute, or its time is over. Valid until the next step. */
const struct store_attribute *channel_attribute(struct channel *c, const char *name, size_t len);
const struct store_attribute *channel_next_attribute(struct channel *c,
						     const struct store_attribute *n); /* NULL: the first */
/* An attribute that is kept in memory only, as long as the channel is. 0 or -ENOMEM. */
int channel_set_volatile(struct channel *c, const char *name, size_t name_len, const char *value, size_t value_len,
			 uint64_t until_msec);

/* Owner: tells all followers, without a number. Takes no reference over. */
void channel_notify(struct channel *c, struct channel_message *m);
/* Owner: one of them only. */
void channel_notify_member(struct channel *c, struct channel_member *to, struct channel_message *m);

/* Owner: members. */
struct channel_member {
	struct handle session;
	struct address address;
	uint8_t name_len;
	char name[STORE_NAME_MAX]; /* the role may change it */
	unsigned flags;            /* the role's */

	/* The engine's. */
	struct list link;
	struct map_node node;
	struct msg msg;  /* its last way home, when it was expelled... */
	struct channel_message *farewell; /* ... with this, or NULL */
	struct channel_engine *engine;
	const struct channel_policy *policy;
	uint8_t channel_len;
	char channel[STORE_NAME_MAX];
	bool catching_up;     /* it is behind: what is said meanwhile is kept for it... */
	unsigned replay_from; /* ... from here on, */
	uint64_t replay_last; /* which is what was said behind this number */
};
unsigned channel_n_members(const struct channel *c);
struct channel_member *channel_next_member(struct channel *c, const struct channel_member *m); /* NULL: the first */
struct channel_member *channel_find_member(struct channel *c, struct handle session);
struct channel_member *channel_find_name(struct channel *c, const char *name, size_t len); /* without case */
/* The op's session. 0, -EEXIST, -EUSERS or -ENOMEM. Its home must have begun a follow (below). It is told of what is
 * said once the op has left for home; an op that ends with an error takes it out again. */
int channel_enter(struct channel *c, struct channel_request *rq, const char *name, size_t name_len,
		  const struct address *address, struct channel_member **ret);
void channel_leave(struct channel *c, struct channel_member *m);
/* As leave, and its home puts the session out, which hears @message as its last: who has heard it is out, and may come
 * again at once. The others are told by notify(), behind this. Takes no reference over; NULL: there was no memory. */
void channel_expel(struct channel *c, struct channel_member *m, struct channel_message *message);

/*
 * Home: follows. A follow is begun before the op that enters is submitted; when that has come back it goes or is
 * ended. A session that ends leaves all its channels by itself.
 */
struct channel_subscription;
/* NULL and *ret_error: -EEXIST it follows already (or is about to), -EMFILE limits.follows, -ENOMEM. */
struct channel_subscription *channel_subscription_begin(struct channel_request *rq, int *ret_error);
/*
 * The op that entered is home and its request answered. Everything behind number @after is told, in order, each once:
 * what is kept from pages of the store as the session's output drains, then live. @after: op->counts.last for nothing
 * of the past.
 */
void channel_subscription_go(struct channel_subscription *sub, struct channel_request *rq, uint64_t after);
/* The session has left, or was not let in. The owner knows. For these two, in done(), it is nothing where the session
 * has ended meanwhile: the engine has left for it. */
void channel_subscription_end(struct channel_subscription *sub);
struct channel_subscription *channel_subscription_find(struct session *s, const struct channel_policy *p,
						       const char *name, size_t len);
struct channel_subscription *channel_subscription_next(struct session *s, const struct channel_policy *p,
						       const struct channel_subscription *sub);
const char *channel_subscription_name(const struct channel_subscription *sub, size_t *ret_len);

/* Home: whether the op's session is still there; NULL where it has ended. */
struct session *channel_request_session(struct channel_request *rq);

/* Home: one event to one session, formatted for it. 0, or -EPIPE: it takes no more. */
int channel_send(struct session *s, const struct channel_policy *p, const struct channel_event *e);

/* Home: the channels of a kind that are open anywhere, each seen once, a call of each() for all of them, then done(). */
struct channel_walk {
	struct msg msg;
	struct channel_engine *engine;
	const struct channel_policy *policy;
	struct reactor *origin;
	unsigned at;
	/* Owner: any of them; what it writes down is the walk's owner's, and nobody else looks at it meanwhile. */
	void (*each)(struct channel_walk *w, struct channel *c);
	void (*on_complete)(struct channel_walk *w); /* origin */
};
void channel_walk(struct channel_walk *w);
