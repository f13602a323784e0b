#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A reactor: a thread, its loop, and the sessions that belong to it for life. Reactors share nothing; all else is
 * said by messages. Reactor 0 also accepts, and owns the count of sessions.
 */

#include "base/counter.h"
#include "log/ratelimit.h"
#include "loop/loop.h"
#include "net/acceptor.h"
#include "net/closer.h"
#include "net/listener.h"
#include "net/outq.h"
#include "session/name.h"
#include "session/role.h"

#include <pthread.h>
#include <stdatomic.h>

struct limits_options;
struct reactor_set;
struct request;
struct session;
struct worker_pool;

/* Written by the reactor's own thread, summed by main. */
struct counters {
	atomic_uint_fast64_t sessions;
	atomic_uint_fast64_t bytes_in;
	atomic_uint_fast64_t requests[ROLES_MAX + 1], errors[ROLES_MAX + 1]; /* a role each, then every listener's verbs */
};

/* What one read brings at most; a longer body goes straight to its sink. */
#define REACTOR_SCRATCH (64U << 10)

struct reactor {
	struct loop loop;
	struct reactor_set *set;
	unsigned index; /* in the set */
	pthread_t thread;
	bool started;

	struct settings *settings;
	const struct limits_options *limits; /* in settings */
	struct chunk_pool pool;

	struct session **slots; /* by handle.slot */
	uint32_t n_slots, free_slot;
	struct list sessions;
	struct list dead;       /* ended in this pass; on their way at its end */
	struct deferred bury;
	struct request *free_requests;
	unsigned n_free_requests;
	struct request *current; /* whose act is running; NULL once it is answered: for asserts */

	struct log_ratelimit ratelimit; /* of events that its sessions cause */

	struct name_table names; /* of which this reactor is the owner */

	struct closer closer;

	/* Stopping, step by step. */
	bool leaving, empty; /* takes no new requests; has nothing left */
	unsigned busy;       /* requests that live, and reads under way: they come back to this thread */
	struct deferred check_empty;
	struct msg leave_msg, drop_msg, stop_msg; /* from main */
	struct msg empty_msg, ended_msg;          /* to main: the set's callbacks can use them */

	/* For the watchdog: main sends poke_msg, the reactor's thread clears poked. */
	struct msg poke_msg;
	atomic_bool poked;

	uint64_t placed; /* reactor 0's: how many sessions it has given to this one */

	struct listener **listeners; /* NULL-terminated, with references; reactor 0 accepts there */

	struct counters counters;
	char *scratch; /* REACTOR_SCRATCH bytes */
};

/* A role and what its start() returned. */
struct role_slot {
	const struct role *role;
	void *state;
};

/*
 * All reactors, and what their sessions have in common. Whoever owns the set fills it before the first reactor runs;
 * the reactors only read it.
 */
struct reactor_set {
	struct reactor *at;
	unsigned n;
	unsigned n_roles;
	struct role_slot roles[ROLES_MAX]; /* in the order of the schema's names */
	struct worker_pool *workers;
	uint64_t key0, key1;               /* of the hash that finds a name's owner */
	unsigned instance;
	char store_id[33];                 /* STORE, as HELLO tells it */
	char stop_why[64];                 /* filled before reactor_tell_leave() */

	/* In reactor 0's thread. */
	struct acceptor acceptor;

	/* In the reactor's thread, once each: it is leaving and has nothing left; its loop has ended. */
	void (*empty)(struct reactor *r);
	void (*ended)(struct reactor *r);
};

/* The reactor that owns a key. Any thread. */
struct reactor *reactor_owner(struct reactor_set *set, const void *key, size_t len);

/* The reactor's own @index in the set. 0 or negative errno; reactor_done() either way. */
int reactor_init(struct reactor *r, struct reactor_set *set, unsigned index, struct settings *settings);
void reactor_done(struct reactor *r);
int reactor_start(struct reactor *r); /* the thread */

/* One less of what counts as busy. */
static inline void reactor_unbusy(struct reactor *r)
{
	r->busy--;
	if (r->leaving)
		loop_defer(&r->loop, &r->check_empty);
}

/* In main, while stopping: no more is accepted, no more requests are taken (to reactor 0, which passes it on); all
 * sessions are reset; the thread ends. Each once. */
void reactor_tell_leave(struct reactor *r);
void reactor_tell_drop(struct reactor *r);
void reactor_tell_stop(struct reactor *r);

/* From main: whether the last poke has been answered (true the first time); if so, pokes again. */
bool reactor_poke(struct reactor *r);

/* From main: the settings to use from now on. @u is this reactor's to free; it is allocated where that may fail. */
struct reactor_update {
	struct msg msg;
	struct reactor *reactor;
	struct settings *settings;   /* a reference */
	struct listener **listeners; /* all there shall be, with references */
};
void reactor_tell_update(struct reactor *r, struct reactor_update *u);

/* Runs @m in @to's thread: at once where that is the caller's. */
void reactor_post(struct reactor *from, struct reactor *to, struct msg *m);

/* In reactor 0: a session that was accepted at @l and given to the reactor of that number is freed. */
void reactor_count_out(struct reactor_set *set, struct listener *l, const struct address *peer, unsigned index);

/* The session table. 0 or -ENOMEM; sets the session's handle. */
int reactor_enter(struct reactor *r, struct session *s);
void reactor_leave(struct reactor *r, struct session *s);
/* By its number, below n_slots: NULL where the slot is free. */
struct session *reactor_slot(struct reactor *r, uint32_t slot);
/* NULL where it has ended. */
struct session *reactor_find(struct reactor *r, struct handle h);
