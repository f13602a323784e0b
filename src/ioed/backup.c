/* SPDX-License-Identifier: MIT */
#include "ioed/backup.h"

#include "base/macro.h"
#include "channel/engine.h"
#include "roles/file/file.h"
#include "roles/file/staging.h"
#include "server/server.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct backup {
	struct control_backup control; /* first */
	struct store_backup stored;
	char *dir;
};

static void backup_free(struct server_task *e)
{
	struct backup *b = container_of(container_of(e, struct control_backup, task), struct backup, control);

	closep(&b->stored.served_fd);
	free(b->dir);
}

/* A descriptor of its own, for the maintenance thread, of the folder that clients read. */
static int backup_served_fd(const struct server *s)
{
	for (unsigned i = 0; i < s->n_roles_started; i++)
		if (s->reactors.roles[i].role == &file_role)
			return fcntl(file_root_fd(s->reactors.roles[i].state), F_DUPFD_CLOEXEC, 3);
	return -1;
}

/* The connection that asked has ended. */
static void backup_cancel(struct server_task *e)
{
	struct control_backup *b = container_of(e, struct control_backup, task);

	atomic_store_explicit(&container_of(b, struct backup, control)->stored.stop, true, memory_order_relaxed);
}

/* Main. */
static void backup_on_stored(struct store_request *request)
{
	struct backup *b = container_of(container_of(request, struct store_backup, request), struct backup, stored);

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

static void backup_begin(struct backup *b)
{
	struct channel_engine *engine = b->control.task.server->engine;

	server_task_begin(&b->control.task);
	b->stored.request = (struct store_request){
		.loop = b->control.task.server->args.loop,
		.on_complete = backup_on_stored,
	};
	b->stored.dir = b->dir;
	b->stored.served_mark = STAGING_NAME;
	if (engine && channel_engine_backup(engine, &b->stored) == 0)
		return;
	if (engine)
		(void)channel_engine_why(engine, b->control.why, sizeof(b->control.why));
	if (!b->control.why[0])
		(void)snprintf(b->control.why, sizeof(b->control.why),
			       "this daemon keeps no rooms and no mailboxes: there is nothing to copy");
	server_task_return(&b->control.task);
}

struct control_backup *backup_start(struct server *s, const char *dir, void (*on_arrival)(struct server_task *e),
				    void *on_arrival_data)
{
	struct backup *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->control.task = (struct server_task){
		.server = s,
		.on_arrival = on_arrival,
		.on_cancel = backup_cancel,
		.on_free = backup_free,
		.userdata = on_arrival_data,
	};
	b->stored.served_fd = backup_served_fd(s);
	b->dir = strdup(dir);
	if (!b->dir) {
		backup_free(&b->control.task);
		free(b);
		return NULL;
	}
	backup_begin(b);
	return &b->control;
}
