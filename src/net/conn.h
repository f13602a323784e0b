#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A connection in a loop: bytes in, bytes out, back-pressure. It owns its socket, which no code outside of net/
 * touches, and its transport. It knows nothing of lines or sessions; the control socket uses it, too. Output is
 * collected during a pass of the loop and leaves in one write at the end of the pass.
 */

#include "loop/loop.h"
#include "net/outq.h"
#include "net/transport.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct conn;

struct conn_ops {
	void (*readable)(struct conn *c); /* conn_read() has something to say; never called while paused */
	void (*flushed)(struct conn *c);  /* all output has been given to the kernel */
	void (*stalled)(struct conn *c);  /* the socket takes no more for now; NULL: not of interest */
	void (*broken)(struct conn *c, int error); /* negative errno, once; the owner calls conn_done() */
	/* The head of the output is a piece of a file that is not resident: have it read, then conn_resident(). */
	void (*not_resident)(struct conn *c, int fd, uint64_t off, uint64_t len);
};

struct conn {
	struct watch watch;
	struct deferred flush;
	struct loop *loop;
	struct chunk_pool *pool;
	const struct conn_ops *ops;
	struct transport *transport; /* owned; NULL: TCP */
	struct outq out;
	uint64_t received, sent; /* bytes taken from the transport, and given to it, ever */
	bool paused : 1;      /* not read, as its owner wishes */
	bool full : 1;        /* the socket took no more: waits for EPOLLOUT */
	bool prefetching : 1; /* waits for conn_resident() */
	bool dead : 1;        /* broken() was or will be called: nothing is sent any more */
	bool handshaking : 1; /* the transport does not pass bytes yet */
	bool kept : 1;        /* the transport has bytes of ours that the kernel does not have yet */
	bool shutting : 1;    /* the transport could not end our direction yet */
	int error;
};

/*
 * Carries the descriptor to the thread that calls conn_init() with it. Until then @c owns nothing, and conn_done() must
 * not be called.
 */
static inline void conn_carry(struct conn *c, int fd)
{
	c->watch.fd = fd;
}
static inline int conn_carried(const struct conn *c)
{
	return c->watch.fd;
}

/* Takes the (nonblocking, CLOEXEC) fd and the transport (NULL: TCP) over on success. 0 or negative errno. */
int conn_init(struct conn *c, struct loop *l, struct chunk_pool *p, int fd, struct transport *t,
	      const struct conn_ops *ops);

/* Unlinks and closes. Safe inside a pass and twice; the memory stays the owner's. */
void conn_done(struct conn *c);

/* One read. Bytes, 0 at end of file, -EAGAIN, or another negative errno (then the owner treats it as broken). */
ssize_t conn_read(struct conn *c, void *buf, size_t n);

/* Whether there are bytes that conn_read() would give: a system call. */
bool conn_has_input(const struct conn *c);

/* Whether output waits that the kernel does not have yet. */
static inline bool conn_has_output(const struct conn *c)
{
	return !outq_is_empty(&c->out) || c->kept;
}

/* Facts of the transport: 0 or negative errno. transport.h tells what each is. */
int conn_unacked(const struct conn *c, uint64_t *ret);
int conn_rtt(const struct conn *c, uint64_t *ret_usec);
int conn_local(const struct conn *c, struct address *ret);
bool conn_is_private(const struct conn *c, const struct address *peer);

/* Queue; flushed at the end of the pass. Out of memory breaks the connection. */
void conn_write(struct conn *c, const void *data, size_t n);

/* After something was put into c->out by other means. */
void conn_defer_flush(struct conn *c);
void conn_resident(struct conn *c, uint64_t len);

void conn_pause(struct conn *c);
void conn_unpause(struct conn *c);

/* Once all output is sent: the peer reads the end of the stream. 0 or negative errno. */
int conn_shutdown(struct conn *c);
