/* SPDX-License-Identifier: MIT */
#include "client/interactive.h"

#include "base/macro.h"
#include "client/commands.h"
#include "client/complete.h"
#include "client/interrupt.h"
#include "client/typing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct interactive {
	struct client *client;
	struct typing *typing;
};

static const char *interactive_prompt(void *userdata)
{
	static char prompt[160];
	const struct client *c = ((const struct interactive *)userdata)->client;

	if (c->state == CLIENT_STATE_CONNECTED)
		(void)snprintf(prompt, sizeof(prompt), "%.150s> ", c->where.name);
	else
		(void)snprintf(prompt, sizeof(prompt), "not connected> ");
	return prompt;
}

static void interactive_complete(void *userdata, const char *text, size_t len, struct buf *insert)
{
	_cleanup_(buf_done) struct buf shown = { 0 };
	struct interactive *i = userdata;

	complete_command(i->client, text, len, insert, &shown);
	if (shown.len == 0)
		return;
	typing_aside(i->typing);
	(void)fwrite(shown.data, 1, shown.len, stdout);
	(void)putchar('\n');
}

static const struct typing_ops interactive_ops = {
	.prompt = interactive_prompt,
	.complete = interactive_complete,
	.does = "Run",
};

static void interactive_greet(struct client *c)
{
	enum exit_code code;

	/* Said when it fails; then the user has to choose. */
	if (!client_link(c, &code))
		client_leave(c);
	(void)puts("`help` lists the commands.");
}

/* Until exit or the end of file; an interrupt only drops the line. */
static void interactive_type(struct client *c, struct typing *t)
{
	char *line;
	int r = 1;

	while (!c->quit && (r > 0 || r == -EINTR)) {
		r = typing_line(t, &line);
		if (r > 0)
			(void)commands_run_line(c, line);
	}
}

enum exit_code interactive_run(struct client *c)
{
	struct interactive i = { .client = c };

	if (typing_new(&i.typing, &interactive_ops, &i) < 0)
		return client_fail(c, EXIT_CODE_FAILED,
				   "cannot read from this terminal ($TERM): give the commands on standard input");
	interactive_greet(c);
	interactive_type(c, i.typing);
	(void)typing_free(i.typing);
	return EXIT_CODE_OK;
}
