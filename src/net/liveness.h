#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Whether a peer is still there. While nothing is on its way to it, the kernel's keepalive asks. Keepalive is silent
 * while something is, and then the kernel sends that again for a quarter of an hour; a timeout for it (TCP_USER_TIMEOUT)
 * would hit a peer that answers and merely does not read as well. So a session's timer looks at the socket from time to
 * time as long as something is on its way, and what it asks is when the peer's kernel was last heard of.
 *
 * limits.peer_timeout is the bound for both.
 */

#include "net/tcp.h"

#include <stdbool.h>
#include <stdint.h>

struct conn;

struct liveness {
	uint64_t check_usec; /* when to look next; USEC_NEVER: nothing is on its way */
	bool doubted;       /* it has not answered, and gets a little more time */
};

/* What the sockets that are accepted from this one inherit. Best effort. */
void liveness_set_timeout(int fd, uint64_t timeout_usec);

/* After something was sent, where check_usec is USEC_NEVER. @heard: the peer has said something just now; else the kernel
 * is asked when that was. */
void liveness_sent(struct liveness *l, const struct conn *c, bool is_alive, uint64_t now_usec, uint64_t timeout_usec);

/* When check_usec has come: says when to look again. False: the peer is gone. */
bool liveness_check(struct liveness *l, const struct conn *c, uint64_t now_usec, uint64_t timeout_usec);

/* The same of facts that are known already. */
void liveness_begin(struct liveness *l, const struct tcp_peer *p, uint64_t now_usec, uint64_t timeout_usec);
bool liveness_judge(struct liveness *l, const struct tcp_peer *p, uint64_t now_usec, uint64_t timeout_usec);
