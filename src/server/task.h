#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A task of main: it travels to a reactor, a worker or the store, and comes back to main. Only the thread that has the
 * task at the moment reads or writes it. Whoever began it can free it at any time: one that is away is freed when it is
 * back. The structs of the tasks begin with a struct server_task.
 */

#include "base/list.h"
#include "loop/inbox.h"

#include <stdbool.h>

struct server;

struct server_task {
	struct msg msg;
	struct list link; /* in the server's list of tasks, while it is away */
	struct server *server;
	bool away;
	bool cancelled;
	void (*on_arrival)(struct server_task *e); /* in main, when it is back; not if it was cancelled */
	/* NULL, or: in main, the task was freed while it is away: its work need not be finished. */
	void (*on_cancel)(struct server_task *e);
	void (*on_free)(struct server_task *e); /* NULL, or: frees the members of the task before the task itself */
	void *userdata;
};

/* In main: frees the task; one that is away is cancelled, and freed when it is back. NULL is fine. Returns NULL. */
struct server_task *server_task_free(struct server_task *e);
/* In main: marks the task as away; _send() also sends it to a reactor, where act() gets its message. */
void server_task_begin(struct server_task *e);
void server_task_send(struct server_task *e, unsigned reactor, void (*act)(struct msg *m));
/* _complete(): in main, the task is back. _return(): in another thread, sends it back to main. */
void server_task_complete(struct server_task *e);
void server_task_return(struct server_task *e);
/* After all reactors have ended: frees the tasks that are still away. */
void server_task_free_all(struct list *tasks);
