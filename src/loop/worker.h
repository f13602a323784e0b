#pragma once
/* SPDX-License-Identifier: MIT */
/* A small pool of threads for whatever may block. Jobs start in the order they came. */

#include "base/list.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

/* Embedded by its owner, who keeps it alive until done() has been called. */
struct job {
	struct msg msg;  /* carries it back */
	struct list link;
	struct loop *home;
	void (*run)(struct job *j);  /* in a worker; may block; touches only what the job owns */
	void (*on_complete)(struct job *j); /* in the thread of the loop that submitted it */
};

struct worker_pool;

/* @begin: NULL, or what each thread calls first. 0 or negative errno. */
int worker_pool_new(struct worker_pool **ret, unsigned n_threads, void (*begin)(void));

unsigned worker_pool_threads(const struct worker_pool *p);

/* Waits for the jobs under way until @until_usec; what is stuck by then is left behind. Returns how many threads are. */
unsigned worker_pool_stop(struct worker_pool *p, uint64_t until_usec);

/* Never blocks but for the queue's own lock. */
void worker_submit(struct worker_pool *p, struct loop *home, struct job *j);

/* How long the oldest job under way has been running, in microseconds; 0: none. From any thread. */
uint64_t worker_pool_stuck_usec(struct worker_pool *p, uint64_t now_usec);
