/* SPDX-License-Identifier: MIT */
/*
 * ioe-bare-fan: the limit of a room. Every line goes to everybody, the one who said it included: what has been read in
 * one pass of the loop leaves in one send to each. The line "PING" is answered PONG, and to nobody else.
 */
#include "bare-loop.h"
#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BARE_FAN_MEMBERS 4096
#define BARE_FAN_LINE    256
#define BARE_FAN_READ    16384

struct bare_fan_member {
	int fd; /* -1: nobody */
	size_t rest_len;
	char rest[BARE_FAN_LINE];
};

static struct bare_fan_member bare_fan_members[BARE_FAN_MEMBERS];
static char bare_fan_in[BARE_FAN_LINE + BARE_FAN_READ];
static char bare_fan_out[BARE_FAN_MEMBERS * (BARE_FAN_LINE + BARE_FAN_READ)];
static size_t bare_fan_out_len, bare_fan_n;

static void bare_fan_leave(struct bare_fan_member *m)
{
	(void)close(m->fd);
	m->fd = -1;
}

static void bare_fan_enter(int epoll, int listener)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct bare_fan_member *m;
	size_t i;
	int fd;

	fd = bare_accept(listener);
	if (fd < 0)
		return;
	for (i = 0; i < bare_fan_n && bare_fan_members[i].fd >= 0; i++)
		;
	ev.data.ptr = m = &bare_fan_members[i];
	if (i == BARE_FAN_MEMBERS || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) < 0) {
		(void)close(fd);
		return;
	}

	m->fd = fd;
	m->rest_len = 0;
	bare_fan_n = MAX(bare_fan_n, i + 1);
}

static void bare_fan_read(struct bare_fan_member *m)
{
	char *end;
	size_t len;
	ssize_t n;

	memcpy(bare_fan_in, m->rest, m->rest_len);
	n = recv(m->fd, bare_fan_in + m->rest_len, BARE_FAN_READ, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	len = m->rest_len + (n < 0 ? 0 : (size_t)n);
	end = memrchr(bare_fan_in, '\n', len);
	end = end ? end + 1 : bare_fan_in;
	m->rest_len = len - (size_t)(end - bare_fan_in);
	if (n <= 0 || m->rest_len > sizeof(m->rest)) {
		bare_fan_leave(m);
		return;
	}
	memcpy(m->rest, end, m->rest_len);

	len = (size_t)(end - bare_fan_in);
	if (len == 5 && memcmp(bare_fan_in, "PING\n", 5) == 0) {
		(void)send(m->fd, "PONG\n", 5, MSG_NOSIGNAL);
		return;
	}
	memcpy(bare_fan_out + bare_fan_out_len, bare_fan_in, len);
	bare_fan_out_len += len;
}

/* Who does not read is closed. */
static void bare_fan_tell(void)
{
	struct bare_fan_member *m;

	for (m = bare_fan_members; m < bare_fan_members + bare_fan_n; m++)
		if (m->fd >= 0 &&
		    send(m->fd, bare_fan_out, bare_fan_out_len, MSG_NOSIGNAL) != (ssize_t)bare_fan_out_len)
			bare_fan_leave(m);
	bare_fan_out_len = 0;
}

static int bare_fan_run(int listener)
{
	struct epoll_event events[BARE_FAN_MEMBERS], ev = { .events = EPOLLIN };
	int epoll, n, i;

	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev) < 0)
		return -errno;

	for (;;) {
		n = epoll_wait(epoll, events, BARE_FAN_MEMBERS, -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		for (i = 0; i < n; i++)
			if (events[i].data.ptr)
				bare_fan_read(events[i].data.ptr);
			else
				bare_fan_enter(epoll, listener);
		if (bare_fan_out_len > 0)
			bare_fan_tell();
	}
}

int main(int argc, char **argv)
{
	uint64_t port;
	int r;

	if (argc != 2 || str_to_u64(argv[1], strlen(argv[1]), 1, 65535, &port) < 0) {
		(void)fputs("Usage: ioe-bare-fan PORT\nTells everybody on 127.0.0.1 every line. PORT is 1 to 65535.\n",
			    stderr);
		return 2;
	}

	r = bare_listen((uint16_t)port);
	if (r >= 0)
		r = bare_fan_run(r);

	(void)fprintf(stderr, "ioe-bare-fan: Cannot serve port %s: %s.\n", argv[1], strerror(-r));
	return 1;
}
