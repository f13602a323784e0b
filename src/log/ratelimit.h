#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The log rate limit: a peer that causes an event again and again cannot fill the journal. Each event has log.burst
 * records in log.interval; an event about a peer (log_event_row.per_address) has that many for each address. Further
 * records are counted, and the count is logged at the end of the interval. Each loop has a rate limit of its own, used
 * in its thread only. Allocates nothing.
 */

#include "base/ratelimit.h"
#include "log/event.h"
#include "loop/timer.h"

#include <netinet/in.h>

struct address;
struct loop;

/* Pairs of address and event that have a count of their own at a time. Further pairs share one count for each event. */
#define LOG_RATELIMIT_ENTRIES 64

struct log_ratelimit_entry {
	struct ratelimit limit; /* with n 0: free */
	enum log_event what;
	bool of_one; /* of this network only; else of all peers */
	struct in6_addr network;
};

struct log_ratelimit {
	struct loop *loop;
	struct timer timer; /* armed while an entry is in use */
	struct log_ratelimit_entry entries[LOG_RATELIMIT_ENTRIES], rest[LOG_EVENT_MAX];
};

/* For the whole process. Any thread. Intervals that have begun keep their old limits. */
void log_ratelimit_set_limits(unsigned burst, uint64_t interval_usec);

void log_ratelimit_init(struct log_ratelimit *f, struct loop *l);
/* Logs the counts that are left. */
void log_ratelimit_done(struct log_ratelimit *f);

/* Whether the event is to be logged now; false also where its level is not wanted. @from: the peer, NULL: none. */
bool log_ratelimit_pass(struct log_ratelimit *f, enum log_event what, const struct address *from);
