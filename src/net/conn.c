/* SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <errno.h>
#include <sys/epoll.h>

/* Limit of bytes that one connection sends in a pass: a fast reader of large files must not hold up the others. */
#define CONN_SEND_MAX (2U << 20)

static void conn_break(struct conn *c, int error)
{
	if (c->dead)
		return;
	c->dead = true;
	c->error = error;
	/* Told at the end of the pass: the owner may be in the middle of something. */
	loop_defer(c->loop, &c->flush);
}

void conn_defer_flush(struct conn *c)
{
	loop_defer(c->loop, &c->flush);
}

static void conn_interest(struct conn *c)
{
	uint32_t events = (c->paused && !c->handshaking ? 0 : EPOLLIN) | (c->full ? EPOLLOUT : 0);
	int r;

	if (c->dead || c->watch.fd < 0)
		return;
	r = loop_rewatch(c->loop, &c->watch, events);
	if (r < 0)
		conn_break(c, r);
}

static void conn_ready(struct watch *w, uint32_t events)
{
	struct conn *c = container_of(w, struct conn, watch);

	if (events & EPOLLOUT) {
		c->full = false;
		loop_defer(c->loop, &c->flush);
	}
	if (unlikely(c->handshaking)) {
		loop_defer(c->loop, &c->flush);
	} else if (events & EPOLLIN && !c->paused && !c->dead) {
		c->ops->readable(c);
		return; /* an error shows itself in the read, behind the last bytes */
	}
	if (events & (EPOLLERR | EPOLLHUP))
		conn_break(c, tcp_error(w->fd));
	/* The flush asks anew, and often for the same: two system calls saved for a reader who is slower than we
	 * are. */
	if (!list_is_linked(&c->flush.link))
		conn_interest(c);
}

/* Nothing waits in the queue, and perhaps in the transport. 1: nor there; or negative errno. */
static int conn_push(struct conn *c)
{
	ssize_t r = transport_writev(c->transport, c->watch.fd, NULL, 0, false);

	c->kept = r == -EAGAIN;
	return r < 0 ? (int)r : 1;
}

static void conn_send(struct conn *c)
{
	uint64_t sent;
	int r;

	r = outq_send(&c->out, c->pool, c->transport, c->watch.fd, CONN_SEND_MAX, &sent);
	c->sent += sent;
	if (r == 1 && unlikely(c->transport))
		r = conn_push(c);
	if (r == 1) {
		c->ops->flushed(c);
	} else if (r == 0) {
		loop_defer(c->loop, &c->flush);
	} else if (r == -EAGAIN) {
		c->full = true;
		if (c->ops->stalled)
			c->ops->stalled(c);
	} else if (r == -EINPROGRESS) {
		uint64_t off, len;
		int fd;

		c->prefetching = true;
		outq_not_resident(&c->out, &fd, &off, &len);
		c->ops->not_resident(c, fd, off, len);
	} else {
		conn_break(c, r);
	}
}

/* An attempt at the handshake, or at the shutdown. False: it failed, or has to wait. */
static bool conn_attempt(struct conn *c, int (*attempt)(struct transport *t, int fd), int full)
{
	int r = attempt(c->transport, c->watch.fd);

	c->full = r == full;
	if (r < 0 && r != -EAGAIN)
		conn_break(c, r);
	return r == 0;
}

/* The transport's own part of a flush. */
static void conn_run_transport(struct conn *c)
{
	const struct transport_ops *ops = c->transport->ops;

	if (c->dead)
		return;
	if (c->handshaking) {
		c->handshaking = !conn_attempt(c, ops->handshake, TRANSPORT_E_FULL);
		if (c->handshaking)
			return;
	}
	if (c->shutting && !c->full)
		c->shutting = !conn_attempt(c, ops->shutdown, -EAGAIN);
	/* No event tells of these. One call a pass, as for others. */
	if (!c->paused && !c->dead && transport_pending(c->transport) > 0)
		c->ops->readable(c);
}

