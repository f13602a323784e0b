/* SPDX-License-Identifier: MIT */
#include "fuzz/session_worker.h"

#include "base/macro.h"

#include <errno.h>

struct worker_pool {
	struct list jobs;
	size_t n;
};

int worker_pool_new(struct worker_pool **ret, _unused_ unsigned n_threads, _unused_ void (*begin)(void))
{
	struct worker_pool *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	list_init(&p->jobs);
	*ret = p;
	return 0;
}

unsigned worker_pool_threads(_unused_ const struct worker_pool *p)
{
	return 0;
}

unsigned worker_pool_stop(struct worker_pool *p, _unused_ uint64_t until_usec)
{
	while (p->n > 0)
		session_worker_run(p, 0);
	free(p);
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
	list_add_tail(&p->jobs, &j->link);
	p->n++;
}

uint64_t worker_pool_stuck_usec(_unused_ struct worker_pool *p, _unused_ uint64_t now_usec)
{
	return 0;
}

size_t session_worker_jobs(const struct worker_pool *p)
{
	return p->n;
}

void session_worker_run(struct worker_pool *p, size_t n)
{
	struct list *at = p->jobs.next;
	struct job *j;

	if (p->n == 0)
		return;
	for (n %= p->n; n > 0; n--)
		at = at->next;
	list_remove(at);
	p->n--;
	j = container_of(at, struct job, link);
	j->run(j);
	inbox_push(&j->home->inbox, &j->msg);
}
