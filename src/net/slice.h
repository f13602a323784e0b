#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Bytes that are formatted once and sent to many sessions. They lie in a shared buffer, to which output queues refer
 * (outq.h: outq_put_slice()). Slices that follow each other in a buffer are one slice in a queue. So a message to a
 * thousand sessions costs a few words in each of their queues. A shared buffer belongs to the chunk pool of one
 * thread.
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
