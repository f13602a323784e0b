#pragma once
/* SPDX-License-Identifier: MIT */
/* At most @burst events in @interval_usec; the rest are counted and can be told of later. */

#include <stdbool.h>
#include <stdint.h>

struct ratelimit {
	uint64_t interval_usec;
	unsigned burst;
	uint64_t begin_usec;
	unsigned n;
	unsigned missed; /* refused since the last one that was allowed */
};

/* Whether one more may happen at @now_usec. *ret_missed: refused before this one, set (and the count cleared) only on
 * true. */
bool ratelimit_pass(struct ratelimit *r, uint64_t now_usec, unsigned *ret_missed);
