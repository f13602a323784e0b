/* SPDX-License-Identifier: MIT */
/*
 * Two sources: what is open, told by the reactors once, at the beginning; and what is on disk, a page of the store at a
 * time, in the order of names. Both are merged by name. What is in both is told as the reactors have it, since the disk
 * is a little behind.
 */
#include "ioed/channels.h"

#include "base/macro.h"
#include "channel/channel.h"
#include "roles/file/file.h"
#include "roles/file/staging.h"
#include "server/server.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS_TOPIC "topic" /* the attribute that has it */

/* The kinds of the store's channels, for ever. */
static const struct channel_policy channels_policies[] = {
	[CONTROL_ROOMS] = { .kind = 0 },
	[CONTROL_MAILBOXES] = { .kind = 1 },
};

struct channels_list {
	struct control_channels control; /* first */
	enum control_kind kind;
	bool walked;
	struct channel_walk walk;
	int error; /* of the walk */
	struct buf live_text;
	struct control_channel *live; /* its texts are in live_text; sorted by name */
	size_t n_live, live_room, live_at;
	struct store_list stored;
};

static struct channels_list *channels_of(struct server_task *e)
{
	return container_of(container_of(e, struct control_channels, task), struct channels_list, control);
}

static struct channel_engine *channels_engine(const struct channels_list *l)
{
	return l->control.task.server->shared;
}

static void channels_drop(struct server_task *e)
{
	struct channels_list *l = channels_of(e);

	buf_done(&l->control.text);
	buf_done(&l->live_text);
	free(l->live);
	store_list_done(&l->stored);
}

struct control_channels *channels_new(struct server *s, enum control_kind kind,
				      void (*on_arrival)(struct server_task *e), void *on_arrival_data)
{
	struct channels_list *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->kind = kind;
	l->control.task = (struct server_task){
		.server = s,
		.on_arrival = on_arrival,
		.on_free = channels_drop,
		.userdata = on_arrival_data,
	};
	return &l->control;
}

/* Appends a text and says where it stands. */
static int channels_put(struct buf *to, const char *s, size_t len, size_t *ret_at)
{
	*ret_at = to->len;
	return len > 0 ? buf_append(to, s, len) : 0;
}

/* One more that is open; NULL: no memory. */
static struct control_channel *channels_add_live(struct channels_list *l)
{
	struct control_channel *live = l->live;

	if (l->n_live == l->live_room) {
		live = reallocarray(live, 2 * l->live_room + 64, sizeof(*live));
		if (!live)
			return NULL;
		l->live = live;
		l->live_room = 2 * l->live_room + 64;
	}
	live[l->n_live] = (struct control_channel){ 0 };
	return &live[l->n_live];
}

/* Owner. */
static void channels_each(struct channel_walk *w, struct channel *c)
{
	struct channels_list *l = container_of(w, struct channels_list, walk);
	const struct store_attribute *topic = channel_attribute(c, CHANNELS_TOPIC, strlen(CHANNELS_TOPIC));
	const struct store_counts *counts = channel_counts(c);
	struct control_channel *to = l->error == 0 ? channels_add_live(l) : NULL;
	const char *name;

	/* It was opened only to see whether it is there. */
	if (!to || (channel_n_members(c) == 0 && counts->last == 0)) {
		l->error = to ? l->error : -ENOMEM;
		return;
	}
	name = channel_name(c, &to->name_len);
	to->topic_len = topic ? topic->value_len : 0;
	to->members = channel_n_members(c);
	to->messages = counts->count;
	to->bytes = counts->bytes;
	to->last = counts->last;
	l->error = channels_put(&l->live_text, name, to->name_len, &to->name_at);
	if (l->error == 0 && topic)
		l->error = channels_put(&l->live_text, topic->value, topic->value_len, &to->topic_at);
	l->n_live += l->error == 0;
}

