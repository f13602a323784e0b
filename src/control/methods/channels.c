/* SPDX-License-Identifier: MIT */
/* One page is on its way at a time, as with Clients: a peer that never reads costs a page and holds up nobody. */
#include "control/methods/channels.h"

#include "base/macro.h"
#include "base/str.h"
#include "control/methods/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LEDGER_PATH_MAX 3072 /* bytes of a folder's path; the file's name comes behind it */

static void ledger_came(struct errand *e)
{
	struct service_job *j = e->userdata;

	j->ready(j);
}

struct ledger_job {
	struct service_job job;
	enum control_kind kind;
};

static struct json_object *ledger_channel(const struct ledger_job *j, const struct control_channels *p,
					  const struct control_channel *c)
{
	struct json_object *o = json_object_new_object();
	int r = 0;

	report_add(o, "name", report_string(p->text.data + c->name_at, c->name_len), &r);
	report_number(o, j->kind == CONTROL_ROOMS ? "members" : "readers", c->members, &r);
	report_number(o, "messages", c->messages, &r);
	report_number(o, "bytes", c->bytes, &r);
	report_number(o, "last", c->last, &r);
	if (j->kind == CONTROL_ROOMS && c->topic_len > 0)
		report_add(o, "topic", report_string(p->text.data + c->topic_at, c->topic_len), &r);
	if (r == 0)
		return o;
	(void)json_object_put(o);
	return NULL;
}

static int ledger_fail(struct buf *out, const char *why)
{
	return method_error(out, "org.ioe.control.StoreFailed", "text", report_string(why, strlen(why)));
}

static int ledger_act(struct service_job *job, struct buf *out, bool *ret_done)
{
	const struct ledger_job *j = container_of(job, struct ledger_job, job);
	struct control_channels *p = container_of(job->errand, struct control_channels, errand);
	struct json_object *o, *page;
	int r = 0;

	*ret_done = p->done || !job->more || p->why[0];
	if (p->why[0])
		return ledger_fail(out, p->why);
	o = json_object_new_object();
	page = json_object_new_array();
	for (size_t i = 0; i < p->n; i++)
		report_append(page, ledger_channel(j, p, &p->page[i]), &r);
	report_add(o, j->kind == CONTROL_ROOMS ? "rooms" : "mailboxes", page, &r);
	report_flag(o, "truncated", !p->done && !job->more, &r);
	if (r < 0) {
		(void)json_object_put(o);
		return r;
	}
	return method_reply(out, o, !*ret_done);
}

static void ledger_next(struct service_job *job)
{
	job->service->acts.channels_next(container_of(job->errand, struct control_channels, errand));
}

static void ledger_free(struct service_job *job)
{
	free(container_of(job, struct ledger_job, job));
}

static int ledger_channels(struct method_call *c, enum control_kind kind)
{
	const struct control_acts *acts = &c->service->acts;
	struct control_channels *channels;
	struct ledger_job *j;

	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->job = (struct service_job){ .act = ledger_act, .next = ledger_next, .free = ledger_free };
	j->kind = kind;
	channels = acts->channels(acts->userdata, kind, ledger_came, &j->job);
	if (!channels) {
		free(j);
		return -ENOMEM;
	}
	j->job.errand = &channels->errand;
	acts->channels_next(channels);
	c->job = &j->job;
	return 0;
}

int ledger_rooms(struct method_call *c)
{
	return ledger_channels(c, CONTROL_ROOMS);
}

int ledger_mailboxes(struct method_call *c)
{
	return ledger_channels(c, CONTROL_MAILBOXES);
}

struct ledger_backup_job {
	struct service_job job;
	char dir[LEDGER_PATH_MAX + 1];
};

static int ledger_backup_act(struct service_job *job, struct buf *out, bool *ret_done)
{
	struct ledger_backup_job *j = container_of(job, struct ledger_backup_job, job);
	const char *why = container_of(job->errand, struct control_backup, errand)->why;
	char file[LEDGER_PATH_MAX + 16];
	struct json_object *o;
	int r = 0;

	*ret_done = true;
	if (why[0])
		return ledger_fail(out, why);
	(void)snprintf(file, sizeof(file), "%s/store.db", j->dir);
	o = json_object_new_object();
	report_add(o, "file", report_string(file, strlen(file)), &r);
	if (r < 0) {
		(void)json_object_put(o);
		return r;
	}
	return method_reply(out, o, false);
}

static void ledger_backup_free(struct service_job *job)
{
	free(container_of(job, struct ledger_backup_job, job));
}

int ledger_backup(struct method_call *c)
{
	const struct control_acts *acts = &c->service->acts;
	const char *dir = method_string(c, "dir");
	struct ledger_backup_job *j;
	struct control_backup *b;

	/* What is relative is so to a folder that the caller does not know. */
	if (dir[0] != '/' || strlen(dir) > LEDGER_PATH_MAX || str_has_control(dir, strlen(dir)))
		return method_invalid(c->out, "dir");
	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->job = (struct service_job){ .act = ledger_backup_act, .free = ledger_backup_free, .slow = true };
	(void)snprintf(j->dir, sizeof(j->dir), "%s", dir);
	b = acts->backup(acts->userdata, j->dir, ledger_came, &j->job);
	if (!b) {
		free(j);
		return -ENOMEM;
	}
	j->job.errand = &b->errand;
	c->job = &j->job;
	return 0;
}
