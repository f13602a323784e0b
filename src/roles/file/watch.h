#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Checks the served folder from time to time: whether its path still leads to it, and whether it can be written. If
 * another folder has taken its place, the role serves that one. If there is none, the role serves nothing until there
 * is one again.
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
	struct job job;       /* the check that main started... */
	bool away, again;     /* ... is under way, and another one is wanted after it */
	int staging_slot;     /* the number of state->staging_fd, if that is not -1 */
	pthread_mutex_t lock; /* of a check, which can block: for workers and the start only */
	atomic_int missing;   /* errno: the reason why there is no folder; 0: there is one */
	atomic_int unwritable; /* errno: the reason why it cannot be written; 0: it can */
	atomic_uint turn;     /* counts the folders that have taken the place of another one */
};

/* Main, at the start, when state->root is open. Checks the folder and logs its faults. 0 or negative errno. */
int file_watch_start(struct file_state *state, const struct file_options *o, const struct role_start *with);
void file_watch_stop(struct file_state *state);

/* Main: makes a worker check the folder; adds warnings about the result of the last check. */
void file_watch_check(struct file_state *state);
void file_watch_warn(struct file_state *state, struct warnings *to);

/* Checks that the folder @fd shows no data of the daemon's own to clients. 0; -EPERM: it does; or another negative
 * errno. Can block. */
int file_watch_may_serve(int fd, int state_fd);

/* Any thread, never blocks: there is no folder at the moment, so nothing is to be served. */
static inline bool file_watch_is_gone(const struct file_watch *w)
{
	return atomic_load_explicit(&w->missing, memory_order_relaxed) != 0;
}

/* Any thread, never blocks: a failure can have the reason that the folder is gone. A worker finds out. */
bool file_watch_is_doubtful(const struct file_state *state);

/* Worker, after a call has failed or found nothing: checks the folder. 1: it is another one now, so try again; 0: it is
 * the same; -ESTALE: there is none. */
int file_watch_recheck(struct file_state *state);

/* Worker: the number of the present folder. An upload that has begun in one folder must not end in another one. */
static inline unsigned file_watch_turn(const struct file_watch *w)
{
	return atomic_load(&w->turn);
}

/* Worker. 0: the folder still has the number @turn, and its path leads to it; else -ESTALE. */
int file_watch_confirm(struct file_state *state, unsigned turn);
