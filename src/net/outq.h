#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The output queue of a connection: bytes in chunks, parts of files, and slices, which other queues have, too. Chunks
 * come from the chunk pool of the reactor. The pool also keeps the reactor's memory account: the bytes that all its
 * queues and unfinished inputs hold, against limits.memory. Events are counted apart from replies: they can be dropped.
 */

#include "base/macro.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct chunk;
struct slice;
struct shared_buffer;
struct transport;

#define SLICE_GROUPS_MAX 4

struct chunk_pool {
	struct chunk *free;
	unsigned n_free;
	struct chunk *free_slices; /* the small ones that refer to a shared buffer */
	unsigned n_free_slices;
	struct shared_buffer *current[SLICE_GROUPS_MAX]; /* slice.c's: with room behind, and in use */
	struct shared_buffer *spare;
	/* The memory account. The reactor alone writes it; the status and the acceptor read it. */
	atomic_uint_fast64_t limit; /* of limits.memory, this reactor's share */
	atomic_uint_fast64_t used; /* bytes charged now */
	atomic_uint_fast64_t sent; /* bytes given to the kernel, ever */
	/* Closes a file where that must not hold up the thread; consumes the fd. NULL: close() does. */
	void (*close_file)(struct chunk_pool *p, int fd);
};

void chunk_pool_init(struct chunk_pool *p, uint64_t limit);
void chunk_pool_set_limit(struct chunk_pool *p, uint64_t limit);
void chunk_pool_done(struct chunk_pool *p);
void chunk_pool_account(struct chunk_pool *p, size_t n);
void chunk_pool_unaccount(struct chunk_pool *p, size_t n);
void chunk_pool_close_file(struct chunk_pool *p, int fd);
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

/* Inert when zero. */
struct outq {
	struct chunk *head, *tail;
	uint64_t bytes;  /* of answers, in memory; parts of files do not count */
	uint32_t files;  /* parts of files, each of which holds a descriptor */
	uint32_t events; /* bytes of events */
};

/* 0 or -ENOMEM. */
int outq_put(struct outq *q, struct chunk_pool *p, const void *data, size_t n);

/* Room for @n bytes in one piece; what was filled is added with outq_commit(). NULL: no memory. */
char *outq_reserve(struct outq *q, struct chunk_pool *p, size_t n);
void outq_commit(struct outq *q, size_t n);

/* An event: by a reference to its bytes, or as a copy. 0 or -ENOMEM. */
int outq_put_slice(struct outq *q, struct chunk_pool *p, const struct slice *f);
int outq_put_event(struct outq *q, struct chunk_pool *p, const void *data, size_t n);
/* Takes all events out again, but for the one that the peer has the beginning of: that is cut behind its line. */
void outq_drop_events(struct outq *q, struct chunk_pool *p);

/* Consumes the fd in any case. */
int outq_put_file(struct outq *q, struct chunk_pool *p, int fd, uint64_t off, uint64_t len);

/* All of @from behind what @to has. */
void outq_move(struct outq *to, struct outq *from);

static inline bool outq_is_empty(const struct outq *q)
{
	return !q->head;
}

/*
 * Sends what the transport (NULL: TCP) of the socket takes, at most @max_bytes. 1: all sent; 0: the bound was reached, call
 * again next pass; -EAGAIN: the socket is full, or is likely to be; -EINPROGRESS: the file's next piece is not in memory and must be
 * brought there first (outq_not_resident()); -EPIPE: a file has become shorter than promised; other negative errno: the
 * connection broke.
 */
int outq_send(struct outq *q, struct chunk_pool *p, struct transport *t, int fd, uint64_t max_bytes,
	      uint64_t *ret_sent);

/* After -EINPROGRESS: the piece that is to be read by a worker. The fd stays the queue's. */
void outq_not_resident(const struct outq *q, int *ret_fd, uint64_t *ret_off, uint64_t *ret_len);

/* The worker's word: this much of the head's file may be sent without asking again. */
void outq_resident(struct outq *q, uint64_t len);

void outq_clear(struct outq *q, struct chunk_pool *p);
