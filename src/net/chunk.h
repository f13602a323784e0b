#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The memory of the output queues of one thread, and its account. A queue is a list of chunks: bytes, a slice (a part
 * of a shared buffer), or a part of a file. The chunk pool keeps a few freed chunks for the next use. It also counts
 * the bytes that the queues and the unfinished inputs of the thread hold, against limits.memory.
 */

#include "net/slice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLICE_GROUPS_MAX 4 /* a group is a dialect: slice_new() */

enum chunk_kind {
	CHUNK_BYTES,
	CHUNK_SLICE, /* a part of a shared buffer */
	CHUNK_FILE,  /* a part of a file */
};

struct chunk_file {
	int fd;
	uint64_t off, left;
	uint64_t resident; /* bytes from off on that were just seen in memory: sent without asking again */
	uint64_t stride;   /* outq.c: the distance to the next byte that the kernel is asked for */
};

struct chunk {
	struct chunk *next;
	uint16_t kind;       /* enum chunk_kind */
	bool event;          /* of an event; else of a reply */
	uint32_t cap;        /* CHUNK_BYTES */
	uint32_t start, end; /* offsets of the first byte to send, and behind the last; not for CHUNK_FILE */
	union {
		char data[1]; /* really cap bytes */
		struct shared_buffer *buffer;
		struct chunk_file *file; /* right behind the chunk: few chunks are files, and many are small */
	};
};

struct chunk_pool {
	struct chunk *free;
	unsigned n_free;
	struct chunk *free_slices; /* the small ones that refer to a shared buffer */
	unsigned n_free_slices;
	struct shared_buffer *current[SLICE_GROUPS_MAX]; /* slice.c's: with room behind, and in use */
	struct shared_buffer *spare;
	/* The memory account. The thread of the pool alone writes it; the status and the acceptor read it. */
	atomic_uint_fast64_t limit; /* this thread's share of limits.memory */
	atomic_uint_fast64_t used;  /* bytes in use now */
	atomic_uint_fast64_t sent;  /* bytes given to the kernel, ever */
	/* Closes a file where that must not hold up the thread; consumes the fd. NULL: close() does. */
	void (*close_file)(struct chunk_pool *p, int fd);
};

void chunk_pool_init(struct chunk_pool *p, uint64_t limit);
void chunk_pool_done(struct chunk_pool *p); /* all chunks and slices were freed before */
void chunk_pool_set_limit(struct chunk_pool *p, uint64_t limit);
void chunk_pool_close_file(struct chunk_pool *p, int fd); /* consumes the fd */

/* Bytes that are in use from now on, or no longer. The limit refuses nothing here: the caller asks before. */
void chunk_pool_account(struct chunk_pool *p, size_t n);
void chunk_pool_unaccount(struct chunk_pool *p, size_t n);

/* One thread writes: a load and a store are enough, and cost nothing. The type is atomic for readers in other
 * threads. */
static inline void chunk_pool_count(atomic_uint_fast64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

/* Any thread. */
static inline uint64_t chunk_pool_used(const struct chunk_pool *p)
{
	return atomic_load_explicit(&p->used, memory_order_relaxed);
}
static inline uint64_t chunk_pool_limit(const struct chunk_pool *p)
{
	return atomic_load_explicit(&p->limit, memory_order_relaxed);
}
static inline bool chunk_pool_is_over(const struct chunk_pool *p)
{
	return chunk_pool_used(p) > chunk_pool_limit(p);
}

/* For outq.c. NULL: no memory. The account has the memory of a chunk, but of a part of a file. */
/* A chunk with room for at least @n bytes. */
struct chunk *chunk_new(struct chunk_pool *p, size_t n);
/* A chunk for a slice. The caller sets all of its members; the chunk then owns a reference to the shared buffer. */
struct chunk *chunk_new_slice(struct chunk_pool *p);
/* A chunk for a part of a file. Copies @file and consumes its fd; NULL: the fd is still the caller's. */
struct chunk *chunk_new_file(const struct chunk_file *file);
/* Frees the chunk with its reference to a shared buffer, or its file. */
void chunk_free(struct chunk_pool *p, struct chunk *c);

/* Not for CHUNK_FILE. */
static inline const char *chunk_bytes(const struct chunk *c)
{
	return (c->kind == CHUNK_SLICE ? c->buffer->data : c->data) + c->start;
}
