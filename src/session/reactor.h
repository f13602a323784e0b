#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A reactor: the sessions of one thread, each of which belongs to it for life. Reactors share nothing; they send
 * messages to each other. Reactor 0 also accepts connections, and counts them.
 */

#include "base/counter.h"
#include "log/ratelimit.h"
#include "loop/thread.h"
#include "net/acceptor.h"
#include "net/chunk.h"
#include "net/closer.h"
#include "net/listener.h"
#include "session/name.h"
#include "session/role.h"

#include <stdatomic.h>

struct limits_options;
struct reactor_set;
struct request;
struct session;
struct worker_pool;

/* The reactor's own thread writes them, and main adds them up. */
struct counters {
	atomic_uint_fast64_t sessions;
	atomic_uint_fast64_t bytes_in;
	/* For each role, and at last for the verbs of every listener. */
	atomic_uint_fast64_t requests[ROLES_MAX + 1], errors[ROLES_MAX + 1];
};

/* The most bytes that one read brings; a longer body is read directly into its sink. */
#define REACTOR_SCRATCH (64U << 10)

/* Times that no option names. Tests set shorter ones. */
struct reactor_times {
	/* The time that the peer has to close after the daemon's last byte, so that no reset removes bytes that it has
	 * not read yet. */
	uint64_t linger_usec;
	uint64_t drop_usec;     /* the time that a dropped session has to read the reason */
	uint64_t raw_long_usec; /* after this time, lone bytes of an old client will not become a request */
};

struct reactor {
	struct loop loop;
	struct thread thread; /* runs the loop */
	struct reactor_set *set;
	unsigned index; /* in the set */

	struct settings *settings;
	const struct limits_options *limits; /* in settings */
	struct reactor_times times;
	const void *options[ROLES_MAX];      /* in settings, for each role of the set; NULL: it has none */
	struct chunk_pool pool;

	struct session **slots; /* by handle.slot */
	uint32_t n_slots, free_slot;
	struct list sessions;
	struct list dead;       /* sessions that have ended in this pass; they travel to reactor 0 at its end */
	struct deferred reap;
	struct request *free_requests;
	unsigned n_free_requests;
	struct request *current; /* the request whose act is running; NULL after its answer; for asserts */

	struct log_ratelimit ratelimit; /* of events that its sessions cause */

	struct name_table names; /* the names that belong to this reactor */

	struct closer closer;

	unsigned busy; /* living requests, and reads under way, which come back to this thread */

	uint64_t placed; /* sessions that reactor 0 has given to this reactor; for reactor 0 */

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
 * All reactors, and the data that their sessions share. The owner of the set fills it before the first reactor runs;
 * the reactors only read it.
 */
struct reactor_set {
	struct reactor *at;
	unsigned n;
	unsigned n_roles;
	struct role_slot roles[ROLES_MAX]; /* in the order of the schema's names */
	struct worker_pool *workers;
	uint64_t key0, key1;               /* keys of the hash that finds the owner of a name */
	unsigned instance;
	char store_id[33];                 /* STORE, as HELLO tells it */
	char stop_why[64];                 /* filled before thread_leave() of reactor 0 */
	struct thread_owner owner;         /* of each reactor's thread */

	/* In reactor 0's thread. */
	struct acceptor acceptor;
};

/* The reactor that owns a key. Any thread. */
struct reactor *reactor_owner(struct reactor_set *set, const void *key, size_t len);

/*
 * The reactor of that @index in the set, and its thread, which the owner of the set starts. To stop, it asks thread 0
 * to leave: the acceptor stops, and reactor 0 passes that on to the others. 0 or negative errno; reactor_done() either
 * way.
 */
int reactor_init(struct reactor *r, struct reactor_set *set, unsigned index, struct settings *settings);
void reactor_done(struct reactor *r);

/* Subtracts one from reactor.busy. */
static inline void reactor_unbusy(struct reactor *r)
{
	r->busy--;
	thread_check_empty(&r->thread);
}

/* From main: the settings to use from now on. @u is this reactor's to free; it is allocated where that may fail. */
struct reactor_update {
	struct msg msg;
	struct reactor *reactor;
	struct settings *settings;   /* a reference */
	struct listener **listeners; /* all listeners from now on, with references */
};
void reactor_send_update(struct reactor *r, struct reactor_update *u);

/* Runs @m in the thread of @to; at once if that is the caller's thread. */
void reactor_post(struct reactor *from, struct reactor *to, struct msg *m);

/* In reactor 0: a session that was accepted at @l and given to the reactor of that number is freed. */
void reactor_count_out(struct reactor_set *set, struct listener *l, const struct address *peer, unsigned index);

/* The session table. 0 or -ENOMEM; sets the session's handle. */
int reactor_enter(struct reactor *r, struct session *s);
void reactor_leave(struct reactor *r, struct session *s);
/* The session in a slot below n_slots. NULL: the slot is free. */
struct session *reactor_slot(struct reactor *r, uint32_t slot);
/* The session of a handle. NULL: it has ended. */
struct session *reactor_find(struct reactor *r, struct handle h);
