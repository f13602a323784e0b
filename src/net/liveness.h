#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Whether a peer is still there. While no data is on its way to the peer, the kernel asks it with keepalive. While
 * data is on its way, keepalive is silent, and the kernel sends the data again for a quarter of an hour.
 * TCP_USER_TIMEOUT would shorten that, but it also ends the connection of a peer that answers and only does not read.
 * So the timer of the session checks the socket from time to time while data is on its way: it asks the kernel when it
 * last heard from the peer.
 *
 * limits.peer_timeout is the bound for both.
 */

#include "net/tcp.h"

#include <stdbool.h>
#include <stdint.h>

struct conn;

struct liveness {
	uint64_t check_usec; /* when to look next; USEC_NEVER: nothing is on its way */
	bool doubted;       /* the peer has not answered, and gets a little more time */
};

/* Sets options that the sockets accepted from this one inherit. Best effort. */
void liveness_set_timeout(int fd, uint64_t timeout_usec);

/* Call after bytes were sent while check_usec is USEC_NEVER. @is_alive: bytes of the peer came just now; else the
 * kernel is asked when it last heard from the peer. */
void liveness_sent(struct liveness *l, const struct conn *c, bool is_alive, uint64_t now_usec, uint64_t timeout_usec);

/* When check_usec has come: says when to look again. False: the peer is gone. */
bool liveness_check(struct liveness *l, const struct conn *c, uint64_t now_usec, uint64_t timeout_usec);

/* The same of facts that are known already. */
void liveness_begin(struct liveness *l, const struct tcp_peer *p, uint64_t now_usec, uint64_t timeout_usec);
bool liveness_judge(struct liveness *l, const struct tcp_peer *p, uint64_t now_usec, uint64_t timeout_usec);
