#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The served folder is looked at again and again: whether its path still leads to it, and whether it can be written. One
 * that has taken its place is taken up; where there is none, nothing is served until there is.
 */

#include "loop/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct file_options;
struct file_state;
struct role_start;
struct warnings;

struct file_watch {
	char *path;           /* for people; it is found... */
	int at, state_fd;     /* ... from this folder on; the state directory: both the server's */
	const char *name;     /* in that one; it is part of `path` */
	struct worker_pool *workers;
	struct loop *loop;    /* main's */
	struct job job;       /* the look that main asked for... */
	bool away, again;     /* ... is under way, and was asked for once more meanwhile */
	int staging_slot;     /* the number that state->staging_fd has whenever it has one */
	pthread_mutex_t lock; /* of a look, which may block: workers and the start only */
	atomic_int missing;   /* errno: why there is no folder; 0: there is */
	atomic_int unwritable; /* errno: why nothing can be put into it; 0: it can */
	atomic_uint turn;     /* rises with each folder that has taken another's place */
};

/* Main, at the start: @state->root is open. Takes a look, and says what is wrong. 0 or negative errno. */
int file_watch_start(struct file_state *state, const struct file_options *o, const struct role_start *with);
void file_watch_stop(struct file_state *state);

/* Main: has a worker look. Main: what was seen. */
void file_watch_ask(struct file_state *state);
void file_watch_warn(struct file_state *state, struct warnings *to);

/* What the daemon keeps must not be what clients read: -EPERM; 0, or another negative errno. May block. */
int file_watch_may_serve(int fd, int state_fd);

/* Any thread, never blocks: nothing may be served just now. */
static inline bool file_watch_is_gone(const struct file_watch *w)
{
	return atomic_load_explicit(&w->missing, memory_order_relaxed) != 0;
}

/* Any thread, never blocks: what failed may have because there is no folder any more, which a worker can find out. */
bool file_watch_is_doubtful(const struct file_state *state);

/* Worker: something has failed, or found nothing. 1: the folder is another one now, so try again; 0: it is not;
 * -ESTALE: there is none. */
int file_watch_recheck(struct file_state *state);

/* Worker: which folder it is; what has begun in one is not to end in another, or in one that nobody sees any more. */
static inline unsigned file_watch_turn(const struct file_watch *w)
{
	return atomic_load(&w->turn);
}

/* Worker: 0 where the folder is that one, and its path leads to it; else -ESTALE. */
int file_watch_confirm(struct file_state *state, unsigned turn);
