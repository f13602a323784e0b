#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A bounded queue of fixed-size records from one thread to another, without locks and system calls. One thread puts,
 * one takes; either may change if the hand-over itself is ordered (acquire and release).
 */

#include <stdbool.h>
#include <stddef.h>

struct ring;

/* @n_records is a power of two. Memory is resident only once it was used. 0 or -ENOMEM. */
int ring_new(struct ring **ret, size_t n_records, size_t record_size);
struct ring *ring_free(struct ring *r);

/* The putting side: room for a record, or NULL where the ring is full; the taking side sees it when it is put. */
void *ring_reserve(struct ring *r);
void ring_put(struct ring *r);

/* The taking side: the oldest record, or NULL; its room is the putting side's again once it was dropped. */
const void *ring_peek(const struct ring *r);
void ring_drop(struct ring *r);

/* Records put and not yet dropped. */
size_t ring_count(const struct ring *r);
