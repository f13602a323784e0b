/* SPDX-License-Identifier: MIT */
/*
 * The verb WRITE, in the session's thread. The bytes of the body fill a piece of memory. A full piece, or the last one,
 * goes to a worker, and meanwhile a second piece is filled. An upload has one job under way at a time, so the file is
 * written in order. When both pieces are full, nothing is read from the session, and the client waits. A small file is
 * one job: open, write, sync, link.
 */
#include "roles/file/upload.h"

#include "base/macro.h"
#include "loop/worker.h"
#include "roles/file/file.h"
#include "roles/file/publish.h"
#include "session/session.h"

#include <errno.h>
#include <string.h>

#define UPLOAD_PIECE (512U << 10)

/* A piece begins with this size, and grows with the bytes that arrive: a client that only announces a large file must
 * not cost memory. */
#define UPLOAD_FIRST (16U << 10)

struct upload_piece {
	char *data; /* NULL until it is needed */
	size_t len, size;
};

struct upload {
	struct body_sink sink;
	struct job job;
	struct request *q;
	struct file_state *state;
	uint64_t size, come; /* bytes of the body (UINT64_MAX: undecided), and how many have arrived */
	uint64_t file_size;  /* bytes of the file: the same, unless the size was decided late */
	size_t cap;          /* limit of a piece in bytes */
	struct upload_piece filling, writing;
	bool working; /* a job is under way, with the piece `writing` */
	bool waiting; /* get() had no memory to give */
	bool broken;  /* the body will not be whole: the upload ends when the job is back */
	bool too_large; /* the size, when it was decided, was above the limit */

	/* For the job. */
	struct publish file;
	unsigned turn; /* the folder it is in (watch.h) */
	uint64_t written;
	unsigned mode;
	bool last, sync, overwrite;
	int error;
	size_t n_front;  /* see session.h: body_sink_ops.resolve() */
	char front[BODY_FRONT_MAX];
	char path[];
};

static void upload_free(struct upload *u)
{
	free(u->filling.data);
	free(u->writing.data);
	free(u);
}

static int upload_open(struct upload *u)
{
	u->turn = file_watch_turn(&u->state->watch);
	return publish_open(&u->file, u->state, u->path, u->mode);
}

static int upload_look(struct upload *u)
{
	return publish_look(u->state, u->path, u->overwrite);
}

/* Tries again if another folder has just taken the root's place. */
static int upload_try(struct upload *u, int (*act)(struct upload *u))
{
	int r = file_watch_is_gone(&u->state->watch) ? -ENOENT : act(u), again;

	again = r < 0 ? file_watch_recheck(u->state) : 0;
	if (again <= 0)
		return again < 0 ? again : r;
	publish_abandon(&u->file);
	return act(u);
}

/* An acknowledged file is in the served folder: so that is checked before and after the file gets its name. */
static int upload_commit(struct upload *u)
{
	int r = file_watch_confirm(u->state, u->turn);

	if (r >= 0)
		r = publish_commit(&u->file, u->state, u->sync, u->overwrite);
	return u->turn == file_watch_turn(&u->state->watch) ? r : -ESTALE;
}

/* In a worker. */
static void upload_run(struct job *j)
{
	struct upload *u = container_of(j, struct upload, job);

	if (u->file.fd < 0)
		u->error = upload_try(u, upload_open);
	if (u->error >= 0 && u->writing.len > 0)
		u->error = publish_write(&u->file, u->writing.data, u->writing.len, u->written);
	u->written += u->writing.len;
	if (u->error >= 0 && u->last && u->n_front > 0)
		u->error = publish_put_in_front(&u->file, u->written, u->front, u->n_front);
	if (u->error >= 0 && u->last)
		u->error = upload_commit(u);
	if (u->error < 0 || u->last)
		publish_abandon(&u->file);
}

/* In a worker, before a large body: finds errors that are certain already. publish_commit() checks again. */
static void upload_look_run(struct job *j)
{
	struct upload *u = container_of(j, struct upload, job);

	u->error = upload_try(u, upload_look);
}

/* In a worker, since closing a large file without a name can take long. */
static void upload_abandon_run(struct job *j)
{
	struct upload *u = container_of(j, struct upload, job);

	publish_abandon(&u->file);
}

static size_t upload_memory(const struct upload *u)
{
	return u->filling.size + u->writing.size;
}

