#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Bytes that are formatted once and sent to many. They lie in segments; an output queue that has some of them refers to
 * the segment (outq.h: outq_put_frame()), and what comes behind them there makes that piece longer. So a message to a
 * thousand sessions is a few words in each of their queues. All of it belongs to one thread's pool.
 */

#include <stddef.h>
#include <stdint.h>

struct pool;

struct segment {
	struct segment **current; /* where the pool finds it while there is room behind */
	unsigned refs;
	uint32_t len, cap;
	char data[];
};

/* A reference of its own to bytes that never change. */
struct frame {
	struct segment *segment;
	uint32_t start, len;
};

/* @lane keeps apart what goes to different receivers, the dialects: what is alike is to lie together. 0 or -ENOMEM. */
int frame_new(struct pool *p, unsigned lane, const void *data, size_t len, struct frame *ret);
void frame_done(struct pool *p, struct frame *f);

void segment_unref(struct pool *p, struct segment *s);
