#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Inside of the engine: hub.c (its life), message.c, channel.c (the owner's side: channels, ops, members, notes), step.c
 * (what an owner asks of the store; numbers), recent.c (for those who are behind) and follow.c (the home's side). Nobody
 * else includes this.
 */

#include "base/map.h"
#include "channel/channel.h"
#include "daemon/reactor.h"
#include "daemon/server.h"

/* The kind, then the name. */
struct channel_key {
	uint8_t len;
	char bytes[1 + STORE_NAME_MAX];
};
void channel_key_set(struct channel_key *k, const struct channel_policy *p, const char *name, size_t len);

/* What belongs to one reactor, and only its thread touches. */
struct channel_shard {
	struct channel_hub *hub;
	unsigned index;
	struct map channels;  /* of which it is the owner */
	struct list idle;     /* of those, what nobody uses now, the longest unused first */
	unsigned n_idle;
	unsigned n_open[STORE_KINDS_MAX];
	struct map branches;  /* what its sessions follow */
	struct buf scratch;
};

struct channel_hub {
	unsigned refs; /* main's */
	struct server *server;
	struct store *store;
	char why[512];
	unsigned n_shards;
	struct channel_shard shards[];
};

static inline struct reactor *channel_shard_reactor(const struct channel_shard *s)
{
	return &s->hub->server->reactors[s->index];
}
struct channel_shard *channel_hub_owner(struct channel_hub *h, const struct channel_key *k);
struct channel_shard *channel_hub_shard(struct channel_hub *h, const struct reactor *r);

/* A message on its way to one reactor. */
struct channel_delivery {
	struct msg msg;
	struct channel_message *message;
	struct channel_shard *to;
};

struct channel_message {
	atomic_uint refs;
	struct channel_event event; /* its channel's name is @key's */
	const struct channel_policy *policy;
	struct channel_key key;
	struct channel_delivery *deliveries; /* one a reactor; NULL: not made yet */
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
void channel_put_note(struct channel *c, struct store_note *n); /* takes it over */
struct store_note *channel_new_note(const char *name, size_t name_len, const char *value, size_t value_len,
				    uint64_t until_msec);
bool channel_drop_note(struct channel *c, const char *name, size_t len);

/* recent.c */
void recent_remember(struct channel *c, struct channel_message *m);
int recent_catch(struct channel *c, struct channel_member *m); /* from here on it is behind. 0 or -ENOMEM */
void recent_begin(struct channel *c, struct channel_member *m); /* ... or rather from here on */
/* It is no longer, if it was; once none is, what was kept is let go. */
void recent_caught(struct channel *c, struct channel_member *m);
void recent_switch(struct channel *c, struct channel_op *op); /* the act of a struct channel_switch */

/* follow.c; home */
void follow_deliver(struct channel_shard *to, struct channel_message *m);
/* The op's follow, where its session has ended meanwhile: once the op is done it is to leave, or merely to go. */
struct channel_follow *follow_orphan(struct channel_op *op);
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
