#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Bytes that are formatted once and sent to many. They lie in segments; an output queue that has some of them refers to
 * the segment (outq.h: outq_put_slice()), and what comes behind them there makes that piece longer. So a message to a
 * thousand sessions is a few words in each of their queues. All of it belongs to one thread's pool.
 */

#include <stddef.h>
#include <stdint.h>

struct pool;

struct shared_buffer {
	struct shared_buffer **current; /* where the pool finds it while there is room behind */
	unsigned refs;
	uint32_t len, cap;
	char data[];
};

/* A reference of its own to bytes that never change. */
struct slice {
	struct shared_buffer *segment;
	uint32_t start, len;
};

/* @lane keeps apart what goes to different receivers, the dialects: what is alike is to lie together. 0 or -ENOMEM. */
int slice_new(struct pool *p, unsigned lane, const void *data, size_t len, struct slice *ret);
void slice_done(struct pool *p, struct slice *f);

void shared_buffer_unref(struct pool *p, struct shared_buffer *s);
