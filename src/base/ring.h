#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A bounded queue of records of one size from one thread to another, without locks and system calls. One thread at a
 * time puts records, and one takes them. Another thread can take over either side, if an acquire and a release order
 * the two.
 */

#include <stdbool.h>
#include <stddef.h>

struct ring;

/* @n_records is a power of two. Memory becomes resident when it is first used. 0 or -ENOMEM. */
int ring_new(struct ring **ret, size_t n_records, size_t record_size);
struct ring *ring_free(struct ring *r);

/* The side that puts: space for a record, or NULL: the ring is full. The other side sees the record after
 * ring_put(). */
void *ring_reserve(struct ring *r);
void ring_put(struct ring *r);

/* The side that takes: the oldest record, valid until ring_drop(), or NULL: the ring is empty. */
const void *ring_peek(const struct ring *r);
void ring_drop(struct ring *r);

/* Records put and not yet dropped. */
size_t ring_count(const struct ring *r);
