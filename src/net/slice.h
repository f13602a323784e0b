#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Bytes that are formatted once and sent to many. They lie in shared buffers; an output queue that has some of them
 * refers to the buffer (outq.h: outq_put_slice()), and bytes that follow there make that slice longer. So a message to
 * a thousand sessions is a few words in each of their queues. All of it belongs to one thread's pool.
 */

#include <stddef.h>
#include <stdint.h>

struct chunk_pool;

struct shared_buffer {
	struct shared_buffer **current; /* where the pool finds it while there is room behind */
	unsigned refs;
	uint32_t len, cap;
	char data[];
};

/* A reference of its own to bytes that never change. */
struct slice {
	struct shared_buffer *buffer;
	uint32_t start, len;
};

/* Slices of one @group, a dialect, lie behind each other in a buffer of their own. 0 or -ENOMEM. */
int slice_new(struct chunk_pool *p, unsigned group, const void *data, size_t len, struct slice *ret);
void slice_done(struct chunk_pool *p, struct slice *f);

void shared_buffer_unref(struct chunk_pool *p, struct shared_buffer *s);
