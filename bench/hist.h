#pragma once
/* SPDX-License-Identifier: MIT */
/* A histogram of times: exact below 128 us, then within 1.6 per cent, in fixed memory however many are added. */

#include <stdint.h>

#define HIST_SUB_BITS 6
#define HIST_SUB      (1U << HIST_SUB_BITS)
#define HIST_BUCKETS  ((64 - HIST_SUB_BITS + 1) * HIST_SUB)

struct hist {
	uint64_t total;
	uint64_t counts[HIST_BUCKETS];
};

static inline unsigned hist_bucket(uint64_t v)
{
	unsigned shift;

	if (v < 2 * HIST_SUB)
		return (unsigned)v;

	/* the highest bit and the six below it */
	shift = 63U - (unsigned)__builtin_clzll(v) - HIST_SUB_BITS;
	return shift * HIST_SUB + (unsigned)(v >> shift);
}

static inline void hist_add(struct hist *h, uint64_t v)
{
	h->total++;
	h->counts[hist_bucket(v)]++;
}

void hist_merge(struct hist *into, const struct hist *from);

/* The value that @percent of all do not exceed, 0 to 100; 0 where there is none. */
uint64_t hist_percentile(const struct hist *h, unsigned percent);
