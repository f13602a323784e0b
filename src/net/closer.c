/* SPDX-License-Identifier: MIT */
#include "net/closer.h"

#include "base/macro.h"
#include "loop/worker.h"
#include "server/server.h"
#include "session/reactor.h"

#include <sys/stat.h>

/* Up to here the blocks of a file are given back in the time of a few answers. */
#define CLOSING_SMALL (1 << 20)

/* A reader may be faster than workers who are stuck, and descriptors are few. Files without a name come from WRITE only,
 * which needs a worker itself. */
#define CLOSING_MAX 64

struct closing {
	struct job job;
	struct reactor *reactor;
	int fd;
};

static void closing_run(struct job *j)
{
	(void)close(container_of(j, struct closing, job)->fd);
}

static void closing_done(struct job *j)
{
	struct closing *c = container_of(j, struct closing, job);

	c->reactor->closing--;
	reactor_unbusy(c->reactor);
	free(c);
}

static bool closing_may_block(const struct reactor *r, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return true;
	return st.st_size > CLOSING_SMALL && r->closing < CLOSING_MAX;
}

void closing_start(struct reactor *r, int fd)
{
	struct closing *c = closing_may_block(r, fd) ? malloc(sizeof(*c)) : NULL;

	if (!c) {
		(void)close(fd);
		return;
	}
	*c = (struct closing){ .job = { .run = closing_run, .done = closing_done }, .reactor = r, .fd = fd };
	r->closing++;
	r->busy++;
	worker_submit(r->server->workers, &r->loop, &c->job);
}
