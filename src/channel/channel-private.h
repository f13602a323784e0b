#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Inside of the engine: engine.c (its life), message.c, channel.c (the owner's side: channels, ops, members), attributes.c, append.c
 * (what an owner asks of the store; numbers), replay.c (for those who are behind), and the home's side: subscriber.c (who
 * follows what, and catches up) and fanout.c (who is told what live). Nobody else includes this.
 */

#include "base/map.h"
#include "channel/channel.h"
#include "net/slice.h"
#include "server/server.h"
#include "session/reactor.h"

/* The kind, then the name. */
struct channel_key {
	uint8_t len;
	char bytes[1 + STORE_NAME_MAX];
};
void channel_key_set(struct channel_key *k, const struct channel_policy *p, const char *name, size_t len);

/* All behind @from up to @upto in one dialect, in as few pieces as it lies in. They belong to the deliveries. */
#define BRANCH_PIECES 8
struct branch_run {
	const struct channel_branch *branch; /* NULL: none */
	uint64_t from, upto;
	bool full;   /* there is more */
	bool broken; /* there was no memory for some of it */
	unsigned n;
	struct slice pieces[BRANCH_PIECES];
};

/* What belongs to one reactor, and only its thread touches. */
struct channel_shard {
	struct channel_hub *hub;
	unsigned index;
	struct map channels;  /* of which it is the owner */
	struct list idle;     /* of those, what nobody uses now, the longest unused first */
	unsigned n_idle;
	unsigned n_open[STORE_KINDS_MAX];
	struct map branches;  /* what its sessions follow */
	struct list telling;  /* of those, the ones with somebody who is yet to be told */
	struct deferred tell;
	size_t untold;        /* bytes, about, that are kept for these */
	struct branch_run runs[DIALECT_MAX]; /* the last ones made */
	struct buf scratch;
	uint64_t floor;       /* in rooms that come into memory now, numbers up to this one may have been given */
};

struct channel_hub {
	unsigned refs; /* main's */
	struct server *server;
	struct store *store;
	char why[512];
	struct store_reserve pool; /* numbers that may be given before the store is asked... */
	atomic_bool is_pooling;    /* ... have been asked for, */
	atomic_uint_fast64_t pooled; /* and up to this one they are there */
	unsigned n_shards;
	struct channel_shard shards[];
};

static inline struct reactor *channel_shard_reactor(const struct channel_shard *s)
{
	return &s->hub->server->reactors[s->index];
}
struct channel_shard *channel_hub_owner(struct channel_hub *h, const struct channel_key *k);
struct channel_shard *channel_hub_shard(struct channel_hub *h, const struct reactor *r);

enum branch_result {
	BRANCH_UNFORMATTED,
	BRANCH_FRAMED,
	BRANCH_NOTHING, /* is said in this dialect */
	BRANCH_BROKEN,  /* there was no memory */
};

/* A message on its way to one reactor, and there, until all have been told of it. */
struct channel_delivery {
	struct msg msg;
	struct channel_message *message;
	struct channel_shard *to;
	struct list link; /* the branch's */
	struct slice frames[DIALECT_MAX];
	uint8_t result[DIALECT_MAX]; /* enum branch_result */
};

struct channel_message {
	atomic_uint refs;
	struct channel_event event; /* its channel's name is @key's */
	const struct channel_policy *policy;
	struct channel_key key;
	struct channel_delivery *deliveries; /* one a reactor, which alone touches it; NULL: not made yet */
	char text[];
};
/* What delivering needs is made now. 0 or -ENOMEM. */
int channel_message_prepare(struct channel_message *m, unsigned n_shards);

/* What is kept for those who are behind: more than is said while an op goes there and back. */
#define CHANNEL_RECENT       1024
#define CHANNEL_RECENT_BYTES (256U << 10)

struct channel {
	struct map_node node;
	struct channel_key key;
	struct channel_shard *shard;
	const struct channel_policy *policy;
	struct list idle;
	bool open;                 /* else the store is still looking */
	struct list waiting;       /* ops, until it is open */
	unsigned busy;             /* ops that are with it */
	struct store_open opening;
	struct store_channel *stored;
	struct store_counts counts;
	struct store_note *notes;

