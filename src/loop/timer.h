#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Timers in a hierarchical wheel: arming and disarming are O(1), and an empty wheel asks for no wake-up. Resolution
 * is 1 ms; a timer never fires early.
 */

#include "base/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_LEVELS 5
#define WHEEL_SLOTS  64 /* 1 ms * 64^5 = 12 days; a later timer waits in the last level */

struct timer {
	struct list link;
	uint64_t at_msec;
	void (*fire)(struct timer *t); /* disarmed before; may arm again, or free its owner */
};

struct wheel {
	uint64_t now_msec;           /* all timers before this time have fired */
	uint64_t used[WHEEL_LEVELS]; /* a bit for each slot that can have timers */
	size_t n;
	struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, uint64_t now_usec);

/* Fires at or after @at_usec (CLOCK_MONOTONIC). A timer that is armed gets the new time. */
void timer_arm(struct wheel *w, struct timer *t, uint64_t at_usec);
void timer_disarm(struct wheel *w, struct timer *t);
static inline bool timer_is_armed(const struct timer *t)
{
	return list_is_linked(&t->link);
}

/* How many ms from @now_usec until the wheel wants wheel_run() (it may be early, never late), -1 for never. */
int wheel_wait_msec(const struct wheel *w, uint64_t now_usec);

/* Fires the timers that are due. */
void wheel_run(struct wheel *w, uint64_t now_usec);
