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
#define FANOUT_SLICES_MAX 8
struct fanout_batch {
	const struct fanout *fanout; /* NULL: none */
	uint64_t from, upto;
	bool full;   /* there is more */
	bool broken; /* there was no memory for some of it */
	unsigned n;
	struct slice slices[FANOUT_SLICES_MAX];
};

/* What belongs to one reactor, and only its thread touches. */
struct channel_shard {
	struct channel_engine *engine;
	unsigned index;
	struct map channels;  /* of which it is the owner */
	struct list idle;     /* of those, what nobody uses now, the longest unused first */
	unsigned n_idle;
	unsigned n_open[STORE_KINDS_MAX];
	struct map fanouts; /* what its sessions follow */
	struct list active; /* of those, the ones with somebody who is yet to be told */
	struct deferred flush;
	size_t pending_bytes;                     /* bytes, about, that are kept for these */
	struct fanout_batch batches[DIALECT_MAX]; /* the last ones made */
	struct buf scratch;
	uint64_t low_water; /* in rooms that come into memory now, numbers up to this one may have been given */
};

struct channel_engine {
	unsigned refs; /* main's */
	struct server *server;
	struct store *store;
	char why[512];
	struct store_reserve id_block;     /* numbers that may be given before the store is asked... */
	atomic_bool is_id_block_asked;     /* ... have been asked for, */
	atomic_uint_fast64_t id_block_end; /* and up to this one they are there */
	unsigned n_shards;
	struct channel_shard shards[];
};

static inline struct reactor *channel_shard_reactor(const struct channel_shard *s)
{
	return &s->engine->server->reactors[s->index];
}
struct channel_shard *channel_engine_owner(struct channel_engine *engine, const struct channel_key *k);
struct channel_shard *channel_engine_shard(struct channel_engine *engine, const struct reactor *r);

enum fanout_result {
	FANOUT_UNFORMATTED,
	FANOUT_FORMATTED,
	FANOUT_NOTHING, /* is said in this dialect */
	FANOUT_BROKEN,  /* there was no memory */
};

/* A message on its way to one reactor, and there, until all have been told of it. */
struct channel_delivery {
	struct msg msg;
	struct channel_message *message;
	struct channel_shard *to;
	struct list link; /* the branch's */
	struct slice slices[DIALECT_MAX];
	uint8_t result[DIALECT_MAX]; /* enum fanout_result */
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
#define REPLAY_MAX       1024
#define REPLAY_BYTES_MAX (256U << 10)

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
	struct store_attribute *attributes;

	struct list members;
	struct map by_session;
	unsigned *here;            /* members, a reactor each */

	/* While somebody is behind: the last that were told, numbered or not, from recent[first] on; both count up. */
	unsigned n_catching_up, replay_first, n_replay;
	size_t replay_bytes;
	struct channel_message **replay; /* REPLAY_MAX */

	/* Messages that are not kept. */
	uint64_t reserved;         /* numbers up to this one may be given */
	bool in_id_block;          /* ... some of them from the hub's pool, which its row does not know of */
	struct store_reserve reserving;
	bool is_reserving;
	struct list unnumbered; /* ops, until there are numbers */
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
bool attribute_drop(struct channel *c, const char *name, size_t len);

/* replay.c */
void replay_add(struct channel *c, struct channel_message *m);
int replay_begin(struct channel *c, struct channel_member *m); /* from here on it is behind. 0 or -ENOMEM */
void replay_mark(struct channel *c, struct channel_member *m); /* ... or rather from here on */
/* It is no longer, if it was; once none is, what was kept is let go. */
void replay_end(struct channel *c, struct channel_member *m);
void replay_act(struct channel *c, struct channel_request *rq); /* the act of a struct channel_go_live */

struct subscription_page;

enum subscription_state {
	SUBSCRIPTION_REQUESTED, /* the op that enters is under way, and its home frees what has no session any more */
	SUBSCRIPTION_ENTERED,   /* a member, and given nothing before channel_subscription_go() */
	SUBSCRIPTION_CATCHING_UP,
	SUBSCRIPTION_LIVE,
};

struct channel_subscription {
	struct list in_fanout; /* while it is live */
	struct list in_subscriber;
	struct session *session; /* NULL: it has ended; then it is in no list */
	struct channel_subscriber *subscriber;
	struct fanout *fanout;
	const struct channel_policy *policy;
	struct channel_engine *engine;
	enum subscription_state state;
	bool expelled;
	uint64_t position; /* live: how far it has come in its branch */
	uint64_t channel_id;
	uint64_t at;             /* behind: the last number it was told */
	uint64_t upto;           /* the last one there was, when that was asked */
	struct subscription_page *page; /* under way */
	struct channel_go_live *asking;

	/* Its way to the owner when its session has ended. */
	struct msg msg;
	struct reactor *origin;
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
int fanout_add(struct channel_shard *s, struct channel_subscription *sub); /* of its key. 0 or -ENOMEM */
void fanout_remove(struct channel_subscription *sub);
void fanout_go_live(struct channel_subscription *sub); /* it is told of what comes from here on */
void fanout_flush(struct channel_subscription *sub);   /* it is told now of all that has come */
void fanout_push(struct channel_shard *s, struct channel_message *m);
void fanout_flush_some(struct deferred *l); /* the shard's */

/* subscriber.c; home */
void subscription_flush(struct channel_request *rq);
/* The op's follow, where its session has ended meanwhile: once the op is done it is to leave, or merely to go. */
struct channel_subscription *subscription_orphan(struct channel_request *rq);
void subscription_entered(struct channel_request *rq); /* from here on its session's end is told to the owner */
void subscription_leave(struct channel_subscription *sub);
void subscription_free(struct channel_subscription *sub);
void subscription_expelled(struct msg *m); /* of a member */

/* A follower that has read all up to @at asks to be told live. */
struct channel_go_live {
	struct channel_request rq;
	struct channel_subscription *subscription; /* home's; NULL: it is gone */
	uint64_t at;
	bool ready;
	struct channel_message **replay; /* what it still lacks */
	unsigned n_replay;
};