/* As the store orders names. */
static int channels_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int r = memcmp(a, b, MIN(a_len, b_len));

	return r != 0 ? r : (a_len > b_len) - (a_len < b_len);
}

static int channels_compare_live(const void *a, const void *b, void *text)
{
	const struct control_channel *x = a, *y = b;
	const struct buf *t = text;

	return channels_compare(t->data + x->name_at, x->name_len, t->data + y->name_at, y->name_len);
}

/* Main: the page is made, or it cannot be. */
static void channels_come(struct channels_list *l, int error)
{
	struct channel_engine *hub = channels_engine(l);
	char *why = l->control.why;

	if (error == -EIO || error == -EBADMSG)
		(void)channel_engine_why(hub, why, sizeof(l->control.why));
	else if (error < 0)
		(void)snprintf(why, sizeof(l->control.why), "the list cannot be made: %s", strerror(-error));
	server_task_complete(&l->control.task);
}

/* Of a row, which is the next one where it is in the page. */
static int channels_put_stored(struct channels_list *l, const struct store_listed *row)
{
	struct control_channel *to = &l->control.page[l->control.n];
	int r;

	*to = (struct control_channel){
		.name_len = row->name_len,
		.topic_len = row->value_len,
		.messages = row->counts.count,
		.bytes = row->counts.bytes,
		.last = row->counts.last,
	};
	r = channels_put(&l->control.text, row->name, row->name_len, &to->name_at);
	if (r == 0)
		r = channels_put(&l->control.text, row->value, row->value_len, &to->topic_at);
	l->control.n += r == 0;
	return r;
}

static int channels_put_live(struct channels_list *l)
{
	const struct control_channel *from = &l->live[l->live_at];
	struct control_channel *to = &l->control.page[l->control.n];
	int r;

	*to = *from;
	r = channels_put(&l->control.text, l->live_text.data + from->name_at, from->name_len, &to->name_at);
	if (r == 0)
		r = channels_put(&l->control.text, l->live_text.data + from->topic_at, from->topic_len, &to->topic_at);
	l->control.n += r == 0;
	l->live_at += r == 0;
	return r;
}

/*
 * Those that are open and stand before this row (NULL: all), as far as there is room. 1: and the row's own, which was
 * open; 0; negative errno.
 */
static int channels_put_before(struct channels_list *l, const struct store_listed *row)
{
	int order = -1, r = 0;

	while (r == 0 && l->live_at < l->n_live && l->control.n < CONTROL_CHANNELS_PAGE) {
		const struct control_channel *c = &l->live[l->live_at];

		if (row)
			order = channels_compare(l->live_text.data + c->name_at, c->name_len, row->name, row->name_len);
		if (order > 0)
			break;
		r = channels_put_live(l);
		if (r == 0 && order == 0)
			return 1;
	}
	return r;
}

/* The rows, as far as they fit; what did not is asked for again. */
static int channels_merge(struct channels_list *l)
{
	struct store_list *q = &l->stored;
	struct store_listed row;
	bool all = true;
	size_t at = 0;
	int r = 0;

	while (r >= 0 && all && store_list_next(q, &at, &row)) {
		r = channels_put_before(l, &row);
		all = r == 1 || l->control.n < CONTROL_CHANNELS_PAGE;
		if (r == 0 && all)
			r = channels_put_stored(l, &row);
		if (r >= 0 && all) {
			memcpy(q->after, row.name, row.name_len);
			q->after_len = (uint8_t)row.name_len;
		}
	}
	all = all && !q->more;
	if (r >= 0 && all)
		r = channels_put_before(l, NULL);
	l->control.done = all && l->live_at == l->n_live;
	return MIN(r, 0);
}

/* Main. */
static void channels_listed(struct store_request *request)
{
	struct channels_list *l = container_of(container_of(request, struct store_list, request), struct channels_list,
					       stored);
	int r = request->result;

	if (r >= 0)
		r = channels_merge(l);
	channels_come(l, r);
}

