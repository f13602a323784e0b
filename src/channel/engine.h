#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The engine: all channels of the daemon, and the store under them. ioed/ makes it before the roles start and frees it
 * after they have stopped; the roles are handed it in role_start.engine. Where the store cannot be opened the engine
 * runs without. A request that needs the disk then ends with CHANNEL_E_UNAVAILABLE, and channel_engine_why() says why.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel;
struct channel_engine;
struct reactor_set;
struct store_backup;
struct store_ops;
struct warnings;

struct channel_engine_args {
	struct reactor_set *reactors;      /* not running yet, but their number is known */
	const struct store_ops *store_ops; /* the store that keeps the messages */
	const char *state_dir;             /* the folder of that store */
	/* Called where the store is a restored copy: gives the state directory another STORE. 0 or negative errno. */
	int (*renew_store_id)(void *userdata);
	void *userdata;
};

/* Main. 0 or -ENOMEM. */
int channel_engine_new(struct channel_engine **ret, const struct channel_engine_args *args);
/* Main, after the reactors have ended. NULL is fine. */
void channel_engine_free(struct channel_engine *engine);

/* Any thread. False: the store could not be opened, channel_engine_why(). */
bool channel_engine_has_store(const struct channel_engine *engine);
/* Main: store_backup(). 0, or CHANNEL_E_UNAVAILABLE: there is no store, and on_complete() is not called. */
int channel_engine_backup(struct channel_engine *engine, struct store_backup *q);

/* How long messages of a kind are stored. Zero: no bound. */
struct channel_retention {
	uint64_t max_messages; /* of one channel */
	uint64_t max_age_usec;
	bool receipts;              /* keep the disposition of a message as long as the message would have been kept */
	const char *where, *option; /* for log messages: "rooms", "chat.history_age"; static */
};
/* Main. 0, also without a store, or -ENOMEM: all stays as it was. */
int channel_engine_set_retention(struct channel_engine *engine, unsigned kind, const struct channel_retention *r);
/* Any thread: messages of the kind that were dropped for their age since the start. */
uint64_t channel_engine_expired(struct channel_engine *engine, unsigned kind);
/* Any thread: the clock by which attributes end (store_age_msec()). It never jumps. */
uint64_t channel_engine_msec(const struct channel_engine *engine);
const char *channel_engine_why(struct channel_engine *engine, char *dst, size_t size);
/* Main: makes the store check its files. */
void channel_engine_check(struct channel_engine *engine);
/* Main: adds the present warnings about the store. */
void channel_engine_warn(struct channel_engine *engine, struct warnings *to);
