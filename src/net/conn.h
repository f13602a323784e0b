#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A connected stream socket in a loop: bytes in, bytes out, back-pressure. Knows nothing of lines or sessions; the
 * control socket uses it too. Output is collected during a pass and leaves in one write at its end.
 */

#include "loop/loop.h"
#include "net/outq.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct conn;

struct conn_ops {
	void (*readable)(struct conn *c); /* conn_read() has something to say; never called while paused */
	void (*drained)(struct conn *c);  /* all output has been given to the kernel */
	void (*stalled)(struct conn *c);  /* the socket takes no more for now; NULL: not of interest */
	void (*broken)(struct conn *c, int error); /* negative errno, once; the owner calls conn_done() */
	/* The head of the output is a piece of a file that is not in memory: have it read, then conn_resident(). */
	void (*cold)(struct conn *c, int fd, uint64_t off, uint64_t len);
};

struct conn {
	struct watch watch;
	struct deferred flush;
	struct loop *loop;
	struct pool *pool;
	const struct conn_ops *ops;
	struct outq out;
	uint64_t received, sent; /* bytes taken from the kernel, and given to it, ever */
	bool paused;  /* not read, as its owner wishes */
	bool full;    /* the socket took no more: waits for EPOLLOUT */
	bool warming; /* waits for conn_resident() */
	bool dead;    /* broken() was or will be called: nothing is sent any more */
	int error;
};

/* Takes the (nonblocking, CLOEXEC) fd over on success. 0 or negative errno. */
int conn_init(struct conn *c, struct loop *l, struct pool *p, int fd, const struct conn_ops *ops);

/* Unlinks and closes. Safe inside a pass and twice; the memory stays the owner's. */
void conn_done(struct conn *c);

/* One read. Bytes, 0 at end of file, -EAGAIN, or another negative errno (then the owner treats it as broken). */
ssize_t conn_read(struct conn *c, void *buf, size_t n);

/* Whether the kernel has bytes that conn_read() would give: a system call. */
bool conn_has_input(const struct conn *c);

/* Queue; flushed at the end of the pass. Out of memory breaks the connection. */
void conn_write(struct conn *c, const void *data, size_t n);

/* After something was put into c->out by other means. */
void conn_defer_flush(struct conn *c);
void conn_resident(struct conn *c, uint64_t len);

void conn_pause(struct conn *c);
void conn_unpause(struct conn *c);

/* Says that no more will be written once what is queued is sent: shutdown(SHUT_WR). */
int conn_shutdown(struct conn *c);
