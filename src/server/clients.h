#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Main's questions to the reactors about their sessions: who is there, and the end of one. A question is a task: it
 * travels to a reactor and comes back to main; what it holds is read in between by nobody else.
 */

#include "base/list.h"
#include "loop/inbox.h"
#include "session/admin.h"

#include <stdbool.h>
#include <stdint.h>

struct server;

struct server_task {
	struct msg msg;
	struct list link; /* the server's, while it is away */
	struct server *server;
	bool away;
	bool cancelled;
	void (*on_arrival)(struct server_task *e); /* in main; never where it was forgotten */
	void (*on_cancel)(
		struct server_task *e); /* NULL or: it is forgotten while it is away, and need not be finished */
	void (*on_free)(struct server_task *e); /* NULL or: before it is freed, frees what it holds */
	void *userdata;
};

/* Frees it, once it has come back where it is away. NULL is fine. Returns NULL. */
struct server_task *server_task_free(struct server_task *e);
/* In main: it sets off, to a reactor or to whomever its owner has it go. */
void server_task_begin(struct server_task *e);
void server_task_send(struct server_task *e, unsigned reactor, void (*act)(struct msg *m));
/* In main: it has come back. From elsewhere: it comes back. */
void server_task_complete(struct server_task *e);
void server_task_return(struct server_task *e);
/* After all reactors have ended: those that never came back. */
void server_task_free_all(struct list *tasks);

/*
 * All sessions, a page at a time. One that is there all the time is seen once, one that comes or goes meanwhile once or
 * not at all: the walk goes by slots, and a session keeps its own. A reactor is held for a page at most.
 */
#define CLIENTS_PAGE 256
struct clients {
	struct server_task task; /* first */
	unsigned reactor;     /* where the walk stands */
	uint32_t slot;
	bool done;            /* no page comes behind this one */
	size_t n;
	struct client page[CLIENTS_PAGE];
};

/* NULL: no memory. Then clients_next(), and again when it came and is not done. */
struct clients *clients_new(struct server *s, void (*on_arrival)(struct server_task *e), void *userdata);
void clients_next(struct clients *c);

/* Ends one session: an ioe/1 client is told "GOAWAY,kicked: why", nobody else anything. */
struct clients_kick {
	struct server_task task; /* first */
	struct handle handle;
	char why[ADMIN_WHY_MAX + 1];
	bool found;           /* the answer: it was there */
	bool told;
};

/* Sets off at once. NULL: no memory. @why is cut, and what is no text in it is made harmless. */
struct clients_kick *clients_kick_new(struct server *s, struct handle h, const char *why,
				      void (*on_arrival)(struct server_task *e), void *userdata);
