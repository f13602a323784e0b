/* SPDX-License-Identifier: MIT */
#include "net/prefetch.h"

#include "base/io.h"
#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>

/* Reading is the one way that surely has the pages in memory afterwards; the copy is the price of a cold disk. */
static int prefetch_all(const struct prefetch *p)
{
	char buf[64 << 10];
	uint64_t done = 0;

	(void)readahead(p->fd, (off_t)p->off, p->len);
	while (done < p->len) {
		ssize_t n = io_pread_full(p->fd, buf, MIN(sizeof(buf), p->len - done), (off_t)(p->off + done));

		if (n <= 0)
			return n < 0 ? (int)n : -EPIPE;
		done += (uint64_t)n;
	}
	return 0;
}

static void prefetch_run(struct job *j)
{
	struct prefetch *p = container_of(j, struct prefetch, job);

	p->error = prefetch_all(p);
	/* Here, since it can be the last one of a file without a name by now (closer.h). */
	(void)close(p->fd);
}

static void prefetch_done(struct job *j)
{
	struct prefetch *p = container_of(j, struct prefetch, job);

	p->done(p);
}

int prefetch_start(struct prefetch *p, struct worker_pool *workers, struct loop *loop, int fd, uint64_t off, uint64_t len,
		   void (*done)(struct prefetch *p))
{
	*p = (struct prefetch){
		.job = { .run = prefetch_run, .on_complete = prefetch_done },
		.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
		.off = off,
		.len = len,
		.done = done,
	};
	if (p->fd < 0)
		return -errno;
	worker_submit(workers, loop, &p->job);
	return 0;
}
