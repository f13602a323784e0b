/* SPDX-License-Identifier: MIT */
#include "net/listener.h"

#include "base/macro.h"
#include "net/inherited.h"
#include "net/liveness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define STRING(member) OPTION_FIELD(struct listener_options, member, char *)
#define NUMBER(member) OPTION_FIELD(struct listener_options, member, uint64_t)

static const struct option listener_rows[] = {
	{ "port", OPTION_INT, NUMBER(port), 0, 65535, NULL, OPTION_APPLY_NOW, NULL,
	  "The port to listen on. With 0 the kernel chooses one." },
	{ "port_base", OPTION_INT, NUMBER(port_base), 0, 65534, NULL, OPTION_APPLY_NOW, NULL,
	  "In place of port: the port is this number plus the number of the instance." },
	{ "address", OPTION_STRING, STRING(address), 1, 45, "127.0.0.1", OPTION_APPLY_NOW, NULL,
	  "The IPv4 or IPv6 address to listen on: 0.0.0.0 is all of IPv4, :: all of IPv4 and IPv6." },
	{ "roles", OPTION_ROLES, NUMBER(roles), 1, 16, NULL, OPTION_APPLY_NOW, NULL,
	  "The roles that the listener offers." },
	{ "raw", OPTION_BOOL, OPTION_FIELD(struct listener_options, raw, bool), 0, 1, "true", OPTION_APPLY_NOW, NULL,
	  "Whether the listener accepts old clients, which send no line ends." },
};

const struct option_section listener_section = {
	.name = "listeners",
	.rows = listener_rows,
	.n_rows = ELEMENTSOF(listener_rows),
	.size = sizeof(struct listener_options),
};

