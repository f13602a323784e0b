/* SPDX-License-Identifier: MIT */
#include "net/closer.h"

#include "base/macro.h"
#include "loop/worker.h"
#include "server/server.h"
#include "session/reactor.h"

#include <sys/stat.h>

/* Up to here the blocks of a file are given back in the time of a few answers. */
#define CLOSER_SMALL (1 << 20)

/* A reader may be faster than workers who are stuck, and descriptors are few. Files without a name come from WRITE only,
 * which needs a worker itself. */
#define CLOSER_MAX   64

struct closer_job {
	struct job job;
	struct reactor *reactor;
	int fd;
};

static void closer_run(struct job *j)
{
	(void)close(container_of(j, struct closer_job, job)->fd);
}

static void closer_done(struct job *j)
{
	struct closer_job *c = container_of(j, struct closer_job, job);

	c->reactor->closing--;
	reactor_unbusy(c->reactor);
	free(c);
}

static bool closer_may_block(const struct reactor *r, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return true;
	return st.st_size > CLOSER_SMALL && r->closing < CLOSER_MAX;
}

void closer_start(struct reactor *r, int fd)
{
	struct closer_job *c = closer_may_block(r, fd) ? malloc(sizeof(*c)) : NULL;

	if (!c) {
		(void)close(fd);
		return;
	}
	*c = (struct closer_job){ .job = { .run = closer_run, .done = closer_done }, .reactor = r, .fd = fd };
	r->closing++;
	r->busy++;
	worker_submit(r->server->workers, &r->loop, &c->job);
}
