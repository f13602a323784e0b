/* SPDX-License-Identifier: MIT */
/*
 * Joins the control socket to channel/ and the store. The control socket gets lists of rooms and mailboxes in pages of
 * its own, made from channel/list.h; and a backup of the store, which must not be written where clients of the role
 * file could read it. In main's thread, except for the functions that a comment gives to
 * reactor 0.
 */
#include "ioed/channels.h"

#include "base/macro.h"
#include "channel/engine.h"
#include "channel/list.h"
#include "channel/owner.h"
#include "roles/file/file.h"
#include "roles/file/staging.h"
#include "server/server.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kinds of channels in the store; never changed. */
static const uint8_t channels_kinds[] = {
	[CONTROL_ROOMS] = 0,
	[CONTROL_MAILBOXES] = 1,
};

struct channels_list {
	struct control_channels control; /* first */
	bool collected;
	struct channel_list list;
};

static struct channels_list *channels_of(struct server_task *e)
{
	return container_of(container_of(e, struct control_channels, task), struct channels_list, control);
}

static void channels_list_free(struct server_task *e)
{
	struct channels_list *l = channels_of(e);

	buf_done(&l->control.text);
	channel_list_done(&l->list);
}

/* Reactor 0: leaves out a channel that exists only because a client asked for it. */
static bool channels_includes(struct channel *c)
{
	return channel_n_members(c) > 0 || channel_counts(c)->last > 0;
}

