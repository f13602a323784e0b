/* SPDX-License-Identifier: MIT */
#include "talk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One line, or NULL at the end. */
static char *talk_receive(struct talk *t)
{
	g_autoptr(GString) line = g_string_new(NULL);
	char c;

	while (harness_poll(t->fd, POLLIN, harness_deadline()) && recv(t->fd, &c, 1, 0) == 1) {
		if (c == '\n')
			return g_strdup(line->str);
		(void)g_string_append_c(line, c);
	}
	return NULL;
}

static void talk_play_one(struct talk *t, const struct talk_turn *turn)
{
	g_autofree char *line = talk_receive(t);

	if (line)
		(void)g_string_append_printf(t->received, "%s\n", line);
	if (!line || !g_pattern_match_simple(turn->receive, line))
		harness_fail("heard '%s', not '%s'; before it:\n%s", line ? line : "(the end)", turn->receive,
			     t->received->str);
	if (turn->say)
		(void)send(t->fd, turn->say, strlen(turn->say), MSG_NOSIGNAL);
}

static gpointer talk_play(gpointer data)
{
	struct talk *t = data;
	g_autofree char *more = NULL;

	t->fd = accept(t->listener, NULL, NULL);
	for (size_t i = 0; i < t->n_turns; i++) {
		if (!t->turns[i].receive) {
			(void)close(t->fd);
			t->fd = accept(t->listener, NULL, NULL);
		} else {
			talk_play_one(t, &t->turns[i]);
		}
	}
	more = talk_receive(t);
	if (more)
		harness_fail("heard '%s' behind the last", more);
	(void)close(t->fd);
	return NULL;
}

void talk_start(struct talk *t, const struct talk_turn *turns, size_t n_turns)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);

	*t = (struct talk){ .turns = turns, .n_turns = n_turns, .received = g_string_new(NULL) };
	t->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(t->listener, (const struct sockaddr *)&sa, sizeof(sa)), ==, 0);
	g_assert_cmpint(listen(t->listener, 8), ==, 0);
	g_assert_cmpint(getsockname(t->listener, (struct sockaddr *)&sa, &len), ==, 0);
	t->server = g_strdup_printf("127.0.0.1:%u", (unsigned)ntohs(sa.sin_port));
	t->thread = g_thread_new("server", talk_play, t);
}

void talk_finish(struct talk *t)
{
	(void)g_thread_join(t->thread);
	(void)close(t->listener);
	(void)g_string_free(t->received, TRUE);
	g_free(t->server);
}

void talk_expect(const struct tool *t, int status, const char *out)
{
	if (t->status != status || (out && strcmp(t->out->str, out) != 0))
		harness_fail("ended with %d, not %d; stdout: %s\nnot: %s\nstderr: %s", t->status, status, t->out->str,
			     out ? out : "", t->err->str);
}
