/* SPDX-License-Identifier: MIT */
/*
 * ioe-bare: the limit. A server that does what no server can do without, and nothing else: wait, one read, one write.
 * Every line gets the same answer, whatever it says. What a peer costs above this is its own.
 */
#include "base/macro.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BARE_EVENTS 1024
#define BARE_READ   16384

static const char bare_answer[] = "PONG\n";
#define BARE_ANSWER_LEN (sizeof(bare_answer) - 1)

static char bare_in[BARE_READ];
static char bare_out[BARE_READ * BARE_ANSWER_LEN]; /* as many as there can be lines in one read */

static int bare_listen(uint16_t port)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd, one = 1;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, SOMAXCONN) < 0) {
		int r = -errno;

		(void)close(fd);
		return r;
	}

	return fd;
}

static void bare_watch(int epoll, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		(void)close(fd);
}

static void bare_accept(int epoll, int listener)
{
	int fd, one = 1;

	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	bare_watch(epoll, fd);
}

/* A half line needs no memory: its end will be counted when it comes. Who does not read its answers is closed. */
static void bare_serve(int fd)
{
	const char *p = bare_in, *end;
	size_t out = 0;
	ssize_t n;

	n = recv(fd, bare_in, sizeof(bare_in), 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		(void)close(fd);
		return;
	}

	for (end = p + n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		out += BARE_ANSWER_LEN;
	if (out > 0 && send(fd, bare_out, out, MSG_NOSIGNAL) != (ssize_t)out)
		(void)close(fd);
}

static int bare_run(int listener)
{
	struct epoll_event events[BARE_EVENTS];
	int epoll, n, i;

	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		return -errno;
	bare_watch(epoll, listener);

	for (;;) {
		n = epoll_wait(epoll, events, BARE_EVENTS, -1);
		if (n < 0 && errno != EINTR)
			return -errno;

		for (i = 0; i < n; i++)
			if (events[i].data.fd == listener)
				bare_accept(epoll, listener);
			else
				bare_serve(events[i].data.fd);
	}
}

int main(int argc, char **argv)
{
	uint64_t port;
	size_t i;
	int r;

	if (argc != 2 || str_to_u64(argv[1], strlen(argv[1]), 1, 65535, &port) < 0) {
		(void)fputs("Usage: ioe-bare PORT\nAnswers every line on 127.0.0.1 with PONG. PORT is 1 to 65535.\n",
			    stderr);
		return 2;
	}

	for (i = 0; i < BARE_READ; i++)
		memcpy(bare_out + i * BARE_ANSWER_LEN, bare_answer, BARE_ANSWER_LEN);

	r = bare_listen((uint16_t)port);
	if (r >= 0)
		r = bare_run(r);

	(void)fprintf(stderr, "ioe-bare: Cannot serve port %s: %s.\n", argv[1], strerror(-r));
	return 1;
}
