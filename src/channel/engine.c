/* SPDX-License-Identifier: MIT */
/*
 * The engine: start and stop, the store that it opens, and what is reported of that store. In main's thread, but for
 * the functions that engine.h calls any thread's. server/ asks it through the roles chat and relay for warnings.
 */
#include "channel/engine.h"

#include "base/clock.h"
#include "base/log.h"
#include "channel/channel-private.h"
#include "log/event.h"
#include "log/warning.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Limit of bytes that wait to be written. Above it, a store call ends with CHANNEL_E_BUSY. */
#define ENGINE_QUEUED_MAX   (64U << 20)

/* Names on disk, of each kind. */
#define ENGINE_CHANNELS_MAX 1000000

/* A commit that takes longer is a warning. */
#define ENGINE_SLOW_USEC    (10 * USEC_PER_SEC)

/* The time that the stop waits for a store thread that is in the kernel. */
#define ENGINE_GIVE_UP_USEC (5 * USEC_PER_SEC)

void channel_key_set(struct channel_key *k, const struct channel_policy *p, const char *name, size_t len)
{
	*k = (struct channel_key){ .len = (uint8_t)(len + 1) };
	k->bytes[0] = (char)p->kind;
	memcpy(k->bytes + 1, name, len);
}

struct channel_shard *channel_engine_shard(struct channel_engine *engine, const struct reactor *r)
{
	return &engine->shards[r->index];
}

struct channel_shard *channel_engine_owner(struct channel_engine *engine, const struct channel_key *k)
{
	return channel_engine_shard(engine, reactor_owner(engine->reactors, k->bytes, k->len));
}

bool channel_engine_has_store(const struct channel_engine *engine)
{
	return engine->store;
}

int channel_engine_set_retention(struct channel_engine *engine, unsigned kind, const struct channel_retention *r)
{
	const struct store_rule rule = {
		.max_messages = r->max_messages,
		.max_age_usec = r->max_age_usec,
		.where = r->where,
		.option = r->option,
		.receipts = r->receipts,
	};

	return engine->store ? store_set_rule(engine->store, kind, &rule) : 0;
}

int channel_engine_backup(struct channel_engine *engine, struct store_backup *q)
{
	return engine->store ? channel_outcome(store_backup(engine->store, q)) : CHANNEL_E_UNAVAILABLE;
}

const char *channel_engine_why(struct channel_engine *engine, char *dst, size_t size)
{
	struct store_state state = {};

	if (engine->store)
		store_get_state(engine->store, clock_usec(), &state);
	if (engine->store && !state.closed && !state.damaged)
		(void)snprintf(dst, size, "the disk failed, and the server's log says how; try again later");
	else
		(void)snprintf(dst, size, "%s", engine->store ? state.why : engine->why);
	return dst;
}

void channel_engine_check(struct channel_engine *engine)
{
	if (engine->store)
		store_check_file(engine->store);
}

uint64_t channel_engine_expired(struct channel_engine *engine, unsigned kind)
{
	struct store_state state = {};

	if (engine->store)
		store_get_state(engine->store, clock_usec(), &state);
	return state.expired[kind];
}

uint64_t channel_engine_msec(const struct channel_engine *engine)
{
	return engine->store ? store_age_msec(engine->store) : clock_boot_usec() / USEC_PER_MSEC;
}

/* The check that is begun here is reported by the next call: an administrator may just have repaired something. */
void channel_engine_warn(struct channel_engine *engine, struct warnings *to)
{
	struct store_state state = {};

	channel_engine_check(engine);
	if (engine->store)
		store_get_state(engine->store, clock_usec(), &state);
	if (!engine->store || state.closed || state.damaged)
		warnings_add(to, WARNING_STORE, "rooms and mailboxes cannot be %s: %s",
			     state.closed || !engine->store ? "kept" : "read", engine->store ? state.why : engine->why);
	if (state.full)
		warnings_add(to, WARNING_DISK_FULL,
			     "the disk of state_dir was full when the last message was to be stored: free some space, "
			     "and the store goes on by itself");
	if (state.busy_usec > ENGINE_SLOW_USEC)
		warnings_add(to, WARNING_DISK_SLOW,
			     "the store has been waiting for the disk for %llu s: check the disk of state_dir",
			     (unsigned long long)(state.busy_usec / USEC_PER_SEC));
}

