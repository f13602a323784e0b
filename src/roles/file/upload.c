/* SPDX-License-Identifier: MIT */
/*
 * WRITE in the loop's thread: bytes come into a piece of memory; a full piece, or the last one, goes to a worker, and
 * meanwhile a second piece fills. One job of an upload is under way at a time, so the file is written in order. When
 * both pieces are full the session is not read, and the peer waits. A small file is one job: open, write, sync, link.
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

/* A piece begins with so much, and grows with what comes: to promise much must not cost the server much. */
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
	uint64_t size, come; /* of the bytes that come: how many in all (UINT64_MAX: undecided); so far */
	uint64_t file_size;  /* what the client promised: the same, but where the size was decided late */
	size_t cap;          /* what a piece may grow to */
	struct upload_piece filling, writing;
	bool working; /* a job is under way, with the piece `writing` */
	bool waiting; /* get() had no room */
	bool broken;  /* no more bytes will come: give up once the job is back */
	bool too_large; /* as it turned out when the size was decided */

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

/* Once more where another folder has just taken the root's place. */
static int upload_try(struct upload *u, int (*act)(struct upload *u))
{
	int r = file_watch_is_gone(&u->state->watch) ? -ENOENT : act(u), again;

	again = r < 0 ? file_watch_recheck(u->state) : 0;
	if (again <= 0)
		return again < 0 ? again : r;
	publish_abandon(&u->file);
	return act(u);
}

/* What is acknowledged is in the folder that is served: looked at before and behind. */
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

/* In a worker, before many bytes come: what is known at once is told at once. publish_commit() looks again. */
static void upload_look_run(struct job *j)
{
	struct upload *u = container_of(j, struct upload, job);

	u->error = upload_try(u, upload_look);
}

/* In a worker: closing a large file that nobody wants takes its time. */
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

/* Of a name that is to be made, what is not there is the folder it is in. */
static void upload_refuse(struct upload *u)
{
	const char *slash = strrchr(u->path, '/');

	if (slash && (u->error == -ENOENT || u->error == -ENOTDIR))
		request_error(u->q, ERROR_NOT_FOUND, "there is no folder '%.*s'; it has to be made on the server first",
			      (int)(slash - u->path), u->path);
	else
		file_refuse(u->q, u->path, u->file_size == BODY_SIZE_UNDECIDED ? 0 : u->file_size, u->error);
}

/* The end: the answer, and the memory back. */
static void upload_finish(struct upload *u)
{
	struct request *q = u->q;

	request_uncharge(q, upload_memory(u));
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

/* Hands the filled piece to a worker, where there is something to do. */
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
		/* No memory for two: the one goes to and fro. */
		u->filling = u->writing;
		u->writing = (struct upload_piece){};
	}
	upload_push(u);
	if (u->waiting) {
		u->waiting = false;
		request_body_resume(u->q);
	}
}

/* More room for what comes, as far as there is memory. */
static int upload_grow(struct upload *u)
{
	struct upload_piece *p = &u->filling;
	size_t size = MIN(MAX(2 * p->size, (size_t)UPLOAD_FIRST), u->cap);
	char *data;

	if (!request_charge(u->q, size - p->size))
		return -ENOMEM;
	data = realloc(p->data, size);
	if (!data) {
		request_uncharge(u->q, size - p->size);
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

	/* The second piece only where the first is on its way; without memory for it one piece has to do. */
	if (p->len == p->size && p->size < u->cap && upload_grow(u) < 0 && p->len > 0) {
		u->cap = p->size; /* and a small one, where it cannot grow */
		upload_push(u);
	}
	if (p->len >= MIN(p->size, u->cap)) {
		u->waiting = true;
		return 0;
	}
	*ret = p->data + p->len;
	return MIN(p->size, u->cap) - p->len;
}

/* Once the job is back. */
static void upload_give_up(struct upload *u)
{
	u->broken = true;
	if (!u->working)
		upload_submit(u, upload_abandon_run, upload_abandon_done);
}

/* In doubt about the size the disk is not filled either; what stands in front of the file is too little to matter. */
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

/* The last bytes may have come already. */
static void upload_resolve(struct body_sink *b, uint64_t size, const char *front, size_t n_front)
{
	struct upload *u = container_of(b, struct upload, sink);

	u->file_size = size;
	u->size = size - n_front;
	u->n_front = n_front;
	if (n_front > 0)
		memcpy(u->front, front, n_front);
	if (u->too_large)
		return; /* as it is, whatever its size turned out to be */
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

static struct upload *upload_new(struct request *q, const char *path, uint64_t size)
{
	const struct file_options *o = settings_get(request_settings(q), &file_section);
	struct upload *u = calloc(1, sizeof(*u) + strlen(path) + 1);

	if (!u)
		return NULL;
	u->sink.ops = &upload_ops;
	u->q = q;
	u->state = request_role_state(q);
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

int upload_write(struct request *q, struct fields *f)
{
	const struct file_options *o = settings_get(request_settings(q), &file_section);
	uint64_t size = request_body_size(q);
	char path[PATH_BYTES_MAX + 1];
	struct upload *u;

	if (!file_take_name(q, &f->at[0], path))
		return ACT_ANSWERED;
	if (size > o->max_size && size != BODY_SIZE_UNDECIDED) {
		upload_refuse_size(q, size);
		return ACT_ANSWERED;
	}
	u = upload_new(q, path, size);
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
	/* A smaller file is one job, which looks as well. */
	else if (size > UPLOAD_PIECE && size != BODY_SIZE_UNDECIDED)
		upload_submit(u, upload_look_run, upload_done);
	return ACT_DEFERRED;
}