	struct list members;
	struct map by_session;
	unsigned *here;            /* members, a reactor each */

	/* While somebody is behind: the last that were told, numbered or not, from recent[first] on; both count up. */
	unsigned n_catching, recent_first, n_recent;
	size_t recent_bytes;
	struct channel_message **recent; /* CHANNEL_RECENT */

	/* Messages that are not kept. */
	uint64_t reserved;         /* numbers up to this one may be given */
	bool borrowed;             /* ... some of them from the hub's pool, which its row does not know of */
	struct store_reserve reserving;
	bool is_reserving;
	struct list numberless;    /* ops, until there are numbers */
};

/* channel.c */
void channel_address(const struct channel *c, struct channel_message *m); /* whose it is */
void channel_deliver(struct channel *c, struct channel_message *m); /* to all followers, in all reactors */
void channel_free(struct channel *c);
/* It is in use, and then no longer. */
void channel_hold(struct channel *c);
void channel_release(struct channel *c);
/* A session that has ended was a member. */
void channel_left(struct channel_shard *s, const struct channel_key *k, struct handle session, const char *why);

/* attributes.c */
bool note_drop(struct channel *c, const char *name, size_t len);

/* replay.c */
void recent_remember(struct channel *c, struct channel_message *m);
int recent_catch(struct channel *c, struct channel_member *m); /* from here on it is behind. 0 or -ENOMEM */
void recent_begin(struct channel *c, struct channel_member *m); /* ... or rather from here on */
/* It is no longer, if it was; once none is, what was kept is let go. */
void recent_caught(struct channel *c, struct channel_member *m);
void recent_switch(struct channel *c, struct channel_op *op); /* the act of a struct channel_switch */

struct follow_page;

enum follow_state {
	FOLLOW_ASKED,   /* the op that enters is under way, and its home frees what has no session any more */
	FOLLOW_ENTERED, /* a member, and given nothing before channel_follow_go() */
	FOLLOW_BEHIND,
	FOLLOW_LIVE,
};

struct channel_follow {
	struct list in_branch; /* while it is live */
	struct list in_guest;
	struct session *session; /* NULL: it has ended; then it is in no list */
	struct channel_guest *guest;
	struct channel_branch *branch;
	const struct channel_policy *policy;
	struct channel_hub *hub;
	enum follow_state state;
	bool expelled;
	uint64_t told;           /* live: how far it has come in its branch */
	uint64_t channel_id;
	uint64_t at;             /* behind: the last number it was told */
	uint64_t upto;           /* the last one there was, when that was asked */
	struct follow_page *page; /* under way */
	struct channel_switch *asking;

	/* Its way to the owner when its session has ended. */
	struct msg msg;
	struct reactor *home;
	struct handle handle;
	struct channel_key key;
	char why[32];
};

static inline enum dialect channel_dialect(const struct session *s)
{
	enum dialect d = session_dialect(s);

	return d == DIALECT_UNDECIDED ? DIALECT_LINE : d;
}

/* fanout.c; home */
int branch_enter(struct channel_shard *s, struct channel_follow *f); /* of its key. 0 or -ENOMEM */
void branch_leave(struct channel_follow *f);
void branch_go_live(struct channel_follow *f); /* it is told of what comes from here on */
void branch_settle(struct channel_follow *f);  /* it is told now of all that has come */
void branch_tell(struct channel_shard *s, struct channel_message *m);
void branch_run_some(struct deferred *l); /* the shard's */

/* subscriber.c; home */
void follow_settle(struct channel_op *op);
/* The op's follow, where its session has ended meanwhile: once the op is done it is to leave, or merely to go. */
struct channel_follow *follow_orphan(struct channel_op *op);
void follow_entered(struct channel_op *op); /* from here on its session's end is told to the owner */
void follow_leave(struct channel_follow *f);
void follow_free(struct channel_follow *f);
void follow_expelled(struct msg *m); /* of a member */

/* A follower that has read all up to @at asks to be told live. */
struct channel_switch {
	struct channel_op op;
	struct channel_follow *follow; /* home's; NULL: it is gone */
	uint64_t at;
	bool ready;
	struct channel_message **recent; /* what it still lacks */
	unsigned n_recent;
};
