#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The way from a connection to its socket. Plain TCP is the usual one and needs no object: a connection without a
 * transport (NULL) calls tcp.h directly. Any other transport, such as encryption, is a struct that begins with this one
 * and has its state behind. It belongs to one connection and is called in the thread of that connection only.
 *
 * Each call is given the connection's socket, which is nonblocking and stays the connection's. No call blocks. A call
 * that can do nothing now returns -EAGAIN and is made again later: handshake() and read() when the socket has bytes,
 * writev(), sendfile() and shutdown() when it has room. The other calls do not return -EAGAIN.
 */

#include "net/tcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct transport {
	const struct transport_ops *ops;
};

/* handshake() waits for room in the socket, and not for bytes. */
#define TRANSPORT_E_FULL 1

/* All but those that say NULL must be there. */
struct transport_ops {
	/*
	 * Called first, and again until it returns 0; only then are bytes read and sent. -EAGAIN: bytes of the peer
	 * must come first. TRANSPORT_E_FULL: the socket must take bytes first. Other negative errno: the connection
	 * breaks. NULL: bytes pass from the beginning. The handshake has no deadline of its own yet.
	 */
	int (*handshake)(struct transport *t, int fd);

	/* Bytes, 0 at the end of the stream, or negative errno. */
	ssize_t (*read)(struct transport *t, int fd, void *buf, size_t n);

	/* How many bytes read() would give that are no longer in the socket, so that no event tells of them. NULL:
	 * none. */
	size_t (*pending)(const struct transport *t);

	/*
	 * Bytes taken, 0 only where there were none, or negative errno. A transport can keep bytes that it took, in a
	 * bounded amount: the next call gives those to the kernel before it takes more. With no bytes it does only
	 * that: 0, or -EAGAIN while some are left. @more: the next call follows at once.
	 */
	ssize_t (*writev)(struct transport *t, int fd, const struct iovec *iov, unsigned n, bool more);

	/* Bytes taken of the @n that @file has from @off on; 0: @file ends at @off; or negative errno. The bytes were
	 * in memory a moment ago, so they do not wait for the disk. Those that writev() has kept are sent before. NULL:
	 * the bytes are read and given to writev(). */
	ssize_t (*sendfile)(struct transport *t, int fd, int file, uint64_t off, size_t n);

	/* Ends our direction, after all that was written. 0 or negative errno. */
	int (*shutdown)(struct transport *t, int fd);

	/* Bytes that the peer's kernel has not acknowledged, with those that are kept. 0 or negative errno. NULL:
	 * TCP's. */
	int (*unacked)(const struct transport *t, int fd, uint64_t *ret);

	/* The time to the peer and back. 0 or negative errno. NULL: TCP's. */
	int (*rtt)(const struct transport *t, int fd, uint64_t *ret_usec);

	/* Our end's address, as the peer sees it. 0 or negative errno. NULL: TCP's. */
	int (*local)(const struct transport *t, int fd, struct address *ret);

	/* Whether nobody between the two ends can read the bytes, so that a password can be sent. */
	bool (*is_private)(const struct transport *t);

	/* Frees @t before the socket is closed. It can still send its own end mark. */
	void (*free)(struct transport *t, int fd);
};

/* The following work on any connection: @t is NULL for TCP, whose calls stay direct. */

static inline size_t transport_pending(const struct transport *t)
{
	return likely(!t) || !t->ops->pending ? 0 : t->ops->pending(t);
}

static inline ssize_t transport_writev(struct transport *t, int fd, const struct iovec *iov, unsigned n, bool more)
{
	return likely(!t) ? tcp_writev(fd, iov, n, more) : t->ops->writev(t, fd, iov, n, more);
}

static inline bool transport_has_sendfile(const struct transport *t)
{
	return likely(!t) || t->ops->sendfile;
}

/* Only where transport_has_sendfile(). */
static inline ssize_t transport_sendfile(struct transport *t, int fd, int file, uint64_t off, size_t n)
{
	return likely(!t) ? tcp_sendfile(fd, file, off, n) : t->ops->sendfile(t, fd, file, off, n);
}

static inline int transport_shutdown(struct transport *t, int fd)
{
	return likely(!t) ? tcp_shutdown(fd) : t->ops->shutdown(t, fd);
}

static inline int transport_unacked(const struct transport *t, int fd, uint64_t *ret)
{
	return likely(!t) || !t->ops->unacked ? tcp_unacked(fd, ret) : t->ops->unacked(t, fd, ret);
}

static inline int transport_rtt(const struct transport *t, int fd, uint64_t *ret_usec)
{
	return likely(!t) || !t->ops->rtt ? tcp_rtt(fd, ret_usec) : t->ops->rtt(t, fd, ret_usec);
}

static inline int transport_local(const struct transport *t, int fd, struct address *ret)
{
	return likely(!t) || !t->ops->local ? tcp_local(fd, ret) : t->ops->local(t, fd, ret);
}

/* @peer: the other end's address. TCP is private only where it does not leave this machine. */
static inline bool transport_is_private(const struct transport *t, const struct address *peer)
{
	return likely(!t) ? address_is_loopback(peer) : t->ops->is_private(t);
}
