/* SPDX-License-Identifier: MIT */
#include "server/clients.h"

#include "base/clock.h"
#include "base/str.h"
#include "server/server.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Slots that one visit of a reactor looks at. A free slot costs little, but a reactor can have many. */
#define CLIENTS_SLOTS_MAX 8192

/* In a reactor. */
static void clients_gather(struct msg *m)
{
	struct clients *c = container_of(m, struct clients, task.msg);
	struct server *server = c->task.server;
	struct reactor *r = &server->reactors.at[c->reactor];
	uint64_t now = clock_usec(), real = clock_real_usec();
	uint32_t end = (uint32_t)MIN((uint64_t)c->slot + CLIENTS_SLOTS_MAX, (uint64_t)r->n_slots);

	for (; c->slot < end && c->n < CLIENTS_PAGE; c->slot++) {
		const struct session *s = reactor_slot(r, c->slot);

		if (s)
			admin_describe(s, now, real, &c->page[c->n++]);
	}
	if (c->slot >= r->n_slots) {
		c->slot = 0;
		c->done = ++c->reactor == server->reactors.n;
	}
	if (c->done || c->n == CLIENTS_PAGE)
		server_task_return(&c->task);
	else
		/* The next reactor's turn, or that of this one in its next pass. */
		inbox_push(&server->reactors.at[c->reactor].loop.inbox, m);
}

struct clients *clients_new(struct server *s, void (*on_arrival)(struct server_task *e), void *userdata)
{
	struct clients *c = malloc(sizeof(*c));

	if (!c)
		return NULL;
	/* Sets all members but the page, which is large. */
	c->task = (struct server_task){ .server = s, .on_arrival = on_arrival, .userdata = userdata };
	c->reactor = 0;
	c->slot = 0;
	c->done = false;
	c->n = 0;
	return c;
}

void clients_next(struct clients *c)
{
	assert(!c->done && !c->task.away);
	c->n = 0;
	server_task_send(&c->task, c->reactor, clients_gather);
}

/* In the session's reactor, in two passes: the GOAWAY is sent at the end of the first one. */
static void clients_kick_act(struct msg *m)
{
	struct clients_kick *k = container_of(m, struct clients_kick, task.msg);
	struct reactor *r = &k->task.server->reactors.at[k->handle.reactor];
	struct session *s = reactor_find(r, k->handle);

	if (s && !k->notified) {
		k->found = k->notified = true;
		admin_kick(s, k->why);
		inbox_push(&r->loop.inbox, m);
		return;
	}
	if (s)
		admin_drop(s);
	server_task_return(&k->task);
}

struct clients_kick *clients_kick_new(struct server *s, struct handle h, const char *why,
				      void (*on_arrival)(struct server_task *e), void *userdata)
{
	struct clients_kick *k = calloc(1, sizeof(*k));
	size_t n = MIN(strlen(why), (size_t)ADMIN_WHY_MAX);

	if (!k)
		return NULL;
	k->task = (struct server_task){ .server = s, .on_arrival = on_arrival, .userdata = userdata };
	k->handle = h;
	k->why[str_harmless(k->why, why, n)] = '\0';
	/* There is no reactor with that number. The answer arrives in the same way. */
	if (h.reactor < s->reactors.n) {
		server_task_send(&k->task, h.reactor, clients_kick_act);
	} else {
		server_task_begin(&k->task);
		server_task_return(&k->task);
	}
	return k;
}
