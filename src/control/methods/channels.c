/* SPDX-License-Identifier: MIT */
/* The methods Rooms, Mailboxes and Backup. As with Clients, a list is fetched page by page, and the next page only when
 * the peer has taken the last one. So a peer that never reads costs the memory of one page, and delays nobody. */
#include "control/methods/channels.h"

#include "base/macro.h"
#include "base/str.h"
#include "control/channels.h"
#include "control/reply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CHANNELS_PATH_MAX 3072 /* bytes of a folder's path; the file's name comes behind it */

static void method_channels_arrived(struct server_task *e)
{
	struct service_job *j = e->userdata;

	j->ready(j);
}

struct method_channels_job {
	struct service_job job;
	enum control_kind kind;
};

static struct json_object *method_channels_channel(const struct method_channels_job *j,
						   const struct control_channels *p, const struct control_channel *c)
{
	struct json_object *o = json_object_new_object();
	int r = 0;

	reply_add(o, "name", reply_string(p->text.data + c->name_at, c->name_len), &r);
	reply_number(o, j->kind == CONTROL_ROOMS ? "members" : "readers", c->members, &r);
	reply_number(o, "messages", c->messages, &r);
	reply_number(o, "bytes", c->bytes, &r);
	reply_number(o, "last", c->last, &r);
	if (j->kind == CONTROL_ROOMS && c->topic_len > 0)
		reply_add(o, "topic", reply_string(p->text.data + c->topic_at, c->topic_len), &r);
	if (r == 0)
		return o;
	(void)json_object_put(o);
	return NULL;
}

static int method_channels_fail(struct buf *out, const char *why)
{
	return method_error(out, "org.ioe.control.StoreFailed", "text", reply_string(why, strlen(why)));
}

static int method_channels_act(struct service_job *job, struct buf *out, bool *ret_done)
{
	const struct method_channels_job *j = container_of(job, struct method_channels_job, job);
	struct control_channels *p = container_of(job->task, struct control_channels, task);
	struct json_object *o, *page;
	int r = 0;

	*ret_done = p->done || !job->more || p->why[0];
	if (p->why[0])
		return method_channels_fail(out, p->why);
	o = json_object_new_object();
	page = json_object_new_array();
	for (size_t i = 0; i < p->n; i++)
		reply_append(page, method_channels_channel(j, p, &p->page[i]), &r);
	reply_add(o, j->kind == CONTROL_ROOMS ? "rooms" : "mailboxes", page, &r);
	reply_flag(o, "truncated", !p->done && !job->more, &r);
	if (r < 0) {
		(void)json_object_put(o);
		return r;
	}
	return method_reply(out, o, !*ret_done);
}

static void method_channels_next(struct service_job *job)
{
	channels_next(container_of(job->task, struct control_channels, task));
}

static void method_channels_free(struct service_job *job)
{
	free(container_of(job, struct method_channels_job, job));
}

static int method_channels_channels(struct method_call *c, enum control_kind kind)
{
	struct control_channels *channels;
	struct method_channels_job *j;

	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->job = (struct service_job){ .act = method_channels_act,
				       .next = method_channels_next,
				       .free = method_channels_free };
	j->kind = kind;
	channels = channels_new(c->service->server, kind, method_channels_arrived, &j->job);
	if (!channels) {
		free(j);
		return -ENOMEM;
	}
	j->job.task = &channels->task;
	channels_next(channels);
	c->job = &j->job;
	return 0;
}

int method_rooms(struct method_call *c)
{
	return method_channels_channels(c, CONTROL_ROOMS);
}

int method_mailboxes(struct method_call *c)
{
	return method_channels_channels(c, CONTROL_MAILBOXES);
}

struct method_channels_backup_job {
	struct service_job job;
	char dir[CHANNELS_PATH_MAX + 1];
};

static int method_channels_backup_act(struct service_job *job, struct buf *out, bool *ret_done)
{
	struct method_channels_backup_job *j = container_of(job, struct method_channels_backup_job, job);
	const char *why = container_of(job->task, struct control_backup, task)->why;
	char file[CHANNELS_PATH_MAX + 16];
	struct json_object *o;
	int r = 0;

	*ret_done = true;
	if (why[0])
		return method_channels_fail(out, why);
	(void)snprintf(file, sizeof(file), "%s/store.db", j->dir);
	o = json_object_new_object();
	reply_add(o, "file", reply_string(file, strlen(file)), &r);
	if (r < 0) {
		(void)json_object_put(o);
		return r;
	}
	return method_reply(out, o, false);
}

static void method_channels_backup_free(struct service_job *job)
{
	free(container_of(job, struct method_channels_backup_job, job));
}

int method_backup(struct method_call *c)
{
	const struct control_acts *acts = &c->service->acts;
	const char *dir = method_string(c, "dir");
	struct method_channels_backup_job *j;
	struct control_backup *b;

	/* A relative path would begin at the daemon's folder, which the caller does not know. */
	if (dir[0] != '/' || strlen(dir) > CHANNELS_PATH_MAX || str_has_control(dir, strlen(dir)))
		return method_invalid(c->out, "dir");
	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->job = (struct service_job){ .act = method_channels_backup_act,
				       .free = method_channels_backup_free,
				       .slow = true };
	(void)snprintf(j->dir, sizeof(j->dir), "%s", dir);
	b = acts->backup(acts->userdata, j->dir, method_channels_arrived, &j->job);
	if (!b) {
		free(j);
		return -ENOMEM;
	}
	j->job.task = &b->task;
	c->job = &j->job;
	return 0;
}
