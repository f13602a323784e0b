/* SPDX-License-Identifier: MIT */
#include "peer/dial.h"

#include "peer/resolve.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#define DIAL_STAGGER_USEC (250 * USEC_PER_MSEC) /* between two attempts: RFC 8305, 5 */

/* TCP keepalive, to notice that a server has vanished: the silence before the first probe, the number of probes, and
 * the interval between two, in seconds. */
#define DIAL_KEEP_IDLE     60
#define DIAL_KEEP_INTERVAL 10
#define DIAL_KEEP_COUNT    6

int dial_wait(int fd, short events, struct countdown *c, short *ret_events)
{
	struct pollfd p = { .fd = fd, .events = events };
	uint64_t left;
	int r;

	do {
		left = countdown_left(c);
		r = poll(&p, 1, countdown_slice_msec(left));
		if (r < 0)
			return -errno;
		if (r > 0) {
			*ret_events = p.revents;
			return 0;
		}
	} while (left > 0);
	return -ETIMEDOUT;
}

/* The attempts under way. */
struct dial_race {
	const struct addrinfo **addresses; /* in the order they are tried */
	size_t n, next;
	struct pollfd *open;
	size_t n_open;
	uint64_t next_usec; /* when the next attempt can begin */
	int error;          /* of the last that failed */
};

static void dial_race_done(struct dial_race *race)
{
	for (size_t i = 0; i < race->n_open; i++)
		(void)close(race->open[i].fd);
	free(race->open);
	free(race->addresses);
}

/* Sorts the addresses: the two families in turn, and first the family of the first address. */
static int dial_race_init(struct dial_race *race, const struct addrinfo *list)
{
	const struct addrinfo *at[2] = { list, list };
	unsigned turn = 0;
	size_t n = 0;

	for (const struct addrinfo *a = list; a; a = a->ai_next)
		n++;
	*race = (struct dial_race){ .error = -ENXIO };
	race->addresses = calloc(n + 1, sizeof(struct addrinfo *));
	race->open = calloc(n + 1, sizeof(*race->open));
	if (!race->addresses || !race->open)
		return -ENOMEM;
	for (; race->n < n; turn ^= 1) {
		while (at[turn] && (at[turn]->ai_family == list->ai_family) != (turn == 0))
			at[turn] = at[turn]->ai_next;
		if (!at[turn])
			continue;
		race->addresses[race->n++] = at[turn];
		at[turn] = at[turn]->ai_next;
	}
	return 0;
}

static int dial_socket(const struct addrinfo *a)
{
	static const struct {
		int level, name, value;
	} options[] = {
		/* Requests are small and the client waits for the replies; without TCP_NODELAY a second small write
		 * can wait for an ACK. */
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, DIAL_KEEP_IDLE },
		{ IPPROTO_TCP, TCP_KEEPINTVL, DIAL_KEEP_INTERVAL },
		{ IPPROTO_TCP, TCP_KEEPCNT, DIAL_KEEP_COUNT },
	};
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	for (size_t i = 0; fd >= 0 && i < ELEMENTSOF(options); i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
	return fd < 0 ? -errno : fd;
}

/* Begins the next attempt. 1: it is connected already, or 0. */
static int dial_begin(struct dial_race *race, int *ret_fd)
{
	const struct addrinfo *a = race->addresses[race->next++];
	_cleanup_(closep) int fd = dial_socket(a);

	race->next_usec = clock_usec() + DIAL_STAGGER_USEC;
	if (fd < 0) {
		race->error = fd;
		return 0;
	}
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
		*ret_fd = STEAL_FD(fd);
		return 1;
	}
	if (errno == EINPROGRESS || errno == EINTR)
		race->open[race->n_open++] = (struct pollfd){ .fd = STEAL_FD(fd), .events = POLLOUT };
	else
		race->error = -errno;
	return 0;
}

/* Checks the sockets that poll() has reported: 1 and one is connected, or 0. After a failure the next attempt need
 * not wait. */
static int dial_finish(struct dial_race *race, int *ret_fd)
{
	size_t kept = 0;
	int won = -1;

	for (size_t i = 0; i < race->n_open; i++) {
		struct pollfd *p = &race->open[i];
		int error = 0;
		socklen_t len = sizeof(error);

		if (p->revents == 0 || won >= 0) {
			race->open[kept++] = *p;
			continue;
		}
		if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
			error = errno;
		if (error == 0) {
			won = p->fd;
			continue;
		}
		(void)close(p->fd);
		race->error = -error;
		race->next_usec = 0;
	}
	race->n_open = kept;
	if (won >= 0)
		*ret_fd = won;
	return won >= 0;
}

static int dial_race(struct dial_race *race, struct countdown *c, int *ret_fd)
{
	for (;;) {
		uint64_t now = clock_usec(), left = countdown_left(c), wait = left;
		bool more = race->next < race->n;

		if (more && (race->n_open == 0 || now >= race->next_usec)) {
			if (dial_begin(race, ret_fd) == 1)
				return 0;
			continue;
		}
		if (race->n_open == 0)
			return race->error;
		if (more)
			wait = MIN(left, race->next_usec - now);
		if (poll(race->open, race->n_open, countdown_slice_msec(wait)) < 0)
			return -errno;
		if (dial_finish(race, ret_fd) == 1)
			return 0;
		if (left == 0 && race->n_open > 0)
			return -ETIMEDOUT;
	}
}

int dial_tcp(const char *host, const char *port, struct countdown *c, int *ret_fd)
{
	struct dial_race race;
	struct addrinfo *list;
	int r;

	r = resolve_host(host, port, c, &list);
	if (r < 0)
		return r;
	r = dial_race_init(&race, list);
	if (r == 0)
		r = dial_race(&race, c, ret_fd);
	dial_race_done(&race);
	freeaddrinfo(list);
	return r;
}
