#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Main asks the reactors about their sessions: it lists them, or ends one. Each question is a task: it travels to a
 * reactor and comes back to main. Only the thread that has the task at the moment reads or writes it.
 */

#include "base/list.h"
#include "loop/inbox.h"
#include "session/admin.h"

#include <stdbool.h>
#include <stdint.h>

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

/*
 * All sessions, a page at a time. The walk goes by slots, and a session keeps its slot. So a session that is open all
 * the time is listed once, and one that opens or ends meanwhile once or not at all. A reactor works on one page at a
 * time.
 */
#define CLIENTS_PAGE 256
struct clients {
	struct server_task task; /* first */
	unsigned reactor;     /* where the walk stands */
	uint32_t slot;
	bool done;            /* this is the last page */
	size_t n;
	struct client page[CLIENTS_PAGE];
};

/* NULL: no memory. Then clients_next() fetches the first page, and after each on_arrival() the next, until done. */
struct clients *clients_new(struct server *s, void (*on_arrival)(struct server_task *e), void *userdata);
void clients_next(struct clients *c);

/* Ends one session. An ioe/1 client gets "GOAWAY,kicked: why" first, an old client nothing. */
struct clients_kick {
	struct server_task task; /* first */
	struct handle handle;
	char why[ADMIN_WHY_MAX + 1];
	bool found;           /* the answer: the session existed */
	bool notified;
};

/* Sends the task at once. NULL: no memory. @why is cut to CLIENTS_WHY_MAX, and str_harmless() is applied to it. */
struct clients_kick *clients_kick_new(struct server *s, struct handle h, const char *why,
				      void (*on_arrival)(struct server_task *e), void *userdata);
