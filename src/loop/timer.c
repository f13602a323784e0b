/* SPDX-License-Identifier: MIT */
/*
 * A timer lies in the slot of the highest "digit" (base 64) in which its time differs from now. When now reaches that
 * digit, the timers of the slot move down to finer levels; they fire from level 0. A bit map for each level finds the
 * next slot in use with one instruction. A bit can be stale, when the last timer of its slot was disarmed: then the
 * loop wakes up once too early.
 */
#include "loop/timer.h"

#include "base/clock.h"
#include "base/macro.h"

#define WHEEL_BITS 6
#define WHEEL_MASK (WHEEL_SLOTS - 1)

static uint64_t wheel_msec(uint64_t usec)
{
	return usec / USEC_PER_MSEC;
}

void wheel_init(struct wheel *w, uint64_t now_usec)
{
	w->now_msec = wheel_msec(now_usec);
	w->n = 0;
	for (unsigned l = 0; l < WHEEL_LEVELS; l++) {
		w->used[l] = 0;
		for (unsigned s = 0; s < WHEEL_SLOTS; s++)
			list_init(&w->slots[l][s]);
	}
}

static void wheel_put(struct wheel *w, struct timer *t)
{
	uint64_t at = t->at_msec, diff, horizon;
	unsigned level = 0, slot;

	/* Further away than the wheel turns: wait in the last slot it will reach, and be put again from there. */
	horizon = (w->now_msec | ((1ULL << (WHEEL_BITS * WHEEL_LEVELS)) - 1));
	if (at > horizon)
		at = horizon;

	diff = at ^ w->now_msec;
	if (diff)
		level = (unsigned)(63 - __builtin_clzll(diff)) / WHEEL_BITS;
	slot = (at >> (WHEEL_BITS * level)) & WHEEL_MASK;
	list_add_tail(&w->slots[level][slot], &t->link);
	w->used[level] |= 1ULL << slot;
}

void timer_arm(struct wheel *w, struct timer *t, uint64_t at_usec)
{
	timer_disarm(w, t);
	/* Round up, so that it is never early. */
	t->at_msec = wheel_msec(at_usec) + 1;
	if (t->at_msec < w->now_msec)
		t->at_msec = w->now_msec;
	w->n++;
	wheel_put(w, t);
}

void timer_disarm(struct wheel *w, struct timer *t)
{
	if (!timer_is_armed(t))
		return;
	list_remove(&t->link);
	w->n--;
}

/* When the wheel has to be looked at next, UINT64_MAX for never. */
static uint64_t wheel_next_msec(const struct wheel *w)
{
	if (w->n == 0)
		return UINT64_MAX;

	for (unsigned l = 0; l < WHEEL_LEVELS; l++) {
		unsigned shift = WHEEL_BITS * l;
		unsigned digit = (w->now_msec >> shift) & WHEEL_MASK;
		/* On level 0 this very millisecond counts; above, its slot has been emptied when it was entered. */
		uint64_t ahead = l == 0 ? w->used[l] >> digit << digit : w->used[l] & ~((2ULL << digit) - 1);

		if (ahead) {
			uint64_t slot = (uint64_t)__builtin_ctzll(ahead);

			return (w->now_msec & ~((1ULL << (shift + WHEEL_BITS)) - 1)) | slot << shift;
		}
	}
	return UINT64_MAX; /* not reached: each armed timer has its bit */
}

int wheel_wait_msec(const struct wheel *w, uint64_t now_usec)
{
	uint64_t next = wheel_next_msec(w), now = wheel_msec(now_usec), wait;

	if (next == UINT64_MAX)
		return -1;
	wait = next > now ? next - now : 0;
	return (int)MIN(wait, (uint64_t)3600 * 1000);
}

/* Now has come to the beginning of this slot: its timers go to finer levels. */
static void wheel_cascade(struct wheel *w, unsigned level)
{
	unsigned slot = (w->now_msec >> (WHEEL_BITS * level)) & WHEEL_MASK;
	struct list moving, *n;

	if (!(w->used[level] & 1ULL << slot))
		return;
	w->used[level] &= ~(1ULL << slot);
	list_init(&moving);
	list_splice(&moving, &w->slots[level][slot]);
	while ((n = list_pop(&moving)))
		wheel_put(w, container_of(n, struct timer, link));
}

/* Moves now to @msec, which nothing is due before. Coarsest first: what moves down one level may have to move on. */
static void wheel_enter(struct wheel *w, uint64_t msec)
{
	uint64_t changed = w->now_msec ^ msec;

	w->now_msec = msec;
	for (unsigned l = WHEEL_LEVELS - 1; l > 0; l--)
		if (changed >> (WHEEL_BITS * l))
			wheel_cascade(w, l);
}

/* Fires what is due at @msec. Now moves on first, so that what is armed meanwhile is never put behind it. */
static void wheel_fire(struct wheel *w, uint64_t msec)
{
	unsigned slot = msec & WHEEL_MASK;
	struct list due, *n;

	w->used[0] &= ~(1ULL << slot);
	list_init(&due);
	list_splice(&due, &w->slots[0][slot]);
	wheel_enter(w, msec + 1);

	/* A timer that fires may disarm others of this list. */
	while ((n = list_pop(&due))) {
		struct timer *t = container_of(n, struct timer, link);

		if (t->at_msec > msec) { /* it was beyond the horizon */
			wheel_put(w, t);
			continue;
		}
		w->n--;
		t->fire(t);
	}
}

void wheel_run(struct wheel *w, uint64_t now_usec)
{
	uint64_t now = wheel_msec(now_usec), next;

	while ((next = wheel_next_msec(w)) <= now) {
		wheel_enter(w, next);
		/* Entering a coarse slot only brings its timers nearer; they may be due later in it. */
		if (w->used[0] & 1ULL << (next & WHEEL_MASK))
			wheel_fire(w, next);
	}
	if (now > w->now_msec)
		wheel_enter(w, now);
}
