/* SPDX-License-Identifier: MIT */
#include "bare-loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BARE_EVENTS 1024

int bare_listen(uint16_t port)
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

int bare_accept(int listener)
{
	int fd, one = 1;

	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void bare_watch(int epoll, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		(void)close(fd);
}

int bare_run(int listener, void (*serve)(int epoll, int fd, uint32_t events))
{
	struct epoll_event events[BARE_EVENTS];
	int epoll, n, i, fd;

	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		return -errno;
	bare_watch(epoll, listener);

	for (;;) {
		n = epoll_wait(epoll, events, BARE_EVENTS, -1);
		if (n < 0 && errno != EINTR)
			return -errno;

		for (i = 0; i < n; i++) {
			if (events[i].data.fd != listener) {
				serve(epoll, events[i].data.fd, events[i].events);
				continue;
			}
			fd = bare_accept(listener);
			if (fd >= 0)
				bare_watch(epoll, fd);
		}
	}
}
