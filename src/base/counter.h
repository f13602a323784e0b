#pragma once
/* SPDX-License-Identifier: MIT */
/* A number that one thread adds to, and others read. */

#include <stdatomic.h>
#include <stdint.h>

/* Only one thread ever calls this for a counter, so no locked instruction is needed. */
static inline void counter_add(atomic_uint_fast64_t *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}
