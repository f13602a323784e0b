#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Main asks the reactors about their sessions: it lists them, or ends one. Each question is a task (task.h).
 */

#include "server/task.h"
#include "session/admin.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Sends the task at once. NULL: no memory. @why is cut to ADMIN_WHY_MAX, and str_harmless() is applied to it. */
struct clients_kick *clients_kick_new(struct server *s, struct handle h, const char *why,
				      void (*on_arrival)(struct server_task *e), void *userdata);
