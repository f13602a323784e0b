/* SPDX-License-Identifier: MIT */
/*
 * Two counters only grow: the side that puts writes `head`, the side that takes writes `tail`. When they wrap around,
 * their difference and the place in the ring stay right, as the number of records is a power of two.
 *
 * `head` is stored and loaded in the one total order (seq_cst). So a taker can first note that it goes to sleep and
 * then look into the ring once more, while a putter first puts and then looks whether the taker sleeps: at least one of
 * them sees what the other one did.
 */

#include "base/ring.h"
#include "base/macro.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define RING_CACHE_LINE 64

struct ring {
	alignas(RING_CACHE_LINE) atomic_size_t head;
	alignas(RING_CACHE_LINE) atomic_size_t tail;
	alignas(RING_CACHE_LINE) size_t n_records;
	size_t record_size;
	alignas(RING_CACHE_LINE) unsigned char records[];
};

static size_t ring_bytes(size_t n_records, size_t record_size)
{
	return sizeof(struct ring) + n_records * record_size;
}

int ring_new(struct ring **ret, size_t n_records, size_t record_size)
{
	size_t bytes = ring_bytes(n_records, record_size);
	struct ring *r;

	assert(n_records > 0 && (n_records & (n_records - 1)) == 0);
	assert(record_size > 0 && n_records <= (SIZE_MAX - sizeof(struct ring)) / record_size);

	/* Not calloc(): it can return memory that was freed before and zero it, and then all of it is resident. */
	r = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r == MAP_FAILED)
		return -ENOMEM;
	/* Neighbouring rings may become one mapping, and a huge page would make all of it resident at the first
	 * touch. */
	(void)madvise(r, bytes, MADV_NOHUGEPAGE);

	r->n_records = n_records;
	r->record_size = record_size;
	*ret = r;
	return 0;
}

struct ring *ring_free(struct ring *r)
{
	if (r)
		(void)munmap(r, ring_bytes(r->n_records, r->record_size));
	return NULL;
}

static size_t ring_offset(const struct ring *r, size_t counter)
{
	return (counter & (r->n_records - 1)) * r->record_size;
}

void *ring_reserve(struct ring *r)
{
	size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	size_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	if (head - tail == r->n_records)
		return NULL;
	return r->records + ring_offset(r, head);
}

void ring_put(struct ring *r)
{
	size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	atomic_store(&r->head, head + 1);
}

const void *ring_peek(const struct ring *r)
{
	size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	if (atomic_load(&r->head) == tail)
		return NULL;
	return r->records + ring_offset(r, tail);
}

void ring_drop(struct ring *r)
{
	size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
}

size_t ring_count(const struct ring *r)
{
	size_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	return atomic_load(&r->head) - tail;
}
