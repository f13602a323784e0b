/* SPDX-License-Identifier: MIT */
/*
 * Why no watch starves: one pass calls each ready watch once, and each call does a bounded amount of work (one read,
 * one bounded write). inbox_run() takes the messages that are there when it begins. A deferred call that is deferred
 * again runs in the next pass. So each connection waits at most for one turn of every other connection.
 */
#include "loop/loop.h"

#include "base/clock.h"
#include "base/macro.h"

#include <errno.h>
#include <sys/epoll.h>

/* More ready ones wait for the next pass: what a pass holds in memory stays small, and its end comes soon. */
#define LOOP_EVENTS_MAX 64

/* A pass that comes so much later than it was to had no processor. */
#define LOOP_AWAY_USEC USEC_PER_SEC

static void loop_inbox_ready(struct watch *w, _unused_ uint32_t events)
{
	struct loop *l = container_of(w, struct loop, inbox_watch);

	inbox_run(&l->inbox);
}

int loop_init(struct loop *l)
{
	int r;

	*l = (struct loop){ .epoll_fd = -1, .inbox.fd = -1, .inbox_watch.fd = -1 };
	list_init(&l->deferred_calls);
	l->now_usec = l->round_usec = l->seen_usec = clock_usec();
	wheel_init(&l->wheel, l->now_usec);

	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return -errno;
	r = inbox_init(&l->inbox);
	if (r < 0)
		return r;
	l->inbox_watch = (struct watch){ .fd = l->inbox.fd, .ready = loop_inbox_ready };
	return loop_watch(l, &l->inbox_watch, EPOLLIN);
}

void loop_done(struct loop *l)
{
	inbox_done(&l->inbox);
	if (l->epoll_fd >= 0)
		(void)close(l->epoll_fd);
	l->epoll_fd = -1;
}

static int loop_ctl(struct loop *l, int op, struct watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w };

	if (epoll_ctl(l->epoll_fd, op, w->fd, &e) < 0)
		return -errno;
	w->events = events;
	return 0;
}

int loop_watch(struct loop *l, struct watch *w, uint32_t events)
{
	int r = loop_ctl(l, EPOLL_CTL_ADD, w, events);

	l->n_watches += r >= 0;
	return r;
}

int loop_rewatch(struct loop *l, struct watch *w, uint32_t events)
{
	return w->events == events ? 0 : loop_ctl(l, EPOLL_CTL_MOD, w, events);
}

void loop_unwatch(struct loop *l, struct watch *w)
{
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL) == 0)
		l->n_watches--;
	/* The watch can be among the events of this pass, and its owner can be freed before its turn comes. */
	for (int i = 0; i < l->n_events; i++)
		if (l->events[i].data.ptr == w)
			l->events[i].data.ptr = NULL;
}

void loop_defer(struct loop *l, struct deferred *call)
{
	if (!list_is_linked(&call->link))
		list_add_tail(&l->deferred_calls, &call->link);
}

void loop_undefer(struct deferred *call)
{
	list_remove(&call->link);
}

void loop_timer(struct loop *l, struct timer *t, uint64_t at_usec)
{
	timer_arm(&l->wheel, t, at_usec);
}

void loop_no_timer(struct loop *l, struct timer *t)
{
	timer_disarm(&l->wheel, t);
}

/*
 * Runs the calls that this pass deferred. A call that is deferred from here waits for the next pass. The rest of the
 * list stays linked in @todo, so that one call can undefer another.
 */
static void loop_run_deferred(struct loop *l)
{
	struct list todo, *n;

	list_init(&todo);
	list_splice(&todo, &l->deferred_calls);
	while ((n = list_pop(&todo))) {
		struct deferred *call = container_of(n, struct deferred, link);

		call->run(call);
	}
}

static int loop_wait_msec(const struct loop *l, int timeout_msec)
{
	int wheel = wheel_wait_msec(&l->wheel, l->now_usec);

	if (!list_is_empty(&l->deferred_calls))
		return 0;
	if (wheel < 0 || timeout_msec < 0)
		return MAX(wheel, timeout_msec);
	return MIN(wheel, timeout_msec);
}

/*
 * Whether the kernel has reported all watches that were ready when the round began. If more watches are ready than a
 * pass takes, the kernel reports each of them before it reports one again.
 */
static bool loop_round_is_over(struct loop *l, int n)
{
	if (n < 0)
		return false; /* nothing was reported: a signal, as after a stop */
	l->round_events += (size_t)n;
	return n < LOOP_EVENTS_MAX || l->round_events >= l->n_watches;
}

static void loop_run_timers(struct loop *l)
{
	l->seen_usec = l->round_usec;
	wheel_run(&l->wheel, l->seen_usec);
	/* The next round's events are asked for after this. */
	l->round_usec = l->now_usec;
	l->round_events = 0;
}

static void loop_set_time(struct loop *l, int waited_msec)
{
	uint64_t before = l->now_usec;

	l->now_usec = clock_usec();
	if (waited_msec >= 0 && l->now_usec - before > (uint64_t)waited_msec * USEC_PER_MSEC + LOOP_AWAY_USEC)
		l->back_usec = l->now_usec;
}

int loop_pass(struct loop *l, int timeout_msec)
{
	struct epoll_event events[LOOP_EVENTS_MAX];
	int n, wait_msec = loop_wait_msec(l, timeout_msec);

	n = epoll_wait(l->epoll_fd, events, LOOP_EVENTS_MAX, wait_msec);
	if (n < 0 && errno != EINTR)
		return -errno;

	l->events = events;
	l->n_events = MAX(n, 0);
	loop_set_time(l, wait_msec);
	for (int i = 0; i < l->n_events; i++) {
		struct watch *w = events[i].data.ptr;

		if (w)
			w->ready(w, events[i].events);
	}
	l->n_events = 0;

	loop_run_deferred(l);
	if (loop_round_is_over(l, n))
		loop_run_timers(l);
	return 0;
}

void loop_begin(struct loop *l)
{
	l->now_usec = l->round_usec = clock_usec();
}

int loop_run(struct loop *l)
{
	int r;

	loop_begin(l);
	while (!l->stopping) {
		r = loop_pass(l, -1);
		if (r < 0)
			return r;
	}
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stopping = true;
}