int channel_outcome(int store_result)
{
	static const int outcomes[STORE_E_MAX] = {
		[STORE_E_NOT_FOUND] = CHANNEL_E_NOT_FOUND,
		[STORE_E_FULL] = CHANNEL_E_FULL,
		[STORE_E_NAMES] = CHANNEL_E_NAMES,
		[STORE_E_NUMBERS] = -EOVERFLOW,
		[STORE_E_BUSY] = CHANNEL_E_BUSY,
		[STORE_E_NO_SPACE] = CHANNEL_E_NO_SPACE,
		[STORE_E_NO_MEMORY] = -ENOMEM,
		[STORE_E_IO] = CHANNEL_E_UNAVAILABLE,
		[STORE_E_DAMAGED] = CHANNEL_E_UNAVAILABLE,
	};

	return store_result > 0 ? outcomes[store_result] : store_result;
}

static int engine_init(struct channel_engine *engine)
{
	int r = 0;

	for (unsigned i = 0; i < engine->n_shards && r >= 0; i++) {
		struct channel_shard *s = &engine->shards[i];

		s->engine = engine;
		s->index = i;
		list_init(&s->idle);
		list_init(&s->active);
		s->flush.run = fanout_flush_some;
		r = map_init(&s->channels);
		if (r >= 0)
			r = map_init(&s->fanouts);
	}
	return r;
}

static void engine_open_store(struct channel_engine *engine, const struct channel_engine_args *from)
{
	struct store_args args = {
		.ops = from->store_ops,
		.dir = from->state_dir,
		.max_queued_bytes = ENGINE_QUEUED_MAX,
		.max_channels = ENGINE_CHANNELS_MAX,
		.renew = from->renew_store_id,
		.userdata = from->userdata,
	};

	if (store_new(&engine->store, &args, engine->why, sizeof(engine->why)) < 0) {
		log_event(LOG_EVENT_STORE_CLOSED, NULL, 0,
			  "%s. Until then the server refuses all that must be stored, and serves everything else", engine->why);
		return;
	}
	for (unsigned i = 0; i < engine->n_shards; i++)
		engine->shards[i].low_water = store_low_water_mark(engine->store);
}

static void engine_free_shard(struct channel_shard *s)
{
	struct map_node *n;

	while ((n = map_next(&s->channels, NULL)))
		channel_free(container_of(n, struct channel, node));
	map_done(&s->channels);
	map_done(&s->fanouts);
	buf_done(&s->scratch);
}

void channel_engine_free(struct channel_engine *engine)
{
	if (!engine)
		return;
	if (store_free(engine->store, clock_usec() + ENGINE_GIVE_UP_USEC) > 0)
		log_warning("a thread of the store hangs at the disk; ioed goes on without it");
	engine->store = NULL;
	for (unsigned i = 0; i < engine->n_shards; i++)
		engine_free_shard(&engine->shards[i]);
	free(engine);
}

int channel_engine_new(struct channel_engine **ret, const struct channel_engine_args *args)
{
	struct channel_engine *engine = calloc(1, sizeof(*engine) + args->reactors->n * sizeof(engine->shards[0]));
	int r;

	if (!engine)
		return -ENOMEM;
	engine->reactors = args->reactors;
	engine->bus = &channel_bus_local;
	engine->n_shards = args->reactors->n;
	r = engine_init(engine);
	if (r < 0) {
		channel_engine_free(engine);
		return r;
	}
	engine_open_store(engine, args);
	*ret = engine;
	return 0;
}
