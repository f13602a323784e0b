#pragma once
/* SPDX-License-Identifier: MIT */
/* The worker pool: threads for calls that can block. Jobs start in the order in which they were submitted. */

#include "base/list.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

/* Embedded by its owner, who keeps it until on_complete() is called. */
struct job {
	struct msg msg; /* carries the job back to its loop */
	struct list link;
	struct loop *home;
	void (*run)(struct job *j);         /* in a worker; blocking is allowed; uses only the memory of the job */
	void (*on_complete)(struct job *j); /* in the thread of the loop that submitted it */
};

struct worker_pool;

/* @begin: NULL, or the first call of each thread. 0 or negative errno. */
int worker_pool_new(struct worker_pool **ret, unsigned n_threads, void (*begin)(void));

unsigned worker_pool_threads(const struct worker_pool *p);

/* Waits for the running jobs until @until_usec (CLOCK_MONOTONIC). 0: the pool is freed. Else the number of threads that
 * are still in the kernel: they are left behind, and the pool with them. */
unsigned worker_pool_stop(struct worker_pool *p, uint64_t until_usec);

/* Any thread. on_complete() is called in the loop @home. Takes the lock of the queue for a few instructions. */
void worker_submit(struct worker_pool *p, struct loop *home, struct job *j);

/* Any thread. For how long the oldest running job has run, in microseconds; 0: none runs. */
uint64_t worker_pool_stuck_usec(struct worker_pool *p, uint64_t now_usec);
