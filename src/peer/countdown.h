#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A deadline for the other side. Time in which this process was stopped, or the machine slept, does not count: each
 * step subtracts at most COUNTDOWN_STEP_USEC, and no wait is longer than COUNTDOWN_SLICE_USEC.
 */

#include "base/clock.h"
#include "base/macro.h"

#define COUNTDOWN_SLICE_USEC USEC_PER_SEC             /* of a wait */
#define COUNTDOWN_STEP_USEC  (COUNTDOWN_SLICE_USEC * 2) /* a busy machine wakes late */

struct countdown {
	uint64_t left_usec, at_usec;
};

static inline void countdown_start(struct countdown *c, uint64_t usec)
{
	*c = (struct countdown){ .left_usec = usec, .at_usec = clock_usec() };
}

static inline uint64_t countdown_left(struct countdown *c)
{
	uint64_t now = clock_usec();

	c->left_usec -= MIN(c->left_usec, MIN(now - c->at_usec, COUNTDOWN_STEP_USEC));
	c->at_usec = now;
	return c->left_usec;
}

/* The next wait, for poll(2). It is rounded up, so that a wait of less than 1 ms does not become a busy loop. */
static inline int countdown_slice_msec(uint64_t left_usec)
{
	return (int)((MIN(left_usec, COUNTDOWN_SLICE_USEC) + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}
