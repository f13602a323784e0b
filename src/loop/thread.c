/* SPDX-License-Identifier: MIT */
#include "loop/thread.h"

#include "base/clock.h"
#include "base/macro.h"

#include <errno.h>

static void thread_left(struct msg *m)
{
	struct thread *t = container_of(m, struct thread, leave_msg);

	t->leaving = true;
	if (t->ops->leave)
		t->ops->leave(t);
	thread_check_empty(t);
}

static void thread_dropped(struct msg *m)
{
	struct thread *t = container_of(m, struct thread, drop_msg);

	if (t->ops->drop)
		t->ops->drop(t);
	thread_check_empty(t);
}

static void thread_stopped(struct msg *m)
{
	loop_stop(container_of(m, struct thread, stop_msg)->loop);
}

static void thread_poked(struct msg *m)
{
	struct thread *t = container_of(m, struct thread, poke_msg);

	atomic_store_explicit(&t->poked, false, memory_order_release);
}

/* In the owner's loop. */
static void thread_report_empty(struct msg *m)
{
	struct thread *t = container_of(m, struct thread, empty_msg);

	t->owner->on_empty(t);
}

static void thread_report_done(struct msg *m)
{
	struct thread *t = container_of(m, struct thread, done_msg);

	t->owner->on_done(t);
}

static void thread_check_empty_now(struct deferred *call)
{
	struct thread *t = container_of(call, struct thread, check_empty);

	if (t->empty || (t->ops->is_empty && !t->ops->is_empty(t)))
		return;
	t->empty = true;
	if (t->owner)
		inbox_push(&t->owner->loop->inbox, &t->empty_msg);
}

void thread_init(struct thread *t, struct loop *l, const struct thread_ops *ops, const struct thread_owner *owner)
{
	*t = (struct thread){
		.loop = l,
		.ops = ops,
		.owner = owner,
		.check_empty.run = thread_check_empty_now,
		.leave_msg.act = thread_left,
		.drop_msg.act = thread_dropped,
		.stop_msg.act = thread_stopped,
		.empty_msg.act = thread_report_empty,
		.done_msg.act = thread_report_done,
		.poke_msg.act = thread_poked,
	};
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;
	int r = 0;

	if (t->ops->begin)
		t->ops->begin(t);
	loop_begin(t->loop);
	while (!t->loop->stopping && r >= 0) {
		r = loop_pass(t->loop, -1);
		if (t->ops->turn)
			t->ops->turn(t);
	}
	if (t->ops->done)
		t->ops->done(t, r);
	if (t->owner)
		inbox_push(&t->owner->loop->inbox, &t->done_msg);
	(void)sem_post(&t->ended);
	return NULL;
}

int thread_start(struct thread *t)
{
	int e;

	(void)sem_init(&t->ended, 0, 0);
	e = pthread_create(&t->thread, NULL, thread_main, t);
	t->started = e == 0;
	return -e;
}

void thread_leave(struct thread *t)
{
	inbox_push(&t->loop->inbox, &t->leave_msg);
}

void thread_drop(struct thread *t)
{
	inbox_push(&t->loop->inbox, &t->drop_msg);
}

void thread_stop(struct thread *t)
{
	inbox_push(&t->loop->inbox, &t->stop_msg);
}

bool thread_poke(struct thread *t)
{
	if (atomic_exchange_explicit(&t->poked, true, memory_order_acquire))
		return false;
	inbox_push(&t->loop->inbox, &t->poke_msg);
	return true;
}

bool thread_join(struct thread *t, uint64_t until_usec)
{
	/* A time_t of 32 bits has room for USEC_NEVER, too. */
	const struct timespec until = { .tv_sec = (time_t)MIN(until_usec / USEC_PER_SEC, (uint64_t)INT32_MAX),
					.tv_nsec = (long)(until_usec % USEC_PER_SEC) * 1000 };

	if (!t->started)
		return true;
	while (sem_clockwait(&t->ended, CLOCK_MONOTONIC, &until) < 0)
		if (errno != EINTR)
			return false;
	(void)pthread_join(t->thread, NULL);
	(void)sem_destroy(&t->ended);
	t->started = false;
	return true;
}
