/* SPDX-License-Identifier: MIT */
/*
 * A peer that answers may be silent for long all the same: one whose window is full is asked at intervals that grow to
 * two minutes. So silence alone proves nothing. It counts where the kernel has asked in vain, and that is believed at
 * the second look: by then the answer to a question that had just been asked at the first one would be there.
 */
#include "net/liveness.h"

#include "base/clock.h"
#include "base/macro.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/tcp.h> /* the kernel's tcp_info is longer than that of the C library */

/* From one look to the next, as a part of limits.peer_timeout. */
#define LIVENESS_LOOKS 24

static uint64_t liveness_step(uint64_t timeout_usec)
{
	return timeout_usec / LIVENESS_LOOKS;
}

void liveness_keep(int fd, uint64_t timeout_usec)
{
	int total = (int)(timeout_usec / USEC_PER_SEC), idle = MAX(total / 2, 1), interval = MAX(total / 12, 1);
	/* After the last question there is one more interval for its answer. */
	int count = MAX((total - idle) / interval - 1, 1);
	const struct {
		int level, name, value;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, idle },
		{ IPPROTO_TCP, TCP_KEEPINTVL, interval },
		{ IPPROTO_TCP, TCP_KEEPCNT, count },
	};

	for (size_t i = 0; i < ELEMENTSOF(options); i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

/* So long a peer may be silent without being doubted. Two steps are left to ask once more, and to hear the answer. */
static uint64_t liveness_bound(uint64_t timeout_usec)
{
	return timeout_usec - 2 * liveness_step(timeout_usec);
}

/* When the bound will be over, should it stay silent. */
static uint64_t liveness_next(uint64_t silent_usec, uint64_t now_usec, uint64_t timeout_usec)
{
	uint64_t bound = liveness_bound(timeout_usec), step = liveness_step(timeout_usec);

	return now_usec + (silent_usec < bound ? MAX(bound - silent_usec, step) : step);
}

void liveness_begin(struct liveness *l, const struct liveness_facts *f, uint64_t now_usec, uint64_t timeout_usec)
{
	l->doubted = false;
	l->look_usec = liveness_next(f->silent_usec, now_usec, timeout_usec);
}

bool liveness_judge(struct liveness *l, const struct liveness_facts *f, uint64_t now_usec, uint64_t timeout_usec)
{
	bool doubt = f->on_its_way && f->asked_in_vain && f->silent_usec >= liveness_bound(timeout_usec);

	if (doubt && l->doubted)
		return false;
	l->doubted = doubt;
	l->look_usec = f->on_its_way ? liveness_next(f->silent_usec, now_usec, timeout_usec) : USEC_NEVER;
	return true;
}

/* Of one that is not TCP's nothing is known. */
static struct liveness_facts liveness_ask(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return (struct liveness_facts){};
	return (struct liveness_facts){
		.on_its_way = info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0,
		.asked_in_vain = info.tcpi_retransmits > 0 || info.tcpi_probes > 0,
		.silent_usec = (uint64_t)MIN(info.tcpi_last_ack_recv, info.tcpi_last_data_recv) * USEC_PER_MSEC,
	};
}

void liveness_sent(struct liveness *l, int fd, bool heard, uint64_t now_usec, uint64_t timeout_usec)
{
	struct liveness_facts facts = {};

	if (!heard)
		facts = liveness_ask(fd);
	liveness_begin(l, &facts, now_usec, timeout_usec);
}

bool liveness_look(struct liveness *l, int fd, uint64_t now_usec, uint64_t timeout_usec)
{
	struct liveness_facts facts = liveness_ask(fd);

	return liveness_judge(l, &facts, now_usec, timeout_usec);
}
