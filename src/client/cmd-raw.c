/* SPDX-License-Identifier: MIT */
#include "client/command.h"

#include "client/screen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A sized answer's bytes. 0, negative errno of the connection, or positive errno of standard output. */
static int cmd_raw_body(struct peer *p, struct screen *screen)
{
	char piece[16384];
	ssize_t k;
	int r;

	while ((k = peer_read_body(p, piece, sizeof(piece))) > 0) {
		r = screen_write(screen, piece, (size_t)k);
		if (r < 0)
			return -r;
	}
	return (int)k;
}

static enum exit_code cmd_raw_show(struct client *c, const struct peer_reply *reply)
{
	enum exit_code code = reply->kind == PEER_REPLY_ERROR ? EXIT_CODE_FAILED : EXIT_CODE_OK;
	bool is_bye = strcmp(reply->line, "BYE") == 0;
	struct screen screen;
	int r;

	screen_init(&screen);
	r = screen_write(&screen, reply->line, reply->line_len);
	if (r == 0)
		r = screen_write(&screen, "\n", 1);
	r = -r;
	if (r == 0 && reply->kind == PEER_REPLY_SIZED)
		r = cmd_raw_body(c->peer, &screen);
	if (r < 0)
		return client_say_broken(c, r);
	if (r == 0)
		r = -screen_finish(&screen);
	if (is_bye)
		client_leave(c);
	if (r > 0) {
		/* Of a body that is not read to its end nothing more can be told apart. */
		client_lose(c);
		return client_say_output(c, -r);
	}
	return code;
}

static enum exit_code cmd_raw_run(struct client *c, unsigned argc _unused_, char **argv)
{
	struct peer_reply reply;
	enum exit_code code;
	struct peer *p;
	int r;

	if (strchr(argv[1], '\n'))
		return client_say(c, EXIT_CODE_USAGE, "a line holds no line end; in ioe/1 write %%0A");
	p = client_link(c, &code);
	if (!p)
		return code;
	r = peer_request_raw(p, argv[1], strlen(argv[1]));
	if (r == 0)
		r = peer_reply(p, &reply);
	return r < 0 ? client_say_broken(c, r) : cmd_raw_show(c, &reply);
}

const struct command cmd_raw = {
	.name = "raw",
	.args = "LINE",
	.help = "Sends a line of ioe/1 as it is (one word: quote it) and shows the answer as it comes.",
	.min = 1,
	.max = 1,
	.run = cmd_raw_run,
};
