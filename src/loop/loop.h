#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The event loop, and the only file that uses epoll. A loop belongs to one thread. One pass calls each ready watch
 * once, the inbox among them, then the deferred calls (writes, the freeing of dead objects), then the timers that are
 * due.
 *
 * A timer usually means that something did not come in time. But the process can have been away for long: stopped, or
 * without a processor. So a timer fires only when the kernel was asked for events after the timer had come due, and
 * each watch that was ready then has had its turn. So all that came in time has been seen, however late the timer is.
 */

#include "base/list.h"
#include "loop/inbox.h"
#include "loop/timer.h"

#include <stdbool.h>
#include <stdint.h>

/* Embedded by its owner, which ready() finds by container_of. The fd stays the owner's. */
struct watch {
	int fd;
	uint32_t events; /* requested from epoll now (EPOLLIN, EPOLLOUT); errors are always reported */
	void (*ready)(struct watch *w, uint32_t events);
};

/* A deferred call: run() is called at the end of the pass, once, however often it was deferred. Embedded by its
 * owner. */
struct deferred {
	struct list link;
	void (*run)(struct deferred *call);
};

struct loop {
	int epoll_fd;
	bool stopping;
	uint64_t now_usec; /* when this pass began */
	uint64_t seen_usec; /* events before this time have been handled; a timer that fires compares with this */
	uint64_t back_usec; /* when the process came back, the last time that it was away; 0: never */
	uint64_t round_usec; /* watches ready by then have their turn in this round, of one or more passes */
	size_t round_events; /* events reported in this round */
	size_t n_watches;
	struct wheel wheel;
	struct inbox inbox;
	struct watch inbox_watch;
	struct list deferred_calls;
	struct epoll_event *events; /* of this pass: a watch that is removed during it is taken out here, too */
	int n_events;
};

int loop_init(struct loop *l); /* 0 or negative errno */
void loop_done(struct loop *l);

/* Level-triggered. 0 or negative errno. */
int loop_watch(struct loop *l, struct watch *w, uint32_t events);
int loop_rewatch(struct loop *l, struct watch *w, uint32_t events); /* no system call where nothing changes */
void loop_unwatch(struct loop *l, struct watch *w);                 /* before its fd is closed; safe during a pass */

void loop_defer(struct loop *l, struct deferred *call);
void loop_undefer(struct deferred *call);

void loop_timer(struct loop *l, struct timer *t, uint64_t at_usec);
void loop_no_timer(struct loop *l, struct timer *t);

/* Passes until loop_stop(). 0, or the negative errno of epoll_wait(). */
int loop_run(struct loop *l);
void loop_begin(struct loop *l); /* for passes without loop_run(), before the first: time counts from now on */
int loop_pass(struct loop *l, int timeout_msec); /* one pass, waiting at most that long; -1: no bound. For tests. */
void loop_stop(struct loop *l);                  /* from within the loop's thread */