static void conn_flush(struct deferred *l)
{
	struct conn *c = container_of(l, struct conn, flush);

	if (unlikely(c->transport))
		conn_run_transport(c);
	if (!c->dead && !c->full && !c->prefetching && !c->handshaking && conn_has_output(c))
		conn_send(c);
	if (c->watch.fd < 0)
		return; /* readable() or flushed() closed it */
	conn_interest(c);
	if (c->dead)
		c->ops->broken(c, c->error); /* the owner may be gone after this */
}

int conn_init(struct conn *c, struct loop *l, struct chunk_pool *p, int fd, struct transport *t,
	      const struct conn_ops *ops)
{
	int r;

	*c = (struct conn){
		.watch = { .fd = fd, .ready = conn_ready },
		.flush.run = conn_flush,
		.loop = l,
		.pool = p,
		.ops = ops,
		.transport = t,
		.handshaking = t && t->ops->handshake,
	};
	r = loop_watch(l, &c->watch, EPOLLIN);
	if (r >= 0 && c->handshaking)
		conn_defer_flush(c);
	return r;
}

void conn_done(struct conn *c)
{
	if (c->watch.fd < 0)
		return;
	loop_unwatch(c->loop, &c->watch);
	loop_undefer(&c->flush);
	if (c->transport)
		c->transport->ops->free(STEAL_PTR(c->transport), c->watch.fd);
	(void)close(c->watch.fd);
	c->watch.fd = -1;
	c->dead = true;
	outq_clear(&c->out, c->pool);
}

static _noinline_ ssize_t conn_read_transport(struct conn *c, void *buf, size_t n)
{
	ssize_t r = c->transport->ops->read(c->transport, c->watch.fd, buf, n);

	/* The rest of its input waits for the next pass. */
	if (transport_pending(c->transport) > 0)
		conn_defer_flush(c);
	return r;
}

ssize_t conn_read(struct conn *c, void *buf, size_t n)
{
	ssize_t r;

	r = likely(!c->transport) ? tcp_read(c->watch.fd, buf, n) : conn_read_transport(c, buf, n);
	if (r > 0)
		c->received += (uint64_t)r;
	return r;
}

bool conn_has_input(const struct conn *c)
{
	return transport_pending(c->transport) > 0 || tcp_has_input(c->watch.fd);
}

int conn_unacked(const struct conn *c, uint64_t *ret)
{
	return transport_unacked(c->transport, c->watch.fd, ret);
}

int conn_rtt(const struct conn *c, uint64_t *ret_usec)
{
	return transport_rtt(c->transport, c->watch.fd, ret_usec);
}

int conn_local(const struct conn *c, struct address *ret)
{
	return transport_local(c->transport, c->watch.fd, ret);
}

bool conn_is_private(const struct conn *c, const struct address *peer)
{
	return transport_is_private(c->transport, peer);
}

void conn_write(struct conn *c, const void *data, size_t n)
{
	int r;

	if (c->dead)
		return;
	r = outq_put(&c->out, c->pool, data, n);
	if (r < 0)
		conn_break(c, r);
	else
		conn_defer_flush(c);
}

void conn_resident(struct conn *c, uint64_t len)
{
	c->prefetching = false;
	outq_resident(&c->out, len);
	conn_defer_flush(c);
}

void conn_pause(struct conn *c)
{
	c->paused = true;
	conn_interest(c);
}

void conn_unpause(struct conn *c)
{
	c->paused = false;
	if (transport_pending(c->transport) > 0)
		conn_defer_flush(c);
	conn_interest(c);
}

int conn_shutdown(struct conn *c)
{
	int r;

	r = c->handshaking ? -ENOTCONN : transport_shutdown(c->transport, c->watch.fd);
	if (unlikely(r == -EAGAIN)) {
		c->shutting = c->full = true;
		conn_interest(c);
		r = 0;
	}
	return r;
}
