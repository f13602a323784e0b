#pragma once
/* SPDX-License-Identifier: MIT */
/* The rate limit of a session: messages a second in the long run, and a burst after a pause. In the session's
 * thread. */

#include <stdbool.h>
#include <stdint.h>

/* All zero: nothing is used up. */
struct chat_rate_limit {
	uint64_t used_up_to_usec; /* the time up to here is used up by messages */
};

/* Whether one more message is allowed at @now_usec; if so, it is counted. *ret_wait_usec is set only on false: the time
 * until one is allowed. @rate is in messages a second, 0: no limit; @burst is at least 1. */
bool chat_rate_limit_pass(struct chat_rate_limit *l, uint64_t now_usec, uint64_t rate, uint64_t burst,
			  uint64_t *ret_wait_usec);
