/* SPDX-License-Identifier: MIT */
#include "peer/dial.h"

#include "base/clock.h"
#include "base/macro.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

int dial_wait(int fd, short events, uint64_t deadline_usec, short *ret_events)
{
	struct pollfd p = { .fd = fd, .events = events };
	uint64_t now, left_ms;
	int r;

	for (;;) {
		now = clock_usec();
		/* Rounded up: a wait of less than 1 ms shall not become a busy loop. */
		left_ms = now < deadline_usec ? (deadline_usec - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC : 0;
		r = poll(&p, 1, (int)MIN(left_ms, (uint64_t)3600 * 1000));
		if (r < 0)
			return -errno;
		if (r > 0) {
			*ret_events = p.revents;
			return 0;
		}
		if (clock_usec() >= deadline_usec)
			return -ETIMEDOUT;
	}
}

static int dial_address(const struct addrinfo *a, uint64_t deadline_usec, int *ret_fd)
{
	_cleanup_(closep) int fd = -1;
	int one = 1, error = 0;
	socklen_t len = sizeof(error);
	short events;
	int r;

	fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Requests are small and answers are waited for; without it a second small write may wait for an ACK. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
		if (errno != EINPROGRESS && errno != EINTR)
			return -errno;
		r = dial_wait(fd, POLLOUT, deadline_usec, &events);
		if (r < 0)
			return r;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
			return -errno;
		if (error != 0)
			return -error;
	}
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int dial_errno(int gai)
{
	switch (gai) {
	case EAI_SYSTEM:
		return -errno;
	case EAI_MEMORY:
		return -ENOMEM;
	case EAI_AGAIN:
		return -EAGAIN;
	default:
		return -ENXIO;
	}
}

int dial_tcp(const char *host, const char *port, uint64_t deadline_usec, int *ret_fd)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list = NULL;
	int r;

	r = getaddrinfo(host, port, &hints, &list);
	if (r != 0)
		return dial_errno(r);
	r = -ENXIO;
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		r = dial_address(a, deadline_usec, ret_fd);
		if (r == 0 || r == -ETIMEDOUT || r == -EINTR)
			break;
	}
	freeaddrinfo(list);
	return r;
}
