#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Admission: accepts connections at listeners, counts them, in all and for each address (IPv6: each /64), and refuses
 * those above the limits. It pauses while the process has no free descriptor. One acceptor serves all listeners, in
 * the thread of its loop.
 */

#include "base/address.h"
#include "base/map.h"
#include "loop/timer.h"

#include <stdint.h>

struct acceptor;
struct listener;
struct log_ratelimit;
struct loop;

/*
 * A connection that is counted: takes the fd over, and calls acceptor_leave() once when it is closed. Negative errno:
 * there is no memory for it; the fd is not consumed, and the connection is refused and counted out.
 */
typedef int (*acceptor_accepted_fn)(struct acceptor *a, struct listener *l, int fd, const struct address *peer);

struct acceptor {
	struct loop *loop;
	struct log_ratelimit *ratelimit;
	acceptor_accepted_fn accepted;
	struct listener *const *listeners; /* NULL-terminated, borrowed; NULL: none */
	struct timer timer;                /* armed while a listener is paused */
	struct map addresses;              /* connections from each; loopback is not counted there */
	uint64_t connections;              /* in all */
	uint64_t max_connections, max_per_address;
};

/* 0 or negative errno; acceptor_done() either way. Without limits nobody is admitted. */
int acceptor_init(struct acceptor *a, struct loop *loop, struct log_ratelimit *ratelimit, acceptor_accepted_fn accepted);
void acceptor_done(struct acceptor *a);

/* From now on. Connections that are there stay. */
void acceptor_set_limits(struct acceptor *a, uint64_t connections, uint64_t per_address);

/*
 * Accepts at these listeners from now on. Those that stay are not touched, those that are in the list no more are
 * closed. The list is NULL-terminated and must live until the next call, and the one before until this call returns.
 */
void acceptor_use(struct acceptor *a, struct listener *const *listeners);
void acceptor_stop(struct acceptor *a); /* closes all of them */

enum acceptor_verdict {
	ACCEPTOR_ADMITTED,
	ACCEPTOR_FULL,         /* max_connections */
	ACCEPTOR_ADDRESS_FULL, /* max_per_address */
	ACCEPTOR_NO_MEMORY,
};

/* Counts one in where the limits let it: then acceptor_leave() counts it out again, once. */
enum acceptor_verdict acceptor_enter(struct acceptor *a, const struct address *from);
/* A connection is closed. Its descriptor is free: a pause is over. */
void acceptor_leave(struct acceptor *a, const struct address *from);
