/* SPDX-License-Identifier: MIT */
#include "net/closer.h"

#include "base/macro.h"
#include "loop/worker.h"

#include <sys/stat.h>

/* Up to here the blocks of a file are given back in the time of a few answers. */
#define CLOSER_SMALL (1 << 20)

/* A reader can be faster than workers that are stuck, and descriptors are few. Only WRITE makes files without a
 * name, and it needs a worker itself. */
#define CLOSER_MAX   64

struct closer_job {
	struct job job;
	struct closer *closer;
	int fd;
};

static void closer_run(struct job *j)
{
	(void)close(container_of(j, struct closer_job, job)->fd);
}

static void closer_done(struct job *j)
{
	struct closer_job *job = container_of(j, struct closer_job, job);
	struct closer *c = job->closer;

	free(job);
	c->n--;
	c->closed(c);
}

static bool closer_can_block(const struct closer *c, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return true;
	return st.st_size > CLOSER_SMALL && c->n < CLOSER_MAX;
}

void closer_close(struct closer *c, int fd)
{
	struct closer_job *job = closer_can_block(c, fd) ? malloc(sizeof(*job)) : NULL;

	if (!job) {
		(void)close(fd);
		return;
	}
	*job = (struct closer_job){ .job = { .run = closer_run, .on_complete = closer_done }, .closer = c, .fd = fd };
	c->n++;
	worker_submit(c->workers, c->loop, &job->job);
}
