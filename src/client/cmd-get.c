/* SPDX-License-Identifier: MIT */
#include "client/commands.h"

#include "base/io.h"
#include "client/partial.h"
#include "client/progress.h"
#include "client/screen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CMD_GET_CHUNK (256U << 10)

/* Where the body goes: a file, or standard output. */
struct cmd_get_sink {
	struct partial *file; /* NULL: the screen */
	struct screen screen;
};

static int cmd_get_write(struct cmd_get_sink *sink, const char *data, size_t n)
{
	return sink->file ? io_write_all(sink->file->fd, data, n) : screen_write(&sink->screen, data, n);
}

static enum exit_code cmd_get_fail_local(const struct client *c, const struct cmd_get_sink *sink, int error)
{
	if (!sink->file)
		return client_fail_output(c, error);
	return client_fail(c, EXIT_CODE_FAILED, "cannot write %s: %s", sink->file->target, strerror(-error));
}

static enum exit_code cmd_get_body(struct client *c, struct cmd_get_sink *sink, struct progress *progress)
{
	_cleanup_(freep) char *chunk = malloc(CMD_GET_CHUNK);
	uint64_t done = 0;
	ssize_t k;
	int r;

	if (!chunk)
		return client_fail_broken(c, -ENOMEM);
	while ((k = peer_read_body(c->peer, chunk, CMD_GET_CHUNK)) > 0) {
		r = cmd_get_write(sink, chunk, (size_t)k);
		if (r < 0) {
			progress_end(progress);
			/* The rest is not needed, and cannot be cancelled. */
			client_drop(c);
			return cmd_get_fail_local(c, sink, r);
		}
		done += (uint64_t)k;
		progress_step(progress, done);
	}
	progress_end(progress);
	return k < 0 ? client_fail_broken(c, (int)k) : EXIT_CODE_OK;
}

static enum exit_code cmd_get_fetch(struct client *c, const char *name, struct cmd_get_sink *sink)
{
	_cleanup_(progress_end) struct progress progress = { 0 };
	struct peer_reply reply;
	enum exit_code code;
	int r;

	code = client_request(c, PEER_REPLY_SIZED, (const char *const[]){ "READ", name, NULL }, &reply);
	if (code == EXIT_CODE_OK) {
		/* Bytes on the screen are progress enough. */
		if (sink->file || !sink->screen.harmless)
			progress_begin(&progress, c, sink->file ? "nothing of it is kept" : "the rest is missing",
				       reply.size);
		code = cmd_get_body(c, sink, &progress);
	}
	if (code != EXIT_CODE_OK)
		return code;
	r = sink->file ? partial_finish(sink->file) : screen_finish(&sink->screen);
	return r < 0 ? cmd_get_fail_local(c, sink, r) : EXIT_CODE_OK;
}

static enum exit_code cmd_get_fail_target(const struct client *c, const char *target, int error)
{
	if (error == -EISDIR)
		return client_fail(c, EXIT_CODE_FAILED, "%s is a folder: write %s/ to put the file into it", target,
				   target);
	if (error == -ENOTSUP)
		return client_fail(c, EXIT_CODE_FAILED,
				   "%s is no regular file, and is not replaced: use - and a redirection", target);
	if (error == -ENOENT || error == -ENOTDIR)
		return client_fail(c, EXIT_CODE_FAILED, "cannot write %s: its folder is not there; mkdir makes it",
				   target);
	return client_fail(c, EXIT_CODE_FAILED, "cannot write %s: %s", target, strerror(-error));
}

static enum exit_code cmd_get_into(struct client *c, const char *name, const char *target)
{
	_cleanup_(partial_done) struct partial file = PARTIAL_INERT;
	struct cmd_get_sink sink = { .file = &file };
	int r;

	r = partial_begin(&file, target);
	return r < 0 ? cmd_get_fail_target(c, target, r) : cmd_get_fetch(c, name, &sink);
}

/* Whether a path can only be a folder's: its last element is empty, or a dot or two. */
static bool cmd_get_is_folder(const char *path)
{
	const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;

	return (slash && !last[0]) || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

static enum exit_code cmd_get_run(struct client *c, const struct args *a)
{
	const char *name = a->words[0], *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	const char *target = a->n > 1 ? a->words[1] : base;
	_cleanup_(freep) char *inside = NULL;
	struct cmd_get_sink screen = { 0 };

	if (slash && !base[0])
		return client_fail(c, EXIT_CODE_NOT_PERMITTED, "'%s' is a folder; `ls %s` shows what is in it", name,
				   name);
	if (a->n > 1 && strcmp(target, "-") == 0) {
		screen_init(&screen.screen);
		return cmd_get_fetch(c, name, &screen);
	}
	if (!base[0] || !target[0] || cmd_get_is_folder(base))
		return client_fail(c, EXIT_CODE_USAGE, "'%s' is no name for a file here: write get NAME FILE", target);
	if (!cmd_get_is_folder(target))
		return cmd_get_into(c, name, target);
	if (asprintf(&inside, "%s%s%s", target, target[strlen(target) - 1] == '/' ? "" : "/", base) < 0) {
		inside = NULL;
		return client_fail(c, EXIT_CODE_FAILED, "%s", strerror(ENOMEM));
	}
	return cmd_get_into(c, name, inside);
}

const struct client_command cmd_get = {
	.row = {
		.name = "get",
		.args = "NAME [FILE|FOLDER/|-]",
		.help = "Fetches a file; - is standard output.",
		.min = 1,
		.max = 2,
	},
	.words = { COMMAND_WORD_REMOTE, COMMAND_WORD_LOCAL },
	.role = "file",
	.run = cmd_get_run,
};
