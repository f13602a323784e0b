#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The only epoll. A loop belongs to one thread. One pass: each ready watch once, messages among them, then what was put
 * off to the end of the pass (writes, deaths), then timers.
 *
 * A timer says that something did not come in time, and this process may have been away for long: stopped, or without a
 * processor. So a timer fires only when the kernel was asked for events after it had come due, and each watch that was
 * ready then has had its turn. What came in time is known by then, however late the timer is.
 */

#include "base/list.h"
#include "loop/inbox.h"
#include "loop/timer.h"

#include <stdbool.h>
#include <stdint.h>

/* Embedded by its owner, who finds himself by container_of. The fd stays the owner's. */
struct watch {
	int fd;
	uint32_t events; /* what is asked of epoll now (EPOLLIN, EPOLLOUT); errors are always told */
	void (*ready)(struct watch *w, uint32_t events);
};

/* A call put off to the end of the pass. Asking twice is asking once. */
struct deferred {
	struct list link;
	void (*run)(struct deferred *call);
};

struct loop {
	int epoll_fd;
	bool stopping;
	uint64_t now_usec; /* when this pass began */
	uint64_t seen_usec; /* what came before this has had its turn: the time that a timer which fires judges by */
	uint64_t back_usec; /* when the process was there again, the last time that it had been away; 0: never */
	uint64_t round_usec; /* what is ready by then has its turn in this round, of one pass or, in a crowd, several */
	size_t round_events; /* told of in this round */
	size_t n_watches;
	struct wheel wheel;
	struct inbox inbox;
	struct watch inbox_watch;
	struct list deferred_calls;
	struct epoll_event *events; /* of this pass, so that a watch removed in it is not called */
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
int loop_pass(struct loop *l, int timeout_msec); /* one pass, waiting at most that long; -1: no bound. For tests. */
void loop_stop(struct loop *l);                  /* from within the loop's thread */
