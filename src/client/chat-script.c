/* SPDX-License-Identifier: MIT */
#include "client/chat-script.h"

#include "base/macro.h"
#include "wire/line.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* All lines of a piece. */
static int chat_script_lines(struct chat *ch, struct line_reader *reader, char *at, size_t left)
{
	enum line_result result;
	_cleanup_(freep) char *copy = NULL;
	char *line;
	size_t len;

	while (!ch->quit && (result = line_next(reader, &at, &left, PEER_LINE_MAX, &line, &len)) != LINE_NONE) {
		if (result == LINE_NO_MEMORY)
			return -ENOMEM;
		if (result == LINE_TOO_LONG || memchr(line, '\0', len)) {
			client_print("a line of standard input %s is not sent",
				     result == LINE_TOO_LONG ? "of over 1 MiB" : "with a NUL byte");
			ch->failed = true;
			continue;
		}
		free(copy);
		copy = strndup(line, len);
		if (!copy)
			return -ENOMEM;
		(void)chat_line(ch, copy);
	}
	return 0;
}

/* Reads the bytes that standard input has: 1, 0 at its end, or negative errno. */
static int chat_script_take(struct chat *ch, struct line_reader *reader)
{
	char chunk[16384], end[] = "\n";
	ssize_t n;
	int r;

	n = read(STDIN_FILENO, chunk, sizeof(chunk));
	if (n < 0)
		return -errno;
	if (n > 0)
		r = chat_script_lines(ch, reader, chunk, (size_t)n);
	else
		r = line_is_unfinished(reader) ? chat_script_lines(ch, reader, end, 1) : 0;
	return r < 0 ? r : n > 0;
}

void chat_script(struct chat *ch)
{
	_cleanup_(line_reader_done) struct line_reader reader = { 0 };
	struct pollfd from[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };
	int r = 1;

	while (!ch->quit && r > 0) {
		if (chat_receive(ch) < 0) {
			ch->failed = true;
			return;
		}
		from[1].fd = peer_fd(ch->client->peer);
		if (poll(from, 2, -1) < 0)
			r = -errno;
		else if (from[0].revents != 0)
			r = chat_script_take(ch, &reader);
	}
	if (r < 0) {
		client_print("cannot read standard input: %s", strerror(-r));
		ch->failed = true;
	}
}

int chat_script_text(struct chat *ch, char *text, size_t len)
{
	_cleanup_(line_reader_done) struct line_reader reader = { 0 };
	char end[] = "\n";
	int r;

	r = chat_script_lines(ch, &reader, text, len);
	return r == 0 && line_is_unfinished(&reader) ? chat_script_lines(ch, &reader, end, 1) : r;
}
