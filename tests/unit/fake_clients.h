#pragma once
/* SPDX-License-Identifier: MIT */
/* A daemon that is only its clients, for the tests of the control room: tasks come back when the loop goes on. */

#include "base/macro.h"
#include "control/control.h"
#include "loop/loop.h"
#include "server/clients.h"

#include <stdio.h>
#include <string.h>

static unsigned fake_sessions;   /* how many there are */
static unsigned fake_pages;      /* asked for */
static unsigned fake_tasks;    /* that were not freed yet */
static bool fake_hold;           /* tasks stay away */
static char fake_why[ADMIN_WHY_MAX + 1];
static struct handle fake_kicked;
static struct loop *fake_loop;

static void fake_come(struct msg *m)
{
	struct server_task *e = container_of(m, struct server_task, msg);

	e->away = false;
	if (e->cancelled)
		(void)server_task_free(e);
	else
		e->on_arrival(e);
}

static void fake_send(struct server_task *e)
{
	e->away = true;
	e->msg.act = fake_come;
	if (!fake_hold)
		inbox_push(&fake_loop->inbox, &e->msg);
}

struct server_task *server_task_free(struct server_task *e)
{
	if (!e)
		return NULL;
	if (e->away && !fake_hold) {
		e->cancelled = true;
		return NULL;
	}
	fake_tasks--;
	if (e->on_free)
		e->on_free(e);
	free(e);
	return NULL;
}

struct clients *clients_new(struct server *s, void (*on_arrival)(struct server_task *e), void *userdata)
{
	struct clients *c = calloc(1, sizeof(*c));

	c->task = (struct server_task){ .server = s, .on_arrival = on_arrival, .userdata = userdata };
	fake_tasks++;
	return c;
}

/* Session n has slot n; every tenth is called so. */
void clients_next(struct clients *c)
{
	fake_pages++;
	for (c->n = 0; c->n < CLIENTS_PAGE && c->slot < fake_sessions; c->slot++) {
		struct client *to = &c->page[c->n++];

		*to = (struct client){
			.handle = { 1, c->slot, 1000 + c->slot },
			.address = { .port = (uint16_t)(c->slot + 1) },
			.dialect = DIALECT_LINE,
			.state = c->slot % CLIENT_STATE_MAX,
			.requests = c->slot % 3,
			.connected_usec = 1,
			.idle_usec = 2,
			.bytes_in = UINT64_MAX,
			.bytes_out = UINT64_MAX,
			.listener = "127.0.0.1:9001",
		};
		if (c->slot % 10 == 0)
			(void)snprintf(to->name, sizeof(to->name), "Tenth%u", (unsigned)c->slot);
	}
	c->done = c->slot == fake_sessions;
	fake_send(&c->task);
}

struct clients_kick *clients_kick_new(struct server *s, struct handle h, const char *why,
				      void (*on_arrival)(struct server_task *e), void *userdata)
{
	struct clients_kick *k = calloc(1, sizeof(*k));

	k->task = (struct server_task){ .server = s, .on_arrival = on_arrival, .userdata = userdata };
	k->found = h.reactor == 1 && h.slot < fake_sessions && h.generation == 1000 + h.slot;
	(void)snprintf(fake_why, sizeof(fake_why), "%s", why);
	fake_kicked = h;
	fake_tasks++;
	fake_send(&k->task);
	return k;
}

static int fake_reload_error;
static unsigned fake_reloads, fake_checks;

static int fake_reload(_unused_ void *userdata, bool check, config_change_fn change, void *change_data, struct buf *said)
{
	*(check ? &fake_checks : &fake_reloads) += 1;
	if (fake_reload_error) {
		(void)buf_append_str(said, "ioe.conf:3: no such thing \xff.\n");
		return fake_reload_error;
	}
	change(change_data, "limits.line", "\"64K\"", "\"32K\"", false);
	change(change_data, "file.root", "", "\"/srv/\xff\"", true);
	(void)buf_append_str(said, "a remark\n");
	return 0;
}

static enum log_level fake_level(_unused_ void *userdata)
{
	return LOG_LEVEL_WARNING;
}

static unsigned fake_channels; /* how many there are */
static const char *fake_store_why = "";
static char fake_dir[256];

static void fake_channels_drop(struct server_task *e)
{
	buf_done(&container_of(e, struct control_channels, task)->text);
}

static struct control_channels *fake_channels_new(_unused_ void *userdata, _unused_ enum control_kind kind,
						  void (*on_arrival)(struct server_task *e), void *on_arrival_data)
{
	struct control_channels *c = calloc(1, sizeof(*c));

	c->task = (struct server_task){ .on_arrival = on_arrival,
					.on_free = fake_channels_drop,
					.userdata = on_arrival_data };
	fake_tasks++;
	return c;
}

/* Channel n has n messages; all but the first have a topic that is no UTF-8. */
static void fake_channels_next(struct control_channels *c)
{
	unsigned at = c->n > 0 ? (unsigned)c->page[c->n - 1].messages + 1 : 0;

	c->text.len = 0;
	(void)snprintf(c->why, sizeof(c->why), "%s", fake_store_why);
	for (c->n = 0; c->n < CONTROL_CHANNELS_PAGE && at < fake_channels; at++) {
		struct control_channel *to = &c->page[c->n++];

		*to = (struct control_channel){ .messages = at, .members = 1, .bytes = 2, .last = UINT64_MAX };
		to->name_at = c->text.len;
		(void)buf_printf(&c->text, "c%u", at);
		to->name_len = c->text.len - to->name_at;
		to->topic_at = c->text.len;
		(void)buf_append_str(&c->text, at > 0 ? "\xff" : "");
		to->topic_len = c->text.len - to->topic_at;
	}
	c->done = at == fake_channels;
	fake_send(&c->task);
}

static struct control_backup *fake_backup(_unused_ void *userdata, const char *dir,
					  void (*on_arrival)(struct server_task *e), void *on_arrival_data)
{
	struct control_backup *b = calloc(1, sizeof(*b));

	b->task = (struct server_task){ .on_arrival = on_arrival, .userdata = on_arrival_data };
	(void)snprintf(b->why, sizeof(b->why), "%s", fake_store_why);
	(void)snprintf(fake_dir, sizeof(fake_dir), "%s", dir);
	fake_tasks++;
	fake_send(&b->task);
	return b;
}

static const struct control_acts fake_acts = {
	.reload = fake_reload,
	.log_level = fake_level,
	.channels = fake_channels_new,
	.channels_next = fake_channels_next,
	.backup = fake_backup,
};
