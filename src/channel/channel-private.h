#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The structs that the files of channel/ share. Only they, the unit tests of channel/ and the fuzz targets include
 * this.
 *
 *	engine.c      start and stop, the store, warnings
 *	owner.c       owner: channels in memory, requests, members
 *	append.c      owner: store calls, and how messages get their numbers
 *	attributes.c  owner: attributes of a channel
 *	replay.c      owner: the replay buffer, for members that are catching up
 *	subscriber.c  origin: requests; subscriptions, from begin over catching up to the end
 *	bus.c         the ways between owner and origin
 *	fanout.c      origin: live messages to the sessions of one reactor
 *	message.c     the message that travels between them
 *	pack.c        arguments as bytes, by rows; packet.c a whole request, for a bus that leaves the process
 */

#include "base/map.h"
#include "channel/bus.h"
#include "channel/engine.h"
#include "channel/owner.h"
#include "channel/subscriber.h"
#include "net/slice.h"
#include "session/reactor.h"

/* A channel's key in maps: the kind, then the name. */
struct channel_key {
	uint8_t len;
	char bytes[1 + STORE_NAME_MAX];
};
void channel_key_set(struct channel_key *k, const struct channel_policy *p, const char *name, size_t len);

/* Pending messages of a fan-out in one dialect, those behind position @from up to @upto, joined to as few slices as
 * their memory allows. The deliveries own the memory. */
#define FANOUT_SLICES_MAX 8
struct fanout_batch {
	const struct fanout *fanout; /* NULL: none */
	uint64_t from, upto;
	bool full;   /* there was no slice left for the next message */
	bool broken; /* there was no memory to format a message */
	unsigned n;
	struct slice slices[FANOUT_SLICES_MAX];
};

/* One reactor's part of the engine. Only that reactor's thread touches it. */
struct channel_shard {
	struct channel_engine *engine;
	unsigned index;
	struct map channels; /* channels that this reactor owns */
	struct list idle;    /* its unused channels, the longest unused first */
	unsigned n_idle;
	unsigned n_open[STORE_KINDS_MAX];
	struct map fanouts;    /* one for each channel that a session of this reactor subscribes to */
	struct list active;    /* fan-outs with pending messages */
	struct deferred flush; /* sends some of those */
	size_t pending_bytes;  /* memory of pending messages, estimated */
	struct fanout_batch batches[DIALECT_MAX]; /* the last one made, for each dialect */
	struct buf scratch;
	uint64_t low_water; /* channels that come into memory number their messages above this mark */
};

struct channel_engine {
	struct reactor_set *reactors;
	const struct channel_bus_ops *bus;
	struct store *store;
	char why[512];
	struct store_reserve id_block;     /* the first block of numbers for ephemeral messages, one for all channels */
	atomic_bool is_id_block_asked;     /* the store was asked for the block... */
	atomic_uint_fast64_t id_block_end; /* ... and this is its last number; 0: not reserved yet */
	unsigned n_shards;
	struct channel_shard shards[];
};

static inline struct reactor *channel_shard_reactor(const struct channel_shard *s)
{
	return &s->engine->reactors->at[s->index];
}
struct channel_shard *channel_engine_owner(struct channel_engine *engine, const struct channel_key *k);
struct channel_shard *channel_engine_shard(struct channel_engine *engine, const struct reactor *r);

enum fanout_result {
	FANOUT_UNFORMATTED,
	FANOUT_FORMATTED,
	FANOUT_NOTHING, /* the policy has no text for it in this dialect */
	FANOUT_BROKEN,  /* there was no memory */
};

/* A message in one reactor: on the way there, and then pending in a fan-out. */
struct channel_delivery {
	struct msg msg;
	struct channel_message *message;
	struct channel_shard *to;
	struct list link; /* fanout.pending */
	struct slice slices[DIALECT_MAX];
	uint8_t result[DIALECT_MAX]; /* enum fanout_result */
};

struct channel_message {
	atomic_uint refs;
	struct channel_event event; /* its channel's name points into @key */
	const struct channel_policy *policy;
	struct channel_key key;
	struct channel_delivery *deliveries; /* one for each reactor, touched by that one only; NULL: not made yet */
	char text[];
};
/* Allocates the deliveries. 0 or -ENOMEM. */
int channel_message_prepare(struct channel_message *m, unsigned n_shards);
/* The event of a stored message, without its channel's name. It points into the row. */
struct channel_event channel_event_stored(const struct store_row *row, uint64_t channel_id);

/* Bounds of a replay buffer: more than a channel sends while a request goes to its owner and back. */
#define REPLAY_MAX       1024
#define REPLAY_BYTES_MAX (256U << 10)

struct channel {
	struct map_node node;
	struct channel_key key;
	struct channel_shard *shard;
	const struct channel_policy *policy;
	struct list idle;
	bool open;           /* the store has answered, or there is none */
	struct list waiting; /* requests, until it is open */
	unsigned busy;       /* requests that are with the owner */
	struct store_open opening;
	struct store_channel *stored;
	struct store_counts counts;
	struct store_attribute *attributes;
	uint64_t age_msec; /* channel_msec() */

