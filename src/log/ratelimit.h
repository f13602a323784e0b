#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What a peer can cause again and again must not fill the journal: of one event, each address (or, where the row says
 * so, all together) has log.burst records in log.interval. What is over is counted, and the count is told when the
 * interval has ended. One for each loop, in its thread; its memory is all here.
 */

#include "base/ratelimit.h"
#include "log/event.h"
#include "loop/timer.h"

#include <netinet/in.h>

struct address;
struct loop;

/* Addresses and events that are counted by themselves at a time. More of them share one count for each event. */
#define LOG_RATELIMIT_ENTRIES 64

struct log_ratelimit_entry {
	struct ratelimit limit; /* with n 0: free */
	enum log_event what;
	bool of_one;            /* of this network, else of anybody */
	struct in6_addr network;
};

struct log_ratelimit {
	struct loop *loop;
	struct timer timer; /* armed while an entry is in use */
	struct log_ratelimit_entry entries[LOG_RATELIMIT_ENTRIES], rest[LOG_EVENT_MAX];
};

/* For all of the process, from any thread; what is being counted is counted on as it was. */
void log_ratelimit_set_limits(unsigned burst, uint64_t interval_usec);

void log_ratelimit_init(struct log_ratelimit *f, struct loop *l);
/* Tells what has not been told yet. */
void log_ratelimit_done(struct log_ratelimit *f);

/* Whether it may be logged now; also false where its level is not wanted. @from: NULL for nobody's. */
bool log_ratelimit_pass(struct log_ratelimit *f, enum log_event what, const struct address *from);
