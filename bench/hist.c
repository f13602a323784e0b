/* SPDX-License-Identifier: MIT */
#include "hist.h"

/* The largest value that falls into bucket @i: the undoing of hist_bucket(). */
static uint64_t hist_value(unsigned i)
{
	unsigned shift;

	if (i < 2 * HIST_SUB)
		return i;

	shift = i / HIST_SUB - 1;
	return ((uint64_t)(i - shift * HIST_SUB + 1) << shift) - 1;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	unsigned i;

	into->total += from->total;
	for (i = 0; i < HIST_BUCKETS; i++)
		into->counts[i] += from->counts[i];
}

uint64_t hist_percentile(const struct hist *h, unsigned percent)
{
	uint64_t want = (h->total * percent + 99) / 100, seen = 0;
	unsigned i;

	for (i = 0; i < HIST_BUCKETS; i++) {
		seen += h->counts[i];
		if (h->counts[i] > 0 && seen >= want)
			return hist_value(i);
	}

	return 0;
}
