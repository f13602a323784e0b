#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A request on a file that a worker carries out. The name is checked, run() works on the disk, and done() replies. The
 * job does the rest: it defers the request, tries again if another folder has taken the root's place meanwhile, replies
 * with errors, and frees itself. A simple verb is only a run() and a done(), and calls file_job_run().
 *
 * A verb with two names, or with arguments of its own, has a struct that begins with a struct file_job. Its act calls
 * file_job_new(), copies into the struct what run() needs, options included, and calls file_job_submit().
 */

#include "base/buf.h"
#include "loop/worker.h"
#include "wire/dialect.h"

#include <stdint.h>

struct call;
struct field;
struct file_state;
struct request;

struct file_job {
	struct job job;
	struct request *request;  /* for done() only: a worker must not use it */
	struct file_state *state; /* of the role */
	enum dialect dialect;     /* of the request */

	/* In a worker. 0, or a negative errno that file_refuse() tells the client, or an outcome of the verb's own,
	 * above 0, which its done() decides on. Called a second time, with an empty body, where the root was
	 * replaced: so all else that it opened is closed when it returns. */
	int (*run)(struct file_job *j);
	/* In the request's thread, unless run() failed: answers the request. The job is freed behind it. */
	void (*done)(struct file_job *j);

	int error; /* what run() returned */

	/* Results of run(), for done(). */
	struct buf body; /* at most FILE_JOB_BODY_MAX */
	int fd;          /* -1: none; always -1 after run() has failed; the job owns it, unless done() takes it */
	uint64_t size;

	/* The names, checked. The job owns them. */
	const char *path; /* "": the root */
	const char *to;   /* the second one; NULL: there is none */
	/* The name that a negative errno is about: `path` when run() begins; run() sets it to `to` where it goes on
	 * with that one. */
	const char *error_path;
};

#define FILE_JOB_BODY_MAX (16U << 20)

/* In an act: defers the request and starts its job. @f: the name, NULL for the root. ACT_DEFERRED; ACT_ANSWERED: the
 * name was refused; or -ENOMEM, and the request is neither answered nor deferred. */
int file_job_run(const struct call *call, const struct field *f, int (*run)(struct file_job *j),
		 void (*done)(struct file_job *j));

/* The same for a name that is checked already. */
int file_job_run_path(const struct call *call, const char *path, int (*run)(struct file_job *j),
		      void (*done)(struct file_job *j));

/* In an act: makes a job of @size bytes, which are those of the verb's struct. Both names (@to can be NULL) are checked
 * already, and are copied. All that follows the struct file_job is zero. NULL: out of memory. */
struct file_job *file_job_new(const struct call *call, size_t size, const char *path, const char *to);
/* Consumes the job: defers the request, and a worker begins. Returns ACT_DEFERRED. */
int file_job_submit(struct file_job *j, int (*run)(struct file_job *j), void (*done)(struct file_job *j));
