/* SPDX-License-Identifier: MIT */
#include "net/acceptor.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/macro.h"
#include "log/event.h"
#include "log/ratelimit.h"
#include "net/listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Accepted in one turn of the loop; the rest of a crowd waits for the next. */
#define ACCEPTOR_BATCH 64

/* After running out of descriptors; sooner where a connection is closed. */
#define ACCEPTOR_PAUSE_USEC USEC_PER_SEC

struct acceptor_entry {
	struct map_node node;
	struct in6_addr key;
	uint64_t connections;
};

static struct acceptor_entry *acceptor_find(struct acceptor *a, const struct in6_addr *key)
{
	struct map_node *n = map_find(&a->addresses, key, sizeof(*key));

	return n ? container_of(n, struct acceptor_entry, node) : NULL;
}

static enum acceptor_verdict acceptor_enter_address(struct acceptor *a, const struct address *from)
{
	struct in6_addr key = address_network(from);
	struct acceptor_entry *e = acceptor_find(a, &key);

	if (e && e->connections >= a->max_per_address)
		return ACCEPTOR_ADDRESS_FULL;
	if (!e) {
		e = calloc(1, sizeof(*e));
		if (!e)
			return ACCEPTOR_NO_MEMORY;
		e->key = key;
		if (map_add(&a->addresses, &e->node, &e->key, sizeof(e->key)) < 0) {
			free(e);
			return ACCEPTOR_NO_MEMORY;
		}
	}
	e->connections++;
	return ACCEPTOR_ADMITTED;
}

enum acceptor_verdict acceptor_enter(struct acceptor *a, const struct address *from)
{
	enum acceptor_verdict v = ACCEPTOR_ADMITTED;

	if (a->connections >= a->max_connections)
		return ACCEPTOR_FULL;
	if (!address_is_loopback(from))
		v = acceptor_enter_address(a, from);
	if (v == ACCEPTOR_ADMITTED)
		a->connections++;
	return v;
}

static void acceptor_count_out(struct acceptor *a, const struct address *from)
{
	struct in6_addr key = address_network(from);
	struct acceptor_entry *e;

	a->connections--;
	if (address_is_loopback(from))
		return;
	e = acceptor_find(a, &key);
	if (!e || --e->connections > 0)
		return;
	map_remove(&a->addresses, &e->node);
	free(e);
}

/* Best effort: nobody waits for it to arrive, or reads what the peer sent. */
static void acceptor_refuse(struct acceptor *a, struct listener *l, int fd, const struct address *peer,
			    enum log_event what, const char *why)
{
	char text[200], from[ADDRESS_TEXT_MAX];
	const struct log_field field = { "IOE_PEER", address_text(peer, from) };
	int n = snprintf(text, sizeof(text), "ERROR: limit: %s; try again later\n", why);

	counter_add(&l->refused, 1);
	if (log_ratelimit_pass(a->ratelimit, what, peer))
		log_event(what, &field, 1, "a connection from %s to %s was refused: \"%s\"", from, l->address, why);
	(void)send(fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(fd, SHUT_WR);
	(void)close(fd);
}

static void acceptor_take(struct acceptor *a, struct listener *l, int fd, const struct sockaddr_storage *sa)
{
	struct address peer;

	address_from_sockaddr(&peer, sa);
	switch (acceptor_enter(a, &peer)) {
	case ACCEPTOR_ADMITTED:
		break;
	case ACCEPTOR_FULL:
		acceptor_refuse(a, l, fd, &peer, LOG_EVENT_LIMIT_SESSIONS,
				"the server has as many sessions as it may (limits.connections)");
		return;
	case ACCEPTOR_ADDRESS_FULL:
		acceptor_refuse(a, l, fd, &peer, LOG_EVENT_LIMIT_ADDRESS,
				"your address has as many sessions as it may (limits.per_address)");
		return;
	case ACCEPTOR_NO_MEMORY:
		acceptor_refuse(a, l, fd, &peer, LOG_EVENT_OUT_OF_RESOURCES, "the server is out of memory");
		return;
	}
	if (a->accepted(a, l, fd, &peer) < 0) {
		acceptor_count_out(a, &peer);
		acceptor_refuse(a, l, fd, &peer, LOG_EVENT_LIMIT_MEMORY,
				"the server's memory for clients (limits.memory) is used up");
		return;
	}
	counter_add(&l->accepted, 1);
}

/* Tries again after a while, or when a connection is closed. */
static void acceptor_wait(struct acceptor *a, const struct listener *l, int error)
{
	if (!timer_is_armed(&a->timer))
		loop_timer(a->loop, &a->timer, a->loop->now_usec + ACCEPTOR_PAUSE_USEC);
	if (log_ratelimit_pass(a->ratelimit, LOG_EVENT_OUT_OF_RESOURCES, NULL))
		log_event(LOG_EVENT_OUT_OF_RESOURCES, NULL, 0,
			  "%s accepts no connections for now: %s; raise LimitNOFILE= or lower limits.connections",
			  l->address, strerror(error));
}

/*
 * No descriptor or memory is left for another connection. A level-triggered listener would call again at once and
 * for ever: the loop does not watch it for a while.
 */
static void acceptor_pause(struct acceptor *a, struct listener *l, int error)
{
	loop_unwatch(a->loop, &l->watch);
	atomic_store_explicit(&l->paused, true, memory_order_relaxed);
	acceptor_wait(a, l, error);
}

static bool acceptor_is_passing(int error)
{
	/* accept(2): errors of the connection that was to be accepted, not of the listener. */
	return error == ECONNABORTED || error == EPROTO || error == EPERM || error == ENETDOWN ||
	       error == EHOSTDOWN || error == EHOSTUNREACH || error == ENETUNREACH || error == ENONET ||
	       error == ENOPROTOOPT || error == EOPNOTSUPP || error == EINTR;
}

static void acceptor_ready(struct watch *w, _unused_ uint32_t events)
{
	struct listener *l = container_of(w, struct listener, watch);
	struct acceptor *a = l->acceptor;

	for (unsigned i = 0; i < ACCEPTOR_BATCH; i++) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof(sa);
		int fd = accept4(w->fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			acceptor_take(a, l, fd, &sa);
			continue;
		}
		if (errno == EAGAIN)
			return;
		if (acceptor_is_passing(errno))
			continue;
		acceptor_pause(a, l, errno);
		return;
	}
}

