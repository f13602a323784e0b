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

/* The first member of each kind of pool. There is one kind here, whose jobs run in threads; the fuzz targets have
 * another one, whose jobs run when the input says so. */
struct worker_pool {
	const struct worker_pool_ops *ops;
};

/* See the functions below. */
struct worker_pool_ops {
	void (*submit)(struct worker_pool *p, struct job *j);
	unsigned (*threads)(const struct worker_pool *p);
	unsigned (*stop)(struct worker_pool *p, uint64_t until_usec);
	uint64_t (*stuck_usec)(struct worker_pool *p, uint64_t now_usec);
};

/* @begin: NULL, or the first call of each thread. 0 or negative errno. */
int worker_pool_new(struct worker_pool **ret, unsigned n_threads, void (*begin)(void));

static inline unsigned worker_pool_threads(const struct worker_pool *p)
{
	return p->ops->threads(p);
}

/* Waits for the running jobs until @until_usec (CLOCK_MONOTONIC). 0: the pool is freed. Else the number of threads that
 * are still in the kernel: they are left behind, and the pool with them. */
static inline unsigned worker_pool_stop(struct worker_pool *p, uint64_t until_usec)
{
	return p->ops->stop(p, until_usec);
}

/* Any thread. on_complete() is called in the loop @home. Takes the lock of the queue for a few instructions. */
void worker_submit(struct worker_pool *p, struct loop *home, struct job *j);

/* For a kind of pool, in any thread, once run() has returned: sends the job back to its loop. */
static inline void worker_send_back(struct job *j)
{
	inbox_push(&j->home->inbox, &j->msg);
}

/* Any thread. For how long the oldest running job has run, in microseconds; 0: none runs. */
static inline uint64_t worker_pool_stuck_usec(struct worker_pool *p, uint64_t now_usec)
{
	return p->ops->stuck_usec(p, now_usec);
}
