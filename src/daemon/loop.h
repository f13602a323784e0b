#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The only epoll. A loop belongs to one thread. One pass: due timers, then each ready watch once, messages among
 * them, then what was put off to the end of the pass (writes, deaths).
 */

#include "base/list.h"
#include "daemon/inbox.h"
#include "daemon/timer.h"

#include <stdbool.h>
#include <stdint.h>

/* Embedded by its owner, who finds himself by container_of. The fd stays the owner's. */
struct watch {
	int fd;
	uint32_t events; /* what is asked of epoll now (EPOLLIN, EPOLLOUT); errors are always told */
	void (*ready)(struct watch *w, uint32_t events);
};

/* A call put off to the end of the pass. Asking twice is asking once. */
struct later {
	struct list link;
	void (*run)(struct later *l);
};

struct loop {
	int epoll_fd;
	bool stopping;
	uint64_t now_usec; /* when this pass began */
	struct wheel wheel;
	struct inbox inbox;
	struct watch inbox_watch;
	struct list laters;
	struct epoll_event *events; /* of this pass, so that a watch removed in it is not called */
	int n_events;
};

int loop_init(struct loop *l); /* 0 or negative errno */
void loop_done(struct loop *l);

/* Level-triggered. 0 or negative errno. */
int loop_watch(struct loop *l, struct watch *w, uint32_t events);
int loop_rewatch(struct loop *l, struct watch *w, uint32_t events); /* no system call where nothing changes */
void loop_unwatch(struct loop *l, struct watch *w);                 /* before its fd is closed; safe during a pass */

void loop_later(struct loop *l, struct later *la);
void loop_not_later(struct later *la);

void loop_timer(struct loop *l, struct timer *t, uint64_t at_usec);
void loop_no_timer(struct loop *l, struct timer *t);

/* Passes until loop_stop(). 0, or the negative errno of epoll_wait(). */
int loop_run(struct loop *l);
int loop_pass(struct loop *l, int timeout_msec); /* one pass, waiting at most that long; -1: no bound. For tests. */
void loop_stop(struct loop *l);                  /* from within the loop's thread */
