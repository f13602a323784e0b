/* SPDX-License-Identifier: MIT */
#include "base/ratelimit.h"

#include <limits.h>

bool ratelimit_pass(struct ratelimit *r, uint64_t now_usec, unsigned *ret_missed)
{
	/* An interval begins with the first event in it, so one that is alone never waits for the clock to come
	 * round. */
	if (r->n == 0 || now_usec - r->begin_usec >= r->interval_usec) {
		r->begin_usec = now_usec;
		r->n = 0;
	}
	if (r->n >= r->burst) {
		if (r->missed < UINT_MAX)
			r->missed++;
		return false;
	}
	r->n++;
	*ret_missed = r->missed;
	r->missed = 0;
	return true;
}
