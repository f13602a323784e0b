/* SPDX-License-Identifier: MIT */
#include "client/commands.h"

#include "base/str.h"
#include "client/screen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The role of each request, so that a line goes only to a server that offers it, and under the user's nick where
 * that counts. */
static const struct {
	const char *verb;
	const char *role; /* NULL: every server has it */
} cmd_raw_verbs[] = {
	{ "HELLO", NULL },     { "CONNECT", NULL },   { "AUTH", NULL },     { "NICK", NULL },      { "PING", NULL },
	{ "HELP", NULL },      { "BYE", NULL },       { "QUIT", NULL },     { "EXIT", NULL },      { "LIST", "file" },
	{ "DIR", "file" },     { "STAT", "file" },    { "READ", "file" },   { "RANGE", "file" },   { "SUM", "file" },
	{ "WRITE", "file" },   { "UPLOAD", "file" },  { "DELETE", "file" }, { "RENAME", "file" },  { "MKDIR", "file" },
	{ "RMDIR", "file" },   { "WATCH", "file" },   { "JOIN", "chat" },   { "PART", "chat" },    { "ROOMS", "chat" },
	{ "WHO", "chat" },     { "SAY", "chat" },     { "HISTORY", "chat" }, { "TOPIC", "chat" },  { "KICK", "chat" },
	{ "MUTE", "chat" },    { "BAN", "chat" },     { "ROLE", "chat" },   { "SEND", "relay" },   { "FETCH", "relay" },
	{ "WAIT", "relay" },   { "ACK", "relay" },    { "MAILBOX", "relay" }, { "STATUS", "relay" }, { "DOUBLE", "compute" },
};

/* False: the verb is none that this client knows. */
static bool cmd_raw_find(const char *line, const char **ret_role)
{
	size_t n = strcspn(line, ",");

	for (size_t i = 0; i < ELEMENTSOF(cmd_raw_verbs); i++) {
		if (str_casecmp(line, n, cmd_raw_verbs[i].verb, strlen(cmd_raw_verbs[i].verb)) != 0)
			continue;
		*ret_role = cmd_raw_verbs[i].role;
		return true;
	}
	return false;
}

/* A sized answer's bytes. 0, negative errno of the connection, or positive errno of standard output. */
static int cmd_raw_body(struct peer *p, struct screen *screen)
{
	char chunk[16384];
	ssize_t k;
	int r;

	while ((k = peer_read_body(p, chunk, sizeof(chunk))) > 0) {
		r = screen_write(screen, chunk, (size_t)k);
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
		return client_fail_broken(c, r);
	if (r == 0)
		r = -screen_finish(&screen);
	if (is_bye)
		client_leave(c);
	if (r > 0) {
		/* After a body that was not read to its end, replies cannot be told apart. */
		client_drop(c);
		return client_fail_output(c, -r);
	}
	return code;
}

static enum exit_code cmd_raw_run(struct client *c, const struct args *a)
{
	const char *line = a->words[0];
	bool is_known = cmd_raw_find(line, &c->role);
	struct peer_reply reply;
	enum exit_code code;
	struct peer *p;
	int r;

	if (strchr(line, '\n'))
		return client_fail(c, EXIT_CODE_USAGE, "a line holds no line end; in ioe/1 write %%0A");
	c->needs_name = c->role && (strcmp(c->role, "chat") == 0 || strcmp(c->role, "relay") == 0);
	p = client_link(c, &code);
	if (!p)
		return code;
	/* A chat server of an older version sends an unknown request to a room as a message. */
	if (!is_known && strcmp(peer_roles(p), "chat") == 0 && !peer_can(p, "shared"))
		return client_fail(c, EXIT_CODE_FAILED,
				   "ioe-client does not know this request, and this port would send it to a room as a "
				   "message");
	r = peer_request_raw(p, line, strlen(line));
	if (r == 0)
		r = peer_reply(p, &reply);
	return r < 0 ? client_fail_broken(c, r) : cmd_raw_show(c, &reply);
}

const struct client_command cmd_raw = {
	.row = {
		.name = "raw",
		.args = "LINE",
		.help = "Sends a line of ioe/1 and shows the answer.",
		.min = 1,
		.max = 1,
	},
	.run = cmd_raw_run,
};
