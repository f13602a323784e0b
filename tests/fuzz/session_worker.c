/* SPDX-License-Identifier: MIT */
#include "fuzz/session_worker.h"

#include "base/macro.h"

#include <errno.h>

struct session_worker {
	struct worker_pool pool;
	struct list jobs;
	size_t n;
};

static struct session_worker *session_worker_of(struct worker_pool *pool)
{
	return container_of(pool, struct session_worker, pool);
}

static void session_worker_submit(struct worker_pool *pool, struct job *j)
{
	struct session_worker *w = session_worker_of(pool);

	list_add_tail(&w->jobs, &j->link);
	w->n++;
}

static unsigned session_worker_threads(_unused_ const struct worker_pool *pool)
{
	return 0;
}

static unsigned session_worker_stop(struct worker_pool *pool, _unused_ uint64_t until_usec)
{
	struct session_worker *w = session_worker_of(pool);

	while (w->n > 0)
		session_worker_run(pool, 0);
	free(w);
	return 0;
}

static uint64_t session_worker_stuck_usec(_unused_ struct worker_pool *pool, _unused_ uint64_t now_usec)
{
	return 0;
}

int session_worker_new(struct worker_pool **ret)
{
	static const struct worker_pool_ops ops = {
		.submit = session_worker_submit,
		.threads = session_worker_threads,
		.stop = session_worker_stop,
		.stuck_usec = session_worker_stuck_usec,
	};
	struct session_worker *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->pool.ops = &ops;
	list_init(&w->jobs);
	*ret = &w->pool;
	return 0;
}

size_t session_worker_jobs(const struct worker_pool *pool)
{
	return container_of(pool, const struct session_worker, pool)->n;
}

void session_worker_run(struct worker_pool *pool, size_t n)
{
	struct session_worker *w = session_worker_of(pool);
	struct list *at = w->jobs.next;
	struct job *j;

	if (w->n == 0)
		return;
	for (n %= w->n; n > 0; n--)
		at = at->next;
	list_remove(at);
	w->n--;
	j = container_of(at, struct job, link);
	j->run(j);
	worker_send_back(j);
}
