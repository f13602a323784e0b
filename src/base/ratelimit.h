#pragma once
/* SPDX-License-Identifier: MIT */
/* A rate limit: at most @burst events in @interval_usec. It counts the refused ones, so that a later line can name
 * their number. For one thread; the owner sets interval and burst, the rest is zero. */

#include <stdbool.h>
#include <stdint.h>

struct ratelimit {
	uint64_t interval_usec;
	unsigned burst;
	uint64_t begin_usec;
	unsigned n;
	unsigned missed; /* refused since the last allowed one */
};

/* Whether one more event is allowed at @now_usec. If so, *ret_missed is the number that was refused before it, and the
 * count begins again at 0; else *ret_missed stays as it was. */
bool ratelimit_pass(struct ratelimit *r, uint64_t now_usec, unsigned *ret_missed);
