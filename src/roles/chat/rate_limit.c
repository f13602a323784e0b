/* SPDX-License-Identifier: MIT */
/*
 * A token bucket with one number (GCRA): each message uses up 1/rate seconds of time. The state is the moment up to
 * which time is used up. That moment can be ahead of the present by the time of a burst; in a pause the present catches
 * up.
 */
#include "roles/chat/rate_limit.h"

#include "base/clock.h"
#include "base/macro.h"

bool chat_rate_limit_pass(struct chat_rate_limit *l, uint64_t now_usec, uint64_t rate, uint64_t burst,
			  uint64_t *ret_wait_usec)
{
	uint64_t cost, used_up_to, ahead;

	if (rate == 0)
		return true;
	cost = MAX(USEC_PER_SEC / rate, (uint64_t)1);
	used_up_to = MAX(l->used_up_to_usec, now_usec);
	ahead = (burst - 1) * cost;
	if (used_up_to - now_usec > ahead) {
		*ret_wait_usec = used_up_to - now_usec - ahead;
		return false;
	}
	l->used_up_to_usec = used_up_to + cost;
	return true;
}
