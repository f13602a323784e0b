#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The output queue of a connection: a list of chunks (net/chunk.h), sent from the front as the socket takes them.
 * Events are counted apart from replies: they can be dropped.
 */

#include "base/macro.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct chunk;
struct chunk_pool;
struct slice;
struct transport;

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
 * Sends what the transport (NULL: TCP) of the socket takes, at most @max_bytes. 1: all sent; 0: the bound was reached,
 * call again next pass; -EAGAIN: the socket is full, or is likely to be; -EINPROGRESS: the file's next piece is not in
 * memory and must be brought there first (outq_not_resident()); -EPIPE: a file has become shorter than promised; other
 * negative errno: the connection broke.
 */
int outq_send(struct outq *q, struct chunk_pool *p, struct transport *t, int fd, uint64_t max_bytes,
	      uint64_t *ret_sent);

/* After -EINPROGRESS: the piece that is to be read by a worker. The fd stays the queue's. */
void outq_not_resident(const struct outq *q, int *ret_fd, uint64_t *ret_off, uint64_t *ret_len);

/* The worker's word: this much of the head's file may be sent without asking again. */
void outq_resident(struct outq *q, uint64_t len);

void outq_clear(struct outq *q, struct chunk_pool *p);
