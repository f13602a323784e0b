#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A request on a file that a worker carries out. The name is checked, run() works on the disk, and done() replies. The
 * job does the rest: it defers the request, tries again if another folder has taken the root's place meanwhile, replies
 * with errors, and frees itself. A simple verb is only a run() and a done().
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
	 * replaced. */
	int (*run)(struct file_job *j);
	/* In the request's thread, unless run() failed: answers the request. The job is freed behind it. */
	void (*done)(struct file_job *j);

	int error; /* what run() returned */

	/* Results of run(), for done(). */
	struct buf body; /* at most FILE_JOB_BODY_MAX */
	int fd;          /* -1: none; always -1 after run() has failed; the job owns it, unless done() takes it */
	uint64_t size;

	char path[]; /* checked; "": the root */
};

#define FILE_JOB_BODY_MAX (16U << 20)

/* In an act: defers the request and starts its job. @f: the name, NULL for the root. 0, also where the name was
 * refused; or -ENOMEM, and the request is neither answered nor deferred. */
int file_job_run(const struct call *call, const struct field *f, int (*run)(struct file_job *j),
		 void (*done)(struct file_job *j));

/* The same for a name that is checked already. */
int file_job_run_path(const struct call *call, const char *path, int (*run)(struct file_job *j),
		      void (*done)(struct file_job *j));
