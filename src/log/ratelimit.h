#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What a peer can cause again and again must not fill the journal: of one incident, each address (or, where the row says
 * so, all together) has log.burst records in log.interval. What is over is counted, and the count is told when the
 * interval has ended. One for each loop, in its thread; its memory is all here.
 */

#include "base/ratelimit.h"
#include "log/event.h"
#include "loop/timer.h"

#include <netinet/in.h>

struct address;
struct loop;

/* Addresses and incidents that are counted by themselves at a time. More of them share one count for each incident. */
#define FLOOD_ENTRIES 64

struct flood_entry {
	struct ratelimit limit; /* with n 0: free */
	enum incident what;
	bool of_one;            /* of this network, else of anybody */
	struct in6_addr network;
};

struct flood {
	struct loop *loop;
	struct timer timer; /* armed while an entry is in use */
	struct flood_entry entries[FLOOD_ENTRIES], rest[INCIDENT_MAX];
};

/* For all of the process, from any thread; what is being counted is counted on as it was. */
void flood_set_limits(unsigned burst, uint64_t interval_usec);

void flood_init(struct flood *f, struct loop *l);
/* Tells what has not been told yet. */
void flood_done(struct flood *f);

/* Whether it may be logged now; also false where its level is not wanted. @from: NULL for nobody's. */
bool flood_pass(struct flood *f, enum incident what, const struct address *from);
