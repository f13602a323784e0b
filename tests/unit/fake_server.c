/* SPDX-License-Identifier: MIT */
#include "unit/fake_server.h"

#include "base/macro.h"

#include <check.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void fake_say(int fd, const char *s, size_t n, size_t piece)
{
	for (size_t k; n > 0; s += k, n -= k) {
		ssize_t sent = send(fd, s, piece > 0 ? MIN(piece, n) : n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		k = (size_t)sent;
	}
}

bool fake_hear(struct fake *f, int fd)
{
	size_t n = 0;
	char c;

	while (recv(fd, &c, 1, 0) == 1) {
		if (c == '\n') {
			f->heard[n] = '\0';
			return true;
		}
		if (n < sizeof(f->heard) - 1)
			f->heard[n++] = c;
	}
	return false;
}

void fake_drain(int fd)
{
	char junk[4096];

	while (recv(fd, junk, sizeof(junk), 0) > 0)
		;
}

void fake_wait(struct fake *f)
{
	struct pollfd over = { .fd = f->listener, .events = POLLIN };

	(void)poll(&over, 1, 10000);
}

void fake_serve_play(struct fake *f, int fd)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	const struct fake_play *play = f->play;

	if (play->greeting)
		fake_say(fd, play->greeting, strlen(play->greeting), play->piece);
	for (size_t i = 0; play->answers && play->answers[i] && fake_hear(f, fd); i++)
		fake_say(fd, play->answers[i], strlen(play->answers[i]), play->piece);
	if (play->reset)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	if (play->stay)
		fake_drain(fd);
}

void fake_serve_flood(struct fake *f, int fd)
{
	static char flood[8192];

	memset(flood, 'x', sizeof(flood));
	if (f->play) {
		(void)fake_hear(f, fd);
		fake_say(fd, FAKE_HI, strlen(FAKE_HI), 0);
		(void)fake_hear(f, fd);
	}
	while (send(fd, flood, sizeof(flood), MSG_NOSIGNAL) > 0)
		;
}

static void *fake_run(void *p)
{
	struct fake *f = p;
	int one = 1, fd = accept(f->listener, NULL, NULL);

	if (fd < 0)
		return NULL;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	f->serve(f, fd);
	(void)close(fd);
	return NULL;
}

void fake_start(struct fake *f, void (*serve)(struct fake *, int))
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);

	f->serve = serve;
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(f->listener, 0);
	ck_assert_int_eq(bind(f->listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_eq(listen(f->listener, 4), 0);
	ck_assert_int_eq(getsockname(f->listener, (struct sockaddr *)&sa, &len), 0);
	(void)snprintf(f->port, sizeof(f->port), "%u", ntohs(sa.sin_port));
	ck_assert_int_eq(pthread_create(&f->thread, NULL, fake_run, f), 0);
}

void fake_stop(struct fake *f)
{
	(void)shutdown(f->listener, SHUT_RDWR);
	(void)pthread_join(f->thread, NULL);
	(void)close(f->listener);
}

int fake_connect(struct fake *f, const struct fake_play *play, struct peer **ret)
{
	f->play = play;
	fake_start(f, fake_serve_play);
	return peer_connect(ret, "127.0.0.1", f->port, FAKE_LONG_USEC, FAKE_LONG_USEC);
}

int fake_ask(struct peer *p, const char *line, struct peer_reply *ret)
{
	int r = peer_request_raw(p, line, strlen(line));

	return r < 0 ? r : peer_reply(p, ret);
}

void fake_expect_field(const struct peer_reply *reply, unsigned i, const char *expect)
{
	ck_assert_uint_lt(i, reply->n_fields);
	ck_assert_uint_eq(reply->fields[i].len, strlen(expect));
	ck_assert_mem_eq(reply->fields[i].data, expect, strlen(expect));
}
