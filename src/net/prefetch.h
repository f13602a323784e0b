#pragma once
/* SPDX-License-Identifier: MIT */
/* Brings a piece of a file into memory in a worker, so that the loop can send it without waiting for the disk. */

#include "loop/worker.h"

/* Embedded by whoever starts it, and alive until done() has been called. */
struct prefetch {
	struct job job;
	int fd;
	uint64_t off, len;
	int error; /* the result: 0, or negative errno */
	void (*done)(struct prefetch *p); /* in the thread of the loop that it was started for */
};

/* The fd is duplicated: the caller can close its own meanwhile. @done is called once, unless this returns negative
 * errno. */
int prefetch_start(struct prefetch *p, struct worker_pool *workers, struct loop *loop, int fd, uint64_t off, uint64_t len,
		   void (*done)(struct prefetch *p));
