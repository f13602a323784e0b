/* SPDX-License-Identifier: MIT */
/* In main's thread, except for the functions that a comment gives to reactor 0. */
#include "control/channels.h"

#include "base/macro.h"
#include "server/server.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kinds of channels in the store; never changed. */
static const uint8_t channels_kinds[] = {
	[CONTROL_ROOMS] = 0,
	[CONTROL_MAILBOXES] = 1,
};

static struct control_channels *channels_of(struct server_task *e)
{
	return container_of(e, struct control_channels, task);
}

static void channels_free(struct server_task *e)
{
	struct control_channels *c = channels_of(e);

	buf_done(&c->text);
	channel_list_done(&c->list);
}

struct control_channels *channels_new(struct server *s, enum control_kind kind,
				      void (*on_arrival)(struct server_task *e), void *on_arrival_data)
{
	struct control_channels *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->list = (struct channel_list){
		.engine = s->engine,
		.kind = channels_kinds[kind],
		.attribute = "topic",
		.page_rows = CONTROL_CHANNELS_PAGE,
	};
	c->task = (struct server_task){
		.server = s,
		.on_arrival = on_arrival,
		.on_free = channels_free,
		.userdata = on_arrival_data,
	};
	return c;
}

static int channels_put(struct control_channels *to, const struct channel_listed *from)
{
	size_t at = to->text.len;
	int r;

	r = buf_append(&to->text, from->name, from->name_len);
	if (r >= 0 && from->attribute_len > 0)
		r = buf_append(&to->text, from->attribute, from->attribute_len);
	if (r < 0)
		return r;
	to->page[to->n++] = (struct control_channel){
		.name_at = at,
		.name_len = from->name_len,
		.topic_at = at + from->name_len,
		.topic_len = from->attribute_len,
		.members = from->members,
		.messages = from->count,
		.bytes = from->bytes,
		.last = from->last,
	};
	return 0;
}

/* Makes the page as far as the list goes. 0: it is made, or cannot be; -EAGAIN: the list must be fetched first. */
static int channels_fill(struct control_channels *c, int error)
{
	struct channel_listed listed;
	char *why = c->why;
	int r = MIN(error, 0);

	if (error > 0)
		(void)channel_list_why(&c->list, why, sizeof(c->why));
	while (error == 0 && r >= 0 && c->n < CONTROL_CHANNELS_PAGE && (r = channel_list_next(&c->list, &listed)) > 0)
		r = channels_put(c, &listed);
	if (r == -EAGAIN)
		return r;
	if (r < 0)
		(void)snprintf(why, sizeof(c->why), "the list cannot be made: %s", strerror(-r));
	c->done = error == 0 && r >= 0 && channel_list_is_complete(&c->list);
	return 0;
}

static void channels_go_on(struct channel_list *list)
{
	struct control_channels *c = container_of(list, struct control_channels, list);

	if (channels_fill(c, list->error) == -EAGAIN)
		channel_list_fetch(list, c->task.server->args.loop, channels_go_on);
	else
		server_task_complete(&c->task);
}

static void channels_on_arrival(struct msg *m)
{
	struct control_channels *c = channels_of(container_of(m, struct server_task, msg));

	c->collected = true;
	channels_go_on(&c->list);
}

/* Reactor 0. */
static void channels_collected(struct channel_list *list)
{
	struct control_channels *c = container_of(list, struct control_channels, list);

	server_post(c->task.server, &c->task.msg, channels_on_arrival);
}

/* Reactor 0: the origin of the walk, since main is no reactor. */
static void channels_collect(struct msg *m)
{
	struct control_channels *c = channels_of(container_of(m, struct server_task, msg));

	channel_list_collect(&c->list, &c->task.server->reactors.at[0], channels_collected);
}

void channels_next(struct control_channels *c)
{
	assert(!c->done && !c->task.away);
	c->n = 0;
	c->text.len = 0;
	if (!c->list.engine) {
		/* No role uses channels: the list is empty. The task comes back in the same way. */
		c->done = true;
		server_task_begin(&c->task);
		server_task_return(&c->task);
	} else if (!c->collected) {
		server_task_send(&c->task, 0, channels_collect);
	} else {
		server_task_begin(&c->task);
		if (channels_fill(c, 0) == -EAGAIN)
			channel_list_fetch(&c->list, c->task.server->args.loop, channels_go_on);
		else
			server_task_return(&c->task);
	}
}