struct control_channels *channels_new(struct server *s, enum control_kind kind,
				      void (*on_arrival)(struct server_task *e), void *on_arrival_data)
{
	struct channels_list *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->list = (struct channel_list){
		.engine = s->engine,
		.kind = channels_kinds[kind],
		.attribute = "topic",
		.page_rows = CONTROL_CHANNELS_PAGE,
		.includes = channels_includes,
	};
	l->control.task = (struct server_task){
		.server = s,
		.on_arrival = on_arrival,
		.on_free = channels_list_free,
		.userdata = on_arrival_data,
	};
	return &l->control;
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
static int channels_fill(struct channels_list *l, int error)
{
	struct channel_listed listed;
	char *why = l->control.why;
	int r = MIN(error, 0);

	if (error > 0)
		(void)channel_engine_why(l->list.engine, why, sizeof(l->control.why));
	while (error == 0 && r >= 0 && l->control.n < CONTROL_CHANNELS_PAGE &&
	       (r = channel_list_next(&l->list, &listed)) > 0)
		r = channels_put(&l->control, &listed);
	if (r == -EAGAIN)
		return r;
	if (r < 0)
		(void)snprintf(why, sizeof(l->control.why), "the list cannot be made: %s", strerror(-r));
	l->control.done = error == 0 && r >= 0 && channel_list_is_complete(&l->list);
	return 0;
}

static void channels_go_on(struct channel_list *list)
{
	struct channels_list *l = container_of(list, struct channels_list, list);

	if (channels_fill(l, list->error) == -EAGAIN)
		channel_list_fetch(list, l->control.task.server->args.loop, channels_go_on);
	else
		server_task_complete(&l->control.task);
}

static void channels_on_arrival(struct msg *m)
{
	struct channels_list *l = channels_of(container_of(m, struct server_task, msg));

	l->collected = true;
	channels_go_on(&l->list);
}

/* Reactor 0. */
static void channels_collected(struct channel_list *list)
{
	struct channels_list *l = container_of(list, struct channels_list, list);

	server_post(l->control.task.server, &l->control.task.msg, channels_on_arrival);
}

/* Reactor 0: the origin of the walk, since main is no reactor. */
static void channels_collect(struct msg *m)
{
	struct channels_list *l = channels_of(container_of(m, struct server_task, msg));

	channel_list_collect(&l->list, &l->control.task.server->reactors.at[0], channels_collected);
}

void channels_next(struct control_channels *c)
{
	struct channels_list *l = container_of(c, struct channels_list, control);

	assert(!c->done && !c->task.away);
	c->n = 0;
	c->text.len = 0;
	if (!l->list.engine) {
		/* No role uses channels: the list is empty. The task comes back in the same way. */
		c->done = true;
		server_task_begin(&c->task);
		server_task_return(&c->task);
	} else if (!l->collected) {
		server_task_send(&c->task, 0, channels_collect);
	} else {
		server_task_begin(&c->task);
		if (channels_fill(l, 0) == -EAGAIN)
			channel_list_fetch(&l->list, c->task.server->args.loop, channels_go_on);
		else
			server_task_return(&c->task);
	}
}

struct channels_backup {
	struct control_backup control; /* first */
	struct store_backup stored;
	char *dir;
};

static void channels_backup_free(struct server_task *e)
{
	struct channels_backup *b =
		container_of(container_of(e, struct control_backup, task), struct channels_backup, control);

	closep(&b->stored.served_fd);
	free(b->dir);
}

/* A descriptor of its own, for the maintenance thread, of the folder that clients read. */
static int channels_served(const struct server *s)
{
	for (unsigned i = 0; i < s->n_roles_started; i++)
		if (s->reactors.roles[i].role == &file_role)
			return fcntl(file_root_fd(s->reactors.roles[i].state), F_DUPFD_CLOEXEC, 3);
	return -1;
}

/* The connection that asked has ended. */
static void channels_backup_cancel(struct server_task *e)
{
	struct control_backup *b = container_of(e, struct control_backup, task);

	atomic_store_explicit(&container_of(b, struct channels_backup, control)->stored.stop, true, memory_order_relaxed);
}

/* Main. */
static void channels_backed_up(struct store_request *request)
{
	struct channels_backup *b = container_of(container_of(request, struct store_backup, request),
						 struct channels_backup, stored);

	if (request->result < 0)
		(void)snprintf(b->control.why, sizeof(b->control.why), "%s",
			       b->stored.why[0] ? b->stored.why : strerror(-request->result));
	/* The usual reasons are ProtectSystem= of the unit, and the owner of the folder. */
	if (request->result == -EROFS || request->result == -EACCES)
		(void)strncat(b->control.why,
			      "; name a folder that the daemon can write to, such as one in its state_dir",
			      sizeof(b->control.why) - strlen(b->control.why) - 1);
	server_task_complete(&b->control.task);
}

static void channels_backup_begin(struct channels_backup *b)
{
	struct channel_engine *engine = b->control.task.server->engine;
	struct store *store = engine ? channel_engine_store(engine) : NULL;

	server_task_begin(&b->control.task);
	b->stored.request = (struct store_request){
		.loop = b->control.task.server->args.loop,
		.on_complete = channels_backed_up,
	};
	b->stored.dir = b->dir;
	b->stored.served_mark = STAGING_NAME;
	if (store && store_backup(store, &b->stored) == 0)
		return;
	if (engine)
		(void)channel_engine_why(engine, b->control.why, sizeof(b->control.why));
	if (!b->control.why[0])
		(void)snprintf(b->control.why, sizeof(b->control.why),
			       "this daemon keeps no rooms and no mailboxes: there is nothing to copy");
	server_task_return(&b->control.task);
}

struct control_backup *channels_backup(struct server *s, const char *dir, void (*on_arrival)(struct server_task *e),
				       void *on_arrival_data)
{
	struct channels_backup *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->control.task = (struct server_task){
		.server = s,
		.on_arrival = on_arrival,
		.on_cancel = channels_backup_cancel,
		.on_free = channels_backup_free,
		.userdata = on_arrival_data,
	};
	b->stored.served_fd = channels_served(s);
	b->dir = strdup(dir);
	if (!b->dir) {
		channels_backup_free(&b->control.task);
		free(b);
		return NULL;
	}
	channels_backup_begin(b);
	return &b->control;
}
