#pragma once
/* SPDX-License-Identifier: MIT */
/* How fast a session may say things: so many a second in the long run, and so many at once after a rest. */

#include <stdbool.h>
#include <stdint.h>

/* Inert, and rested, when zero. */
struct chat_rate_limit {
	uint64_t used_up_to_usec; /* up to when all that was said is paid for */
};

/* Whether one more may be said at @now_usec, which then counts. *ret_wait_usec: only on false, how long until it may.
 * @rate is a second's, 0 for no bound; @burst is at least 1. */
bool chat_rate_limit_pass(struct chat_rate_limit *f, uint64_t now_usec, uint64_t rate, uint64_t burst,
			  uint64_t *ret_wait_usec);
