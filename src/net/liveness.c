/* SPDX-License-Identifier: MIT */
/*
 * Silence alone proves nothing: a peer whose window is full is asked by the kernel at intervals that grow to two
 * minutes. A peer is given up when the kernel has asked in vain at two checks in a row. A peer that had just been
 * asked at the first check has answered by the second.
 */
#include "net/liveness.h"

#include "base/clock.h"
#include "base/macro.h"
#include "net/conn.h"

/* From one look to the next, as a part of limits.peer_timeout. */
#define LIVENESS_LOOKS 24

static uint64_t liveness_step(uint64_t timeout_usec)
{
	return timeout_usec / LIVENESS_LOOKS;
}

void liveness_set_timeout(int fd, uint64_t timeout_usec)
{
	int total = (int)(timeout_usec / USEC_PER_SEC), idle = MAX(total / 2, 1), interval = MAX(total / 12, 1);
	/* After the last question there is one more interval for its answer. */
	int count = MAX((total - idle) / interval - 1, 1);

	tcp_set_keepalive(fd, idle, interval, count);
}

/* For so long no check doubts a silent peer. Two steps are left: to ask once more, and to receive the answer. */
static uint64_t liveness_bound(uint64_t timeout_usec)
{
	return timeout_usec - 2 * liveness_step(timeout_usec);
}

/* When the bound will be over, should it stay silent. */
static uint64_t liveness_next(uint64_t idle_usec, uint64_t now_usec, uint64_t timeout_usec)
{
	uint64_t bound = liveness_bound(timeout_usec), step = liveness_step(timeout_usec);

	return now_usec + (idle_usec < bound ? MAX(bound - idle_usec, step) : step);
}

void liveness_begin(struct liveness *l, const struct tcp_peer *p, uint64_t now_usec, uint64_t timeout_usec)
{
	l->doubted = false;
	l->check_usec = liveness_next(p->idle_usec, now_usec, timeout_usec);
}

bool liveness_judge(struct liveness *l, const struct tcp_peer *p, uint64_t now_usec, uint64_t timeout_usec)
{
	bool doubt = p->outstanding && p->unanswered && p->idle_usec >= liveness_bound(timeout_usec);

	if (doubt && l->doubted)
		return false;
	l->doubted = doubt;
	l->check_usec = p->outstanding ? liveness_next(p->idle_usec, now_usec, timeout_usec) : USEC_NEVER;
	return true;
}

void liveness_sent(struct liveness *l, const struct conn *c, bool is_alive, uint64_t now_usec, uint64_t timeout_usec)
{
	struct tcp_peer peer = {};

	if (!is_alive)
		peer = tcp_peer(c->watch.fd);
	liveness_begin(l, &peer, now_usec, timeout_usec);
}

bool liveness_check(struct liveness *l, const struct conn *c, uint64_t now_usec, uint64_t timeout_usec)
{
	struct tcp_peer peer = tcp_peer(c->watch.fd);

	return liveness_judge(l, &peer, now_usec, timeout_usec);
}
