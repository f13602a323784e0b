/* SPDX-License-Identifier: MIT */
#include "conn.h"

#include "base/clock.h"
#include "base/macro.h"
#include "target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define CONN_TIMEOUT_SEC 5
#define CONN_RETRY_NSEC  50000

int conn_set_patience(int fd, unsigned sec)
{
	struct timeval tv = { .tv_sec = (time_t)sec };

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) < 0)
		return -errno;
	return 0;
}

int conn_try(uint16_t port, int *ret_fd)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	_cleanup_(closep) int fd = -1;
	int one = 1, r;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
		return -errno;
	r = conn_set_patience(fd, CONN_TIMEOUT_SEC);
	if (r < 0)
		return r;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;

	*ret_fd = STEAL_FD(fd);
	return 0;
}

int conn_open(uint16_t port, uint64_t until_usec, int *ret_fd)
{
	const struct timespec pause = { .tv_nsec = CONN_RETRY_NSEC };
	int r;

	for (;;) {
		r = conn_try(port, ret_fd);
		if (r != -ECONNREFUSED)
			return r;
		if (clock_usec() >= until_usec)
			return -ETIMEDOUT;

		/* nobody tells a stranger when a port opens */
		(void)nanosleep(&pause, NULL);
	}
}

static int conn_take_greeting(int fd)
{
	ssize_t n;
	char c;

	/* a byte at a time, so as not to read into the answer */
	for (;;) {
		n = recv(fd, &c, 1, 0);
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		if (c == '\n')
			return 0;
	}
}

int conn_send(int fd, const void *p, size_t n, bool more)
{
	const char *at = p;
	ssize_t sent;

	for (; n > 0; n -= (size_t)sent, at += sent) {
		sent = send(fd, at, n, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
		if (sent < 0)
			return -errno;
	}

	return 0;
}

int conn_expect(int fd, const char *answer, bool more)
{
	_cleanup_(expect_done) struct expect e = {};
	char buf[16384];
	size_t pos = 0;
	ssize_t n;
	int r;

	r = expect_init(&e, answer, 1);
	if (r < 0)
		return r;

	while (pos < e.len) {
		n = recv(fd, buf, MIN(sizeof(buf), e.len - pos + (more ? 0 : 1)), 0);
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		if (!expect_matches(&e, pos, buf, (size_t)n))
			return -EBADMSG;
		pos += (size_t)n;
	}

	return 0;
}

int conn_check(int fd, bool greets, const char *request, const char *answer)
{
	int r;

	if (greets) {
		r = conn_take_greeting(fd);
		if (r < 0)
			return r;
	}

	r = conn_send(fd, request, strlen(request), false);
	if (r < 0)
		return r;
	return conn_expect(fd, answer, false);
}
