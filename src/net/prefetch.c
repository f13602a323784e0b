/* SPDX-License-Identifier: MIT */
#include "net/prefetch.h"

#include "base/io.h"
#include "loop/worker.h"
#include "session/session-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct prefetch {
	struct job job;
	struct reactor *reactor;
	struct handle session;
	int fd;
	uint64_t off, len;
	int error;
};

/* Reading is the one way that surely has the pages in memory afterwards; the copy is the price of a cold disk. */
static int prefetch_all(const struct prefetch *c)
{
	char buf[64 << 10];
	uint64_t done = 0;

	(void)readahead(c->fd, (off_t)c->off, c->len);
	while (done < c->len) {
		ssize_t n = io_pread_full(c->fd, buf, MIN(sizeof(buf), c->len - done), (off_t)(c->off + done));

		if (n <= 0)
			return n < 0 ? (int)n : -EPIPE;
		done += (uint64_t)n;
	}
	return 0;
}

static void prefetch_run(struct job *j)
{
	struct prefetch *c = container_of(j, struct prefetch, job);

	c->error = prefetch_all(c);
	/* Here, since it may be the last one of a file without a name by now (closer.h). */
	(void)close(c->fd);
}

static void prefetch_done(struct job *j)
{
	struct prefetch *c = container_of(j, struct prefetch, job);
	struct session *s = reactor_find(c->reactor, c->session);

	if (s && c->error < 0)
		session_broken_file(s, c->error);
	else if (s)
		conn_resident(&s->conn, c->len);
	reactor_unbusy(c->reactor);
	free(c);
}

int prefetch_start(struct reactor *r, struct handle session, int fd, uint64_t off, uint64_t len)
{
	struct prefetch *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	*c = (struct prefetch){
		.job = { .run = prefetch_run, .done = prefetch_done },
		.reactor = r,
		.session = session,
		.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
		.off = off,
		.len = len,
	};
	if (c->fd < 0) {
		int e = -errno;

		free(c);
		return e;
	}
	r->busy++;
	worker_submit(r->server->workers, &r->loop, &c->job);
	return 0;
}
