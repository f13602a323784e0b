#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A thread that runs an event loop. It ends in up to three steps, which any thread can call for: leave (the thread
 * takes no new work), drop (it gives up the work that is left), stop (its loop ends). Its owner, which is another loop,
 * is notified when a thread that leaves has no work left, and when it has ended. Threads that send messages to each
 * other are stopped when all of them are empty, so that no message is lost.
 *
 * A message in the inbox of its loop wakes the thread (loop/inbox.h).
 */

#include "loop/loop.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct thread;

/* The hooks of a thread, all called in that thread. NULL: nothing to do. */
struct thread_ops {
	void (*begin)(struct thread *t); /* before the first pass of the loop */
	void (*turn)(struct thread *t);  /* after each pass of the loop */
	void (*leave)(struct thread *t); /* thread_leave() was called */
	void (*drop)(struct thread *t);  /* thread_drop() was called */
	/* Whether the thread has no work left. Called after thread_leave(), at the end of passes for which
	 * thread_check_empty() was called. NULL: it never has work left. */
	bool (*is_empty)(struct thread *t);
	void (*done)(struct thread *t, int error); /* the loop has ended; error: 0, or its negative errno */
};

/* The owner, and its callbacks: they run in its own loop, once for each thread. */
struct thread_owner {
	struct loop *loop;
	void (*on_empty)(struct thread *t); /* the thread leaves, and has no work left; never without thread_leave() */
	void (*on_done)(struct thread *t);  /* its done() has returned; it must still be joined */
};

/* Embedded by whoever has the hooks. Freed only after thread_join() has returned true, and not while the
 * owner's loop can still call on_empty() or on_done(). */
struct thread {
	struct loop *loop;
	const struct thread_ops *ops;
	const struct thread_owner *owner;
	pthread_t thread;
	bool started; /* and not joined */
	sem_t ended;
	bool leaving, empty; /* the thread's own */
	struct deferred check_empty;
	struct msg leave_msg, drop_msg, stop_msg; /* from the owner */
	struct msg empty_msg, done_msg;           /* to the owner */
	struct msg poke_msg;
	atomic_bool poked; /* set by the owner, cleared by the thread */
};

/* The loop, the hooks and the owner (NULL: there is none) must outlive the thread. */
void thread_init(struct thread *t, struct loop *l, const struct thread_ops *ops, const struct thread_owner *owner);
int thread_start(struct thread *t); /* 0 or negative errno */

/* From any thread, each once, and only between thread_start() and thread_join(). */
void thread_leave(struct thread *t);
void thread_drop(struct thread *t);
void thread_stop(struct thread *t);

/* For a watchdog, from one thread: whether the last poke was answered (true the first time); if so, pokes again. */
bool thread_poke(struct thread *t);

/* Waits for the end of a thread that was stopped, until @until_usec (CLOCK_MONOTONIC). False: it has not ended by then,
 * mostly because it is stuck in the kernel, and still uses all that it was given. True where it was not started, or is
 * joined. */
bool thread_join(struct thread *t, uint64_t until_usec);

/* In the thread: some of its work has ended. */
static inline void thread_check_empty(struct thread *t)
{
	if (t->leaving)
		loop_defer(t->loop, &t->check_empty);
}
