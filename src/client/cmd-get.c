/* SPDX-License-Identifier: MIT */
#include "client/command.h"

#include "base/io.h"
#include "client/partial.h"
#include "client/screen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CMD_GET_PIECE (256U << 10)

/* Where the body goes: a file, or standard output. */
struct cmd_get_sink {
	struct partial *file; /* NULL: the screen */
	struct screen screen;
};

static int cmd_get_write(struct cmd_get_sink *sink, const char *data, size_t n)
{
	return sink->file ? io_write_all(sink->file->fd, data, n) : screen_write(&sink->screen, data, n);
}

static enum exit_code cmd_get_say_local(const struct client *c, const struct cmd_get_sink *sink, int error)
{
	if (!sink->file)
		return client_say_output(c, error);
	return client_say(c, EXIT_CODE_FAILED, "cannot write %s: %s", sink->file->target, strerror(-error));
}

static enum exit_code cmd_get_body(struct client *c, struct cmd_get_sink *sink)
{
	_cleanup_(freep) char *piece = malloc(CMD_GET_PIECE);
	ssize_t k;
	int r;

	if (!piece)
		return client_say_broken(c, -ENOMEM);
	while ((k = peer_read_body(c->peer, piece, CMD_GET_PIECE)) > 0) {
		r = cmd_get_write(sink, piece, (size_t)k);
		if (r < 0) {
			/* The rest is not wanted, and cannot be called off. */
			client_lose(c);
			return cmd_get_say_local(c, sink, r);
		}
	}
	return k < 0 ? client_say_broken(c, (int)k) : EXIT_CODE_OK;
}

static enum exit_code cmd_get_fetch(struct client *c, const char *name, struct cmd_get_sink *sink)
{
	struct peer_reply reply;
	enum exit_code code;
	int r;

	code = client_ask(c, PEER_REPLY_SIZED, (const char *const[]){ "READ", name, NULL }, &reply);
	if (code == EXIT_CODE_OK)
		code = cmd_get_body(c, sink);
	if (code != EXIT_CODE_OK)
		return code;
	r = sink->file ? partial_finish(sink->file) : screen_finish(&sink->screen);
	return r < 0 ? cmd_get_say_local(c, sink, r) : EXIT_CODE_OK;
}

static enum exit_code cmd_get_say_target(const struct client *c, const char *target, int error)
{
	if (error == -EISDIR)
		return client_say(c, EXIT_CODE_FAILED, "%s is a folder: name a file in it", target);
	if (error == -ENOTSUP)
		return client_say(c, EXIT_CODE_FAILED,
				  "%s is no regular file, and is not replaced: use - and a redirection", target);
	return client_say(c, EXIT_CODE_FAILED, "cannot write %s: %s", target, strerror(-error));
}

static enum exit_code cmd_get_run(struct client *c, unsigned argc, char **argv)
{
	_cleanup_(partial_done) struct partial file = PARTIAL_INERT;
	const char *slash = strrchr(argv[1], '/'), *target = argc > 2 ? argv[2] : slash ? slash + 1 : argv[1];
	struct cmd_get_sink sink = { 0 };
	int r;

	if (argc > 2 && strcmp(target, "-") == 0) {
		screen_init(&sink.screen);
		return cmd_get_fetch(c, argv[1], &sink);
	}
	if (target[0] == '\0' || strcmp(target, ".") == 0 || strcmp(target, "..") == 0)
		return client_say(c, EXIT_CODE_USAGE, "'%s' is no name for a file here: write get NAME FILE", target);
	r = partial_begin(&file, target);
	if (r < 0)
		return cmd_get_say_target(c, target, r);
	sink.file = &file;
	return cmd_get_fetch(c, argv[1], &sink);
}

const struct command cmd_get = {
	.name = "get",
	.args = "NAME [FILE|-]",
	.help = "Fetches a file; - is standard output.",
	.min = 1,
	.max = 2,
	.run = cmd_get_run,
};