static bool listener_parse(const struct listener_options *o, unsigned instance, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
	uint16_t port = htons((uint16_t)(o->port_base ? o->port_base + instance : o->port));

	*ret = (struct sockaddr_storage){};
	if (inet_pton(AF_INET, o->address, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = port;
		return true;
	}
	if (inet_pton(AF_INET6, o->address, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = port;
		return true;
	}
	return false;
}

bool listener_same_address(const struct address *a, const struct address *b)
{
	return a->port == b->port && memcmp(&a->ip, &b->ip, sizeof(a->ip)) == 0;
}

/*
 * Limit of bytes that the kernel has of a connection and has not sent. Without it the kernel would take 2.7 MB for a
 * client that requests a large file and never reads, and would not send faster to one that reads: bytes on their way
 * to the peer do not count.
 */
#define LISTENER_UNSENT_MAX (256 << 10)

static void listener_set(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

/* Accepted sockets inherit these options: small answers leave at once, and peers that are gone are found. */
void listener_set_options(int fd, uint64_t peer_usec)
{
	listener_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	listener_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	listener_set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, LISTENER_UNSENT_MAX);
	liveness_set_timeout(fd, peer_usec);
}

void listener_set_peer_timeout(struct listener *l, uint64_t peer_usec)
{
	if (l->watch.fd >= 0)
		liveness_set_timeout(l->watch.fd, peer_usec);
}

bool listener_is_any(const struct address *a)
{
	return IN6_IS_ADDR_UNSPECIFIED(&a->ip);
}

bool listener_address(const struct listener_plan *plan, size_t i, struct address *ret)
{
	struct sockaddr_storage sa;

	if (!listener_parse(plan->settings->listeners[i], plan->instance, &sa))
		return false;
	address_from_sockaddr(ret, &sa);
	return true;
}

bool listener_takes_ipv4(const struct listener_plan *plan, const struct address *at)
{
	struct address other;

	for (size_t i = 0; i < plan->settings->n_listeners && at->port > 0; i++)
		if (listener_address(plan, i, &other) && other.port == at->port && IN6_IS_ADDR_V4MAPPED(&other.ip))
			return false;
	return listener_is_any(at);
}

/* Whether the configuration has that listener, with that socket. */
static bool listener_stays(const struct listener_plan *plan, const struct listener *l)
{
	struct address at;

	for (size_t i = 0; i < plan->settings->n_listeners; i++)
		if (listener_address(plan, i, &at) && listener_same_address(&at, &l->at))
			return listener_takes_ipv4(plan, &at) == l->ipv4;
	return false;
}

/*
 * The kernel lets one socket have an address at a time, and :: and IPv4's have some in common. An old socket that is
 * in the way, and is to go, stays until the new one is there: for this moment both say that they share the port.
 */
static void listener_share(const struct listener_plan *plan, uint16_t port, int on)
{
	for (struct listener *const *l = plan->old; l && *l; l++)
		if ((*l)->bound.port == port && !listener_stays(plan, *l))
			listener_set((*l)->watch.fd, SOL_SOCKET, SO_REUSEPORT, on);
}

static int listener_bind(const struct listener_plan *plan, const struct sockaddr_storage *sa, const struct listener *l)
{
	_cleanup_(closep) int fd = -1;
	socklen_t len = sa->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int r;

	fd = socket(sa->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	listener_set_options(fd, plan->peer_usec);
	if (sa->ss_family == AF_INET6)
		listener_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !l->ipv4);
	listener_share(plan, l->at.port, 1);
	listener_set(fd, SOL_SOCKET, SO_REUSEPORT, plan->old != NULL);
	r = bind(fd, (const struct sockaddr *)sa, len) < 0 || listen(fd, LISTENER_BACKLOG) < 0 ? -errno : 0;
	listener_set(fd, SOL_SOCKET, SO_REUSEPORT, 0);
	listener_share(plan, l->at.port, 0);
	return r < 0 ? r : STEAL_FD(fd);
}

/* Takes the fd over on success, with the address that it really has. */
static int listener_use(struct listener *l, int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char text[ADDRESS_TEXT_MAX];

	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return -errno;
	address_from_sockaddr(&l->bound, &sa);
	(void)snprintf(l->address, sizeof(l->address), sa.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		       address_text(&l->bound, text), l->bound.port);
	l->watch.fd = fd;
	return 0;
}

static int listener_new(struct listener **ret, const struct listener_plan *plan, const struct listener_options *o,
			const struct address *at)
{
	struct listener *l = calloc(1, plan->size);
	int r;

	if (!l)
		return -ENOMEM;
	atomic_init(&l->refs, 1);
	l->watch.fd = -1;
	l->at = *at;
	l->role_bits = o->roles;
	l->raw = o->raw;
	l->ipv4 = listener_takes_ipv4(plan, at);
	r = plan->init(l, plan->userdata);
	if (r < 0)
		(void)listener_unref(l);
	else
		*ret = l;
	return r;
}

static struct listener *listener_find(struct listener *const *list, const struct address *at)
{
	for (; list && *list; list++)
		if (listener_same_address(&(*list)->at, at))
			return *list;
	return NULL;
}

/* A socket for it: the fd or negative errno. */
static int listener_socket(const struct listener_plan *plan, struct listener *l, struct listener *older,
			   const struct sockaddr_storage *sa)
{
	int fd;

	if (older)
		l->older = listener_ref(older);
	if (older && older->ipv4 == l->ipv4) {
		l->passed = older->passed;
		fd = fcntl(older->watch.fd, F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? -errno : fd;
	}
	fd = inherited_pick(plan, &l->at);
	l->passed = fd >= 0;
	return fd >= 0 ? fd : listener_bind(plan, sa, l);
}

static void listener_explain(const struct listener_plan *plan, int error, const struct listener_options *o,
			     const struct address *at)
{
	unsigned instance = plan->instance;

	if (error == -EADDRINUSE)
		(void)snprintf(plan->why, plan->why_size,
			       "port %u on %s is in use by another program; stop it (ss -ltnp shows it; where that is systemd, "
			       "for a socket unit: systemctl disable --now ioe@%u.socket), or change listeners in the configuration",
			       at->port, o->address, instance);
	else if (error == -EADDRNOTAVAIL)
		(void)snprintf(plan->why, plan->why_size,
			       "%s is no address of this machine; change listeners in the configuration", o->address);
	else if (error == -EACCES)
		(void)snprintf(plan->why, plan->why_size,
			       "port %u needs a right that ioed does not have; choose one from 1024 to 65535",
			       at->port);
	else if (error == -EAFNOSUPPORT)
		(void)snprintf(plan->why, plan->why_size,
			       "cannot listen on %s port %u: the kernel has no %s for ioed; under systemd, "
			       "RestrictAddressFamilies= must name AF_INET and AF_INET6 (systemctl edit ioe@%u); where the "
			       "machine has none, give listeners an address of the other kind",
			       o->address, at->port, strchr(o->address, ':') ? "IPv6" : "IPv4", instance);
	else if (error == -EPERM)
		(void)snprintf(plan->why, plan->why_size,
			       "cannot listen on %s port %u: it is forbidden to ioed; under systemd, SocketBindAllow= must "
			       "allow it (systemctl edit ioe@%u)",
			       o->address, at->port, instance);
	else
		(void)snprintf(plan->why, plan->why_size, "cannot listen on %s port %u: %s", o->address, at->port,
			       strerror(-error));
}

int listener_open(const struct listener_plan *plan, size_t i, struct listener **ret)
{
	const struct listener_options *o = plan->settings->listeners[i];
	struct sockaddr_storage sa;
	struct listener *older, *l = NULL;
	struct address at;
	int r, fd = -1;

	if (!listener_parse(o, plan->instance, &sa))
		return -EINVAL;
	address_from_sockaddr(&at, &sa);
	older = listener_find(plan->old, &at);
	if (older && older->role_bits == o->roles && older->raw == o->raw &&
	    older->ipv4 == listener_takes_ipv4(plan, &at)) {
		*ret = listener_ref(older);
		return 0;
	}
	r = listener_new(&l, plan, o, &at);
	if (r >= 0)
		r = fd = listener_socket(plan, l, older, &sa);
	if (r >= 0)
		r = listener_use(l, fd);
	if (r >= 0) {
		*ret = l;
		return 0;
	}
	listener_explain(plan, r, o, &at);
	if (fd >= 0)
		(void)close(fd);
	(void)listener_unref(l);
	return r;
}

int listener_check_leaving(const struct listener_plan *plan)
{
	unsigned instance = plan->instance;

	for (struct listener *const *l = plan->old; l && *l; l++) {
		if (!(*l)->passed || listener_stays(plan, *l))
			continue;
		(void)snprintf(plan->why, plan->why_size,
			       "%s was passed in by systemd, which keeps it: a client that connects there would wait "
			       "for ever; first systemctl disable --now ioe@%u.socket, then systemctl restart ioe@%u",
			       (*l)->address, instance, instance);
		return -EBUSY;
	}
	return 0;
}

struct listener *listener_ref(struct listener *l)
{
	(void)atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
	return l;
}

struct listener *listener_unref(struct listener *l)
{
	if (!l || atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) > 1)
		return NULL;
	if (l->watch.fd >= 0)
		(void)close(l->watch.fd);
	(void)listener_unref(l->older);
	free(l);
	return NULL;
}

struct listener **listener_list_copy(struct listener *const *list)
{
	struct listener **copy;
	size_t n = 0;

	while (list[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < n; i++)
		copy[i] = listener_ref(list[i]);
	return copy;
}

void listener_list_free(struct listener **list)
{
	for (size_t i = 0; list && list[i]; i++)
		(void)listener_unref(list[i]);
	free(list);
}