	struct list members;
	struct map by_session;
	unsigned *here; /* number of members, for each reactor */

	/* The replay buffer: a ring of the last messages, there while a member is catching up. replay_first and the
	 * members' replay_from only count up; modulo REPLAY_MAX they are places in the ring. */
	unsigned n_catching_up, replay_first, n_replay;
	size_t replay_bytes;
	struct channel_message **replay; /* REPLAY_MAX */

	/* Numbers of ephemeral messages. */
	uint64_t reserved; /* the last number of the reserved range */
	bool in_id_block;  /* the range is the engine's id block, of which the channel's row does not know */
	struct store_reserve reserving;
	bool is_reserving;
	struct list unnumbered; /* requests, until there are numbers */
};

/* owner.c; owner */
void channel_address(const struct channel *c, struct channel_message *m); /* sets the message's channel */
void channel_deliver(struct channel *c, struct channel_message *m);       /* to the fan-outs of all reactors */
void channel_free(struct channel *c);
/* While it is held, a channel is not idle. */
void channel_hold(struct channel *c);
void channel_release(struct channel *c);
void owner_receive(struct channel_request *rq); /* acts on it now, or when the channel is open */
/* A session that has ended was a member. */
void owner_session_ended(struct channel_shard *s, const struct channel_key *k, struct handle session, const char *why);
void owner_visit(struct channel_shard *s, struct channel_walk *w); /* each() for its channels */

/* attributes.c; owner. Whether there was one. */
bool attribute_drop(struct channel *c, const char *name, size_t len);

/* replay.c; owner */
void replay_add(struct channel *c, struct channel_message *m);
/* The member is catching up from now on. 0 or -ENOMEM. */
int replay_begin(struct channel *c, struct channel_member *m);
/* The member gets what comes from now on, not from replay_begin() on. */
void replay_mark(struct channel *c, struct channel_member *m);
/* The member is live, or gone. The buffer is freed with the last member that was catching up. */
void replay_end(struct channel *c, struct channel_member *m);
extern const struct channel_request_kind replay_go_live; /* of a struct channel_go_live */

struct subscription_page;

enum subscription_state {
	SUBSCRIPTION_REQUESTED, /* the request that enters is under way; it frees the subscription of a gone session */
	SUBSCRIPTION_ENTERED, /* the session is a member; it receives nothing before channel_subscription_go() */
	SUBSCRIPTION_CATCHING_UP,
	SUBSCRIPTION_LIVE,
};

struct channel_subscription {
	struct list in_fanout; /* while it is live */
	struct list in_subscriber;
	struct session *session; /* NULL: the session has ended, and the subscription is in no list */
	struct channel_subscriber *subscriber;
	struct fanout *fanout;
	const struct channel_policy *policy;
	struct channel_engine *engine;
	enum subscription_state state;
	bool expelled;
	uint64_t position; /* live: the last message of the fan-out that the session was given */
	uint64_t channel_id;
	uint64_t at;                    /* catching up: the last number that the session was given */
	uint64_t upto;                  /* the channel's last number when the owner was last asked */
	struct subscription_page *page; /* under way, or NULL */
	struct channel_go_live *asking; /* under way, or NULL */

	/* The way to the owner when the session has ended. */
	struct msg msg;
	struct reactor *origin;
	struct handle handle;
	struct channel_key key;
	char why[32];
};

/* fanout.c; origin */
int fanout_add(struct channel_shard *s, struct channel_subscription *sub); /* to that of its key. 0 or -ENOMEM */
void fanout_remove(struct channel_subscription *sub);
void fanout_go_live(struct channel_subscription *sub); /* the session receives what is pushed from now on */
void fanout_flush(struct channel_subscription *sub);   /* queues to this session what is pending for it */
void fanout_push(struct channel_shard *s, struct channel_message *m);
void fanout_flush_some(struct deferred *l); /* run() of channel_shard.flush */

/* subscriber.c; origin */
void subscription_receive(struct channel_request *rq); /* it is back */
void subscription_left(struct channel_subscription *sub);
void subscription_expelled(struct channel_member *m); /* frees it */
void subscription_notify(struct reactor *origin, struct handle session, struct channel_message *m);

/* Ids of what the engine itself sends to an owner. */
enum channel_engine_kind {
	CHANNEL_KIND_GO_LIVE = CHANNEL_KIND_ENGINE,
	CHANNEL_KIND_LEAVE, /* no request: channel_bus_ops.leave() */
};

/* A request to go live: the session has read all messages up to number @args.at. */
struct channel_go_live {
	struct channel_request rq;
	struct {
		uint64_t at;
	} args;
	struct channel_subscription *subscription; /* the origin's; NULL: it is gone */
	bool ready;                                /* the owner's answer: with @replay, nothing is missing */
	struct channel_message **replay;           /* the messages that the session still lacks */
	unsigned n_replay;
};