static void acceptor_watch(struct acceptor *a, struct listener *l)
{
	int r = loop_watch(a->loop, &l->watch, EPOLLIN);

	atomic_store_explicit(&l->paused, r < 0, memory_order_relaxed);
	if (r < 0)
		acceptor_wait(a, l, -r);
}

static void acceptor_start_at(struct acceptor *a, struct listener *l)
{
	if (l->older) {
		counter_add(&l->accepted, atomic_load_explicit(&l->older->accepted, memory_order_relaxed));
		counter_add(&l->refused, atomic_load_explicit(&l->older->refused, memory_order_relaxed));
		l->older = listener_unref(l->older);
	}
	l->acceptor = a;
	l->watch.ready = acceptor_ready;
	acceptor_watch(a, l);
}

/* The kernel refuses what waits in the backlog. */
static void acceptor_stop_at(struct acceptor *a, struct listener *l)
{
	if (l->watch.fd < 0)
		return;
	if (!atomic_load_explicit(&l->paused, memory_order_relaxed))
		loop_unwatch(a->loop, &l->watch);
	atomic_store_explicit(&l->paused, false, memory_order_relaxed);
	(void)close(l->watch.fd);
	l->watch.fd = -1;
}

/* Accepts what waits in the backlog, where another socket takes its place. */
static void acceptor_drain(struct listener *l)
{
	for (unsigned i = 0; i <= LISTENER_BACKLOG / ACCEPTOR_BATCH && l->watch.fd >= 0 && !l->paused; i++)
		acceptor_ready(&l->watch, 0);
}

static void acceptor_again(struct timer *t)
{
	struct acceptor *a = container_of(t, struct acceptor, timer);

	for (struct listener *const *l = a->listeners; l && *l; l++)
		if (atomic_load_explicit(&(*l)->paused, memory_order_relaxed) && (*l)->watch.fd >= 0)
			acceptor_watch(a, *l);
}

void acceptor_leave(struct acceptor *a, const struct address *from)
{
	acceptor_count_out(a, from);
	if (timer_is_armed(&a->timer)) {
		loop_no_timer(a->loop, &a->timer);
		acceptor_again(&a->timer);
	}
}

static bool acceptor_has(struct listener *const *list, const struct listener *l)
{
	while (list && *list && *list != l)
		list++;
	return list && *list;
}

/* Whether another socket takes its place: when the old one is closed, the kernel refuses connections that wait for
 * it. */
static bool acceptor_is_replaced(struct listener *const *list, const struct listener *l)
{
	while (*list && !((*list)->older == l && (*list)->ipv4 != l->ipv4))
		list++;
	return *list;
}

/* A listener that only changes has its socket in both lists: the new one accepts what waits in the backlog. */
void acceptor_use(struct acceptor *a, struct listener *const *listeners)
{
	struct listener *const *old = a->listeners;

	a->listeners = listeners;
	for (struct listener *const *l = old; l && *l; l++) {
		if (acceptor_has(listeners, *l))
			continue;
		if (acceptor_is_replaced(listeners, *l))
			acceptor_drain(*l);
		acceptor_stop_at(a, *l);
	}
	for (struct listener *const *l = listeners; *l; l++)
		if (!acceptor_has(old, *l))
			acceptor_start_at(a, *l);
}

void acceptor_stop(struct acceptor *a)
{
	for (struct listener *const *l = a->listeners; l && *l; l++)
		acceptor_stop_at(a, *l);
	loop_no_timer(a->loop, &a->timer);
}

void acceptor_set_limits(struct acceptor *a, uint64_t connections, uint64_t per_address)
{
	a->max_connections = connections;
	a->max_per_address = per_address;
}

int acceptor_init(struct acceptor *a, struct loop *loop, struct log_ratelimit *ratelimit, acceptor_accepted_fn accepted)
{
	*a = (struct acceptor){
		.loop = loop,
		.ratelimit = ratelimit,
		.accepted = accepted,
		.timer.fire = acceptor_again,
	};
	return map_init(&a->addresses);
}

void acceptor_done(struct acceptor *a)
{
	struct map_node *n;

	while ((n = map_next(&a->addresses, NULL))) {
		map_remove(&a->addresses, n);
		free(container_of(n, struct acceptor_entry, node));
	}
	map_done(&a->addresses);
}