static void upload_refuse_size(struct request *q, uint64_t size)
{
	const struct file_options *o = settings_get(request_settings(q), &file_section);

	if (size == BODY_SIZE_UNDECIDED)
		request_error(q, ERROR_TOO_LARGE, "the file has more bytes than file.max_size, %llu",
			      (unsigned long long)o->max_size);
	else
		request_error(q, ERROR_TOO_LARGE, "%llu bytes are over file.max_size, %llu", (unsigned long long)size,
			      (unsigned long long)o->max_size);
}

/* If a new file's name is not found, its folder does not exist. */
static void upload_refuse(struct upload *u)
{
	const char *slash = strrchr(u->path, '/');

	if (slash && (u->error == -ENOENT || u->error == -ENOTDIR))
		request_error(u->q, ERROR_NOT_FOUND, "there is no folder '%.*s'; it has to be made on the server first",
			      (int)(slash - u->path), u->path);
	else
		file_refuse(u->q, u->path, u->file_size == BODY_SIZE_UNDECIDED ? 0 : u->file_size, u->error);
}

/* Ends the upload: answers, and frees the memory. */
static void upload_finish(struct upload *u)
{
	struct request *q = u->q;

	request_unaccount(q, upload_memory(u));
	if (u->error < 0 || u->too_large)
		request_body_discard(q);
	if (u->error < 0) {
		upload_refuse(u);
	} else if (u->too_large) {
		upload_refuse_size(q, u->file_size);
	} else if (u->broken && u->size == BODY_SIZE_UNDECIDED) {
		request_error(q, ERROR_BAD_ARGUMENT, "what came behind the name is no size and a file of that size");
	} else if (u->broken) {
		request_error(q, ERROR_BAD_ARGUMENT, "the connection ended after %llu of %llu bytes; nothing was kept",
			      (unsigned long long)u->come, (unsigned long long)u->file_size);
	} else {
		if (unlikely(atomic_load_explicit(&u->state->full, memory_order_relaxed)))
			atomic_store_explicit(&u->state->full, false, memory_order_relaxed);
		request_begin(q, "OK");
		request_field(q, "received", 8);
		request_field_u64(q, u->file_size);
		request_end(q);
	}
	upload_free(u);
}

static void upload_abandon_done(struct job *j)
{
	upload_finish(container_of(j, struct upload, job));
}

static void upload_done(struct job *j);

static void upload_submit(struct upload *u, void (*run)(struct job *), void (*done)(struct job *))
{
	u->working = true;
	u->job.run = run;
	u->job.on_complete = done;
	worker_submit(request_workers(u->q), request_loop(u->q), &u->job);
}

/* Hands the filled piece to a worker, if there is work for one. */
static void upload_push(struct upload *u)
{
	struct upload_piece p = u->writing;

	if (u->working || (u->filling.len < u->cap && u->come < u->size))
		return;
	p.len = 0;
	u->writing = u->filling;
	u->filling = p;
	u->last = u->come == u->size;
	upload_submit(u, upload_run, upload_done);
}

static void upload_done(struct job *j)
{
	struct upload *u = container_of(j, struct upload, job);

	u->working = false;
	u->writing.len = 0;
	if (u->error < 0 || u->last) {
		upload_finish(u);
		return;
	}
	if (u->broken) {
		upload_submit(u, upload_abandon_run, upload_abandon_done);
		return;
	}
	if (!u->filling.data) {
		/* There is no memory for a second piece: the only one is filled again when it is back. */
		u->filling = u->writing;
		u->writing = (struct upload_piece){};
	}
	upload_push(u);
	if (u->waiting) {
		u->waiting = false;
		request_body_resume(u->q);
	}
}

/* Makes the piece larger, if there is memory. */
static int upload_grow(struct upload *u)
{
	struct upload_piece *p = &u->filling;
	size_t size = MIN(MAX(2 * p->size, (size_t)UPLOAD_FIRST), u->cap);
	char *data;

	if (!request_account(u->q, size - p->size))
		return -ENOMEM;
	data = realloc(p->data, size);
	if (!data) {
		request_unaccount(u->q, size - p->size);
		return -ENOMEM;
	}
	p->data = data;
	p->size = size;
	return 0;
}

