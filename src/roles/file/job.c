/* SPDX-License-Identifier: MIT */
#include "roles/file/job.h"

#include "base/macro.h"
#include "roles/file/file.h"
#include "session/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void file_job_free(struct file_job *j)
{
	closep(&j->fd);
	buf_done(&j->body);
	free(j);
}

/* A removed folder lists as empty, without an error. So for an empty root the folder is checked again. */
static bool file_job_is_done(const struct file_job *j)
{
	return j->error >= 0 && (*j->path || j->body.len > 0);
}

static int file_job_try(struct file_job *j)
{
	j->error_path = j->path;
	return j->run(j);
}

/* In a worker. */
static void file_job_work(struct job *job)
{
	struct file_job *j = container_of(job, struct file_job, job);
	int again;

	j->error = file_watch_is_gone(&j->state->watch) ? -ENOENT : file_job_try(j);
	if (file_job_is_done(j))
		return;
	again = file_watch_recheck(j->state);
	if (again == 0)
		return;
	closep(&j->fd);
	j->fd = -1;
	j->body.len = 0;
	j->error = again < 0 ? again : file_job_try(j);
}

static void file_job_finish(struct job *job)
{
	struct file_job *j = container_of(job, struct file_job, job);

	if (j->error < 0)
		file_refuse(j->request, *j->error_path ? j->error_path : "the root folder", 0, j->error);
	else
		j->done(j);
	file_job_free(j);
}

struct file_job *file_job_new(const struct call *call, size_t size, const char *path, const char *to)
{
	size_t path_size = strlen(path) + 1, to_size = to ? strlen(to) + 1 : 0;
	struct file_job *j = malloc(size + path_size + to_size);
	char *names;

	if (!j)
		return NULL;
	names = (char *)j + size; /* behind the verb's struct */
	*j = (struct file_job){
		.job = { .run = file_job_work, .on_complete = file_job_finish },
		.request = call->request,
		.state = call->state,
		.dialect = call->dialect,
		.body.max = FILE_JOB_BODY_MAX,
		.fd = -1,
		.path = names,
		.to = to ? names + path_size : NULL,
		.error_path = names,
	};
	memset(j + 1, 0, size - sizeof(*j));
	memcpy(names, path, path_size);
	if (to)
		memcpy(names + path_size, to, to_size);
	return j;
}

int file_job_submit(struct file_job *j, int (*run)(struct file_job *j), void (*done)(struct file_job *j))
{
	j->run = run;
	j->done = done;
	request_defer(j->request);
	worker_submit(request_workers(j->request), request_loop(j->request), &j->job);
	return ACT_DEFERRED;
}

int file_job_run_path(const struct call *call, const char *path, int (*run)(struct file_job *j),
		      void (*done)(struct file_job *j))
{
	struct file_job *j = file_job_new(call, sizeof(*j), path, NULL);

	return j ? file_job_submit(j, run, done) : -ENOMEM;
}

int file_job_run(const struct call *call, const struct field *f, int (*run)(struct file_job *j),
		 void (*done)(struct file_job *j))
{
	char path[PATH_BYTES_MAX + 1] = "";

	if (f && !file_take_name(call->request, f, path))
		return ACT_ANSWERED;
	return file_job_run_path(call, path, run, done);
}
