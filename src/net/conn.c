/* SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* What one connection may send in a pass, so that a fast reader of large files does not hold up the others. */
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

static void conn_interest(struct conn *c)
{
	uint32_t events = (c->paused ? 0 : EPOLLIN) | (c->full ? EPOLLOUT : 0);
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
	if (events & EPOLLIN && !c->paused && !c->dead) {
		c->ops->readable(c);
		return; /* an error shows itself in the read, behind the last bytes */
	}
	if (events & (EPOLLERR | EPOLLHUP)) {
		int error = 0;
		socklen_t len = sizeof(error);

		(void)getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		conn_break(c, error ? -error : -ECONNRESET);
	}
	/* The flush asks anew, and often for the same: two system calls saved for a reader who is slower than we are. */
	if (!list_is_linked(&c->flush.link))
		conn_interest(c);
}

static void conn_send(struct conn *c)
{
	uint64_t sent;
	int r;

	r = outq_send(&c->out, c->pool, c->watch.fd, CONN_SEND_MAX, &sent);
	c->sent += sent;
	if (r == 1) {
		c->ops->drained(c);
	} else if (r == 0) {
		loop_defer(c->loop, &c->flush);
	} else if (r == -EAGAIN) {
		c->full = true;
		if (c->ops->stalled)
			c->ops->stalled(c);
	} else if (r == -EINPROGRESS) {
		uint64_t off, len;
		int fd;

		c->warming = true;
		outq_not_resident(&c->out, &fd, &off, &len);
		c->ops->cold(c, fd, off, len);
	} else {
		conn_break(c, r);
	}
}

static void conn_flush(struct deferred *l)
{
	struct conn *c = container_of(l, struct conn, flush);

	if (!c->dead && !c->full && !c->warming && !outq_is_empty(&c->out))
		conn_send(c);
	if (c->watch.fd < 0)
		return; /* drained() closed it */
	conn_interest(c);
	if (c->dead)
		c->ops->broken(c, c->error); /* the owner may be gone after this */
}

int conn_init(struct conn *c, struct loop *l, struct pool *p, int fd, const struct conn_ops *ops)
{
	*c = (struct conn){
		.watch = { .fd = fd, .ready = conn_ready },
		.flush.run = conn_flush,
		.loop = l,
		.pool = p,
		.ops = ops,
	};
	return loop_watch(l, &c->watch, EPOLLIN);
}

void conn_done(struct conn *c)
{
	if (c->watch.fd < 0)
		return;
	loop_unwatch(c->loop, &c->watch);
	loop_undefer(&c->flush);
	(void)close(c->watch.fd);
	c->watch.fd = -1;
	c->dead = true;
	outq_clear(&c->out, c->pool);
}

ssize_t conn_read(struct conn *c, void *buf, size_t n)
{
	ssize_t r;

	do
		r = recv(c->watch.fd, buf, n, MSG_DONTWAIT);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	c->received += (uint64_t)r;
	return r;
}

bool conn_has_input(const struct conn *c)
{
	int n = 0;

	return ioctl(c->watch.fd, FIONREAD, &n) == 0 && n > 0;
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

void conn_defer_flush(struct conn *c)
{
	loop_defer(c->loop, &c->flush);
}

void conn_resident(struct conn *c, uint64_t len)
{
	c->warming = false;
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
	conn_interest(c);
}

int conn_shutdown(struct conn *c)
{
	return shutdown(c->watch.fd, SHUT_WR) < 0 ? -errno : 0;
}
