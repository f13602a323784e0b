/* SPDX-License-Identifier: MIT */
/*
 * ioe-bare: the limit. A server that does what no server can do without, and nothing else: wait, one read, one write.
 * Every line gets the same answer, whatever it says. What a peer costs above this is its own.
 */
#include "bare-loop.h"
#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define BARE_READ 16384

static const char bare_answer[] = "PONG\n";
#define BARE_ANSWER_LEN (sizeof(bare_answer) - 1)

static char bare_in[BARE_READ];
static char bare_out[BARE_READ * BARE_ANSWER_LEN]; /* as many as there can be lines in one read */

/* A half line needs no memory: its end will be counted when it comes. Who does not read its answers is closed. */
static void bare_serve(_unused_ int epoll, int fd, _unused_ uint32_t events)
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
		r = bare_run(r, bare_serve);

	(void)fprintf(stderr, "ioe-bare: Cannot serve port %s: %s.\n", argv[1], strerror(-r));
	return 1;
}
