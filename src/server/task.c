/* SPDX-License-Identifier: MIT */
#include "server/task.h"

#include "server/server.h"

#include <stdlib.h>

static void server_task_end(struct server_task *e)
{
	if (e->on_free)
		e->on_free(e);
	free(e);
}

struct server_task *server_task_free(struct server_task *e)
{
	if (!e)
		return NULL;
	if (!e->away) {
		server_task_end(e);
		return NULL;
	}
	e->cancelled = true;
	if (e->on_cancel)
		e->on_cancel(e);
	return NULL;
}

void server_task_free_all(struct list *tasks)
{
	struct list *n;

	while ((n = list_pop(tasks)))
		server_task_end(container_of(n, struct server_task, link));
}

void server_task_begin(struct server_task *e)
{
	e->away = true;
	list_add_tail(&e->server->tasks, &e->link);
}

void server_task_send(struct server_task *e, unsigned reactor, void (*act)(struct msg *m))
{
	server_task_begin(e);
	e->msg.act = act;
	inbox_push(&e->server->reactors.at[reactor].loop.inbox, &e->msg);
}

void server_task_complete(struct server_task *e)
{
	list_remove(&e->link);
	e->away = false;
	if (e->cancelled)
		server_task_end(e);
	else
		e->on_arrival(e);
}

static void server_task_arrived(struct msg *m)
{
	server_task_complete(container_of(m, struct server_task, msg));
}

void server_task_return(struct server_task *e)
{
	server_post(e->server, &e->msg, server_task_arrived);
}
