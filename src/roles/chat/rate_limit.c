/* SPDX-License-Identifier: MIT */
/*
 * Each message costs the time that the rate leaves between two. Who has rested has that time in hand, up to a burst's
 * worth; one number, the moment up to which all is paid, is the whole state.
 */
#include "roles/chat/rate_limit.h"

#include "base/clock.h"
#include "base/macro.h"

bool chat_rate_limit_pass(struct chat_rate_limit *f, uint64_t now_usec, uint64_t rate, uint64_t burst,
			  uint64_t *ret_wait_usec)
{
	uint64_t cost, used_up_to, ahead;

	if (rate == 0)
		return true;
	cost = MAX(USEC_PER_SEC / rate, (uint64_t)1);
	used_up_to = MAX(f->used_up_to_usec, now_usec);
	ahead = (burst - 1) * cost;
	if (used_up_to - now_usec > ahead) {
		*ret_wait_usec = used_up_to - now_usec - ahead;
		return false;
	}
	f->used_up_to_usec = used_up_to + cost;
	return true;
}
