/* SPDX-License-Identifier: MIT */
#include "loop/worker.h"

#include "base/clock.h"
#include "base/macro.h"

#include <errno.h>
#include <pthread.h>

struct worker {
	struct worker_threads *pool;
	pthread_t thread;
	uint64_t busy_since_usec; /* 0: idle */
};

struct worker_threads {
	struct worker_pool pool;
	pthread_mutex_t lock; /* held for a few instructions only, never over a system call that blocks */
	pthread_cond_t wake, ended;
	struct list jobs;
	bool stopping;
	unsigned n_threads, n_running;
	void (*begin)(void);
	struct worker workers[];
};

static struct worker_threads *worker_threads_of(struct worker_pool *pool)
{
	return container_of(pool, struct worker_threads, pool);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct worker_threads *p = w->pool;
	struct list *n;

	if (p->begin)
		p->begin();
	(void)pthread_mutex_lock(&p->lock);
	for (;;) {
		struct job *j;

		n = list_pop(&p->jobs);
		if (!n && p->stopping)
			break;
		if (!n) {
			(void)pthread_cond_wait(&p->wake, &p->lock);
			continue;
		}
		w->busy_since_usec = clock_usec();
		(void)pthread_mutex_unlock(&p->lock);

		j = container_of(n, struct job, link);
		j->run(j);
		worker_send_back(j);

		(void)pthread_mutex_lock(&p->lock);
		w->busy_since_usec = 0;
	}
	p->n_running--;
	(void)pthread_cond_signal(&p->ended);
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void worker_threads_submit(struct worker_pool *pool, struct job *j)
{
	struct worker_threads *p = worker_threads_of(pool);

	(void)pthread_mutex_lock(&p->lock);
	list_add_tail(&p->jobs, &j->link);
	(void)pthread_cond_signal(&p->wake);
	(void)pthread_mutex_unlock(&p->lock);
}

static unsigned worker_threads_count(const struct worker_pool *pool)
{
	return container_of(pool, const struct worker_threads, pool)->n_threads;
}

static unsigned worker_threads_stop(struct worker_pool *pool, uint64_t until_usec)
{
	struct worker_threads *p = worker_threads_of(pool);
	struct timespec until = { .tv_sec = (time_t)(until_usec / USEC_PER_SEC),
				  .tv_nsec = (long)(until_usec % USEC_PER_SEC) * 1000 };
	unsigned left;

	(void)pthread_mutex_lock(&p->lock);
	p->stopping = true;
	(void)pthread_cond_broadcast(&p->wake);
	while (p->n_running > 0)
		if (pthread_cond_timedwait(&p->ended, &p->lock, &until) == ETIMEDOUT)
			break;
	left = p->n_running;
	(void)pthread_mutex_unlock(&p->lock);

	/* A thread that hangs in the kernel still points at the pool: both stay until the process ends. */
	if (left > 0)
		return left;
	for (unsigned i = 0; i < p->n_threads; i++)
		(void)pthread_join(p->workers[i].thread, NULL);
	(void)pthread_mutex_destroy(&p->lock);
	(void)pthread_cond_destroy(&p->wake);
	(void)pthread_cond_destroy(&p->ended);
	free(p);
	return 0;
}

static uint64_t worker_threads_stuck_usec(struct worker_pool *pool, uint64_t now_usec)
{
	struct worker_threads *p = worker_threads_of(pool);
	uint64_t longest = 0;

	(void)pthread_mutex_lock(&p->lock);
	for (unsigned i = 0; i < p->n_threads; i++) {
		uint64_t since = p->workers[i].busy_since_usec;

		if (since && now_usec > since)
			longest = MAX(longest, now_usec - since);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return longest;
}

static const struct worker_pool_ops worker_threads_ops = {
	.submit = worker_threads_submit,
	.threads = worker_threads_count,
	.stop = worker_threads_stop,
	.stuck_usec = worker_threads_stuck_usec,
};

static void worker_threads_init(struct worker_threads *p)
{
	pthread_condattr_t attr;

	list_init(&p->jobs);
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->wake, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&p->ended, &attr);
	(void)pthread_condattr_destroy(&attr);
}

int worker_pool_new(struct worker_pool **ret, unsigned n_threads, void (*begin)(void))
{
	struct worker_threads *p;
	int r;

	p = calloc(1, sizeof(*p) + n_threads * sizeof(p->workers[0]));
	if (!p)
		return -ENOMEM;
	worker_threads_init(p);
	p->pool.ops = &worker_threads_ops;
	p->begin = begin;

	for (unsigned i = 0; i < n_threads; i++) {
		struct worker *w = &p->workers[i];

		w->pool = p;
		p->n_running++;
		r = pthread_create(&w->thread, NULL, worker_main, w);
		if (r != 0) {
			p->n_running--;
			(void)worker_pool_stop(&p->pool, clock_usec() + 5 * USEC_PER_SEC);
			return -r;
		}
		p->n_threads++;
	}
	*ret = &p->pool;
	return 0;
}

static void worker_complete(struct msg *m)
{
	struct job *j = container_of(m, struct job, msg);

	j->on_complete(j);
}

void worker_submit(struct worker_pool *p, struct loop *home, struct job *j)
{
	j->msg.act = worker_complete;
	j->home = home;
	p->ops->submit(p, j);
}