/* Main: the next rows. Where there is no store it cannot be known what is kept: what is open is not all. */
static void channels_ask(struct channels_list *l)
{
	struct channel_engine *hub = channels_engine(l);
	struct store *store = channel_engine_store(hub);
	int r;

	l->control.n = 0;
	l->control.text.len = 0;
	store_list_done(&l->stored);
	l->stored.n_rows = 0;
	l->stored.more = false;
	l->stored.request = (struct store_request){
		.home = l->control.task.server->args.loop,
		.on_complete = channels_listed,
	};
	l->stored.kind = channels_policies[l->kind].kind;
	l->stored.attribute = CHANNELS_TOPIC;
	l->stored.max_rows = CONTROL_CHANNELS_PAGE;
	r = store ? store_list(store, &l->stored) : -EIO;
	if (r < 0)
		channels_come(l, r);
}

/* Main. */
static void channels_walked(struct msg *m)
{
	struct channels_list *l = channels_of(container_of(m, struct server_task, msg));

	l->walked = true;
	if (l->error < 0) {
		channels_come(l, l->error);
		return;
	}
	if (l->n_live > 0)
		qsort_r(l->live, l->n_live, sizeof(*l->live), channels_compare_live, &l->live_text);
	channels_ask(l);
}

static void channels_walk_over(struct channel_walk *w)
{
	struct channels_list *l = container_of(w, struct channels_list, walk);

	server_post(l->control.task.server, &l->control.task.msg, channels_walked);
}

/* In reactor 0, which is the walk's home: main is none. */
static void channels_walk(struct msg *m)
{
	struct channels_list *l = channels_of(container_of(m, struct server_task, msg));

	l->walk = (struct channel_walk){
		.engine = channels_engine(l),
		.policy = &channels_policies[l->kind],
		.origin = &l->control.task.server->reactors[0],
		.each = channels_each,
		.on_complete = channels_walk_over,
	};
	channel_walk(&l->walk);
}

void channels_next(struct control_channels *c)
{
	struct channels_list *l = container_of(c, struct channels_list, control);

	assert(!c->done && !c->task.away);
	if (!channels_engine(l)) {
		/* No role has begun to keep anything. It comes as an answer does. */
		c->done = true;
		server_task_begin(&c->task);
		server_task_return(&c->task);
	} else if (!l->walked) {
		server_task_send(&c->task, 0, channels_walk);
	} else {
		server_task_begin(&c->task);
		channels_ask(l);
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

/* What clients may read; the other thread has a descriptor of its own. */
static int channels_served(const struct server *s)
{
	for (unsigned i = 0; i < s->n_roles_started; i++)
		if (s->args.roles[i] == &file_role)
			return fcntl(file_root_fd(s->role_states[i]), F_DUPFD_CLOEXEC, 3);
	return -1;
}

/* Whoever asked has gone. */
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
	/* The unit's ProtectSystem= and the folder's owner are what stands in the way mostly. */
	if (request->result == -EROFS || request->result == -EACCES)
		(void)strncat(b->control.why,
			      "; name a folder that the daemon may write to, such as one in its state_dir",
			      sizeof(b->control.why) - strlen(b->control.why) - 1);
	server_task_complete(&b->control.task);
}

static void channels_backup_begin(struct channels_backup *b)
{
	struct channel_engine *hub = b->control.task.server->shared;
	struct store *store = hub ? channel_engine_store(hub) : NULL;

	server_task_begin(&b->control.task);
	b->stored.request = (struct store_request){
		.home = b->control.task.server->args.loop,
		.on_complete = channels_backed_up,
	};
	b->stored.dir = b->dir;
	b->stored.served_mark = STAGING_NAME;
	if (store && store_backup(store, &b->stored) == 0)
		return;
	if (hub)
		(void)channel_engine_why(hub, b->control.why, sizeof(b->control.why));
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