static size_t upload_get(struct body_sink *b, char **ret)
{
	struct upload *u = container_of(b, struct upload, sink);
	struct upload_piece *p = &u->filling;

	/* The second piece is needed only while a worker has the first. Without memory for it, one piece is enough. */
	if (p->len == p->size && p->size < u->cap && upload_grow(u) < 0 && p->len > 0) {
		u->cap = p->size; /* even if it is small, as it cannot grow */
		upload_push(u);
	}
	if (p->len >= MIN(p->size, u->cap)) {
		u->waiting = true;
		return 0;
	}
	*ret = p->data + p->len;
	return MIN(p->size, u->cap) - p->len;
}

/* The job is back. */
static void upload_give_up(struct upload *u)
{
	u->broken = true;
	if (!u->working)
		upload_submit(u, upload_abandon_run, upload_abandon_done);
}

/* Checks a size against the limit. While the size is undecided, this is called with the bytes that have arrived; the
 * few bytes of the size in front of the file do not matter. */
static bool upload_is_too_large(struct upload *u, uint64_t size)
{
	const struct file_options *o = settings_get(request_settings(u->q), &file_section);

	u->too_large = size > o->max_size;
	return u->too_large;
}

static void upload_put(struct body_sink *b, size_t n)
{
	struct upload *u = container_of(b, struct upload, sink);

	u->filling.len += n;
	u->come += n;
	if (u->size == BODY_SIZE_UNDECIDED && !u->broken && upload_is_too_large(u, u->come))
		upload_give_up(u);
	else
		upload_push(u);
}

static void upload_gone(struct body_sink *b)
{
	upload_give_up(container_of(b, struct upload, sink));
}

/* All bytes of the body can have arrived already. */
static void upload_resolve(struct body_sink *b, uint64_t size, const char *front, size_t n_front)
{
	struct upload *u = container_of(b, struct upload, sink);

	u->file_size = size;
	u->size = size - n_front;
	u->n_front = n_front;
	if (n_front > 0)
		memcpy(u->front, front, n_front);
	if (u->too_large)
		return; /* the upload ends already */
	if (upload_is_too_large(u, size))
		upload_give_up(u);
	else if (u->come == u->size)
		upload_push(u);
}

static const struct body_sink_ops upload_ops = {
	.get = upload_get,
	.put = upload_put,
	.resolve = upload_resolve,
	.gone = upload_gone,
};

static struct upload *upload_new(const struct call *call, const char *path, uint64_t size)
{
	const struct file_options *o = call->options;
	struct upload *u = calloc(1, sizeof(*u) + strlen(path) + 1);

	if (!u)
		return NULL;
	u->sink.ops = &upload_ops;
	u->q = call->request;
	u->state = call->state;
	u->size = u->file_size = size;
	u->cap = MAX(MIN(size, (uint64_t)UPLOAD_PIECE), 1U);
	u->file = (struct publish)PUBLISH_INERT;
	u->mode = (unsigned)o->mode;
	u->sync = o->sync;
	u->overwrite = o->overwrite;
	memcpy(u->path, path, strlen(path) + 1);
	if (upload_grow(u) < 0) {
		upload_free(u);
		return NULL;
	}
	return u;
}

int upload_write(const struct call *call)
{
	struct request *q = call->request;
	const struct file_options *o = call->options;
	uint64_t size = request_body_size(q);
	char path[PATH_BYTES_MAX + 1];
	struct upload *u;

	if (!file_take_name(q, &call->fields->at[0], path))
		return ACT_ANSWERED;
	if (size > o->max_size && size != BODY_SIZE_UNDECIDED) {
		upload_refuse_size(q, size);
		return ACT_ANSWERED;
	}
	u = upload_new(call, path, size);
	if (!u) {
		request_report(q, LOG_EVENT_LIMIT_MEMORY, path, 0, "'%s' was not stored: limits.memory is used up",
			       path);
		request_error(q, ERROR_BUSY,
			      "the server is out of memory for uploads (limits.memory); try again later");
		return ACT_ANSWERED;
	}
	request_defer(q);
	request_body(q, &u->sink);
	if (size == 0)
		upload_push(u);
	/* The one job of a smaller file checks this, too. */
	else if (size > UPLOAD_PIECE && size != BODY_SIZE_UNDECIDED)
		upload_submit(u, upload_look_run, upload_done);
	return ACT_DEFERRED;
}
