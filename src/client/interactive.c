/* SPDX-License-Identifier: MIT */
#include "client/interactive.h"

#include "base/macro.h"
#include "client/command.h"
#include "client/interrupt.h"
#include "client/typing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *interactive_prompt(void *userdata)
{
	static char prompt[160];
	const struct client *c = userdata;

	if (c->state == CLIENT_STATE_CONNECTED)
		(void)snprintf(prompt, sizeof(prompt), "%.150s> ", c->where.name);
	else
		(void)snprintf(prompt, sizeof(prompt), "not connected> ");
	return prompt;
}

/* What all commands that begin with @text have in common behind it, and how many they are. */
static unsigned interactive_match(const char *text, size_t len, const char **ret_rest, size_t *ret_rest_len)
{
	const struct command *command;
	unsigned n = 0;
	size_t k;

	for (unsigned i = 0; (command = command_at(i)); i++) {
		if (strncmp(command->name, text, len) != 0)
			continue;
		if (n++ == 0) {
			*ret_rest = command->name + len;
			*ret_rest_len = strlen(*ret_rest);
			continue;
		}
		for (k = 0; k < *ret_rest_len && (*ret_rest)[k] == command->name[len + k]; k++)
			;
		*ret_rest_len = k;
	}
	return n;
}

/* Tab: completes the first word. */
static void interactive_complete(_unused_ void *userdata, const char *text, size_t len, struct buf *insert)
{
	size_t rest_len = 0;
	const char *rest = NULL;
	unsigned n;

	n = memchr(text, ' ', len) ? 0 : interactive_match(text, len, &rest, &rest_len);
	if (n > 0 && buf_append(insert, rest, rest_len) == 0 && n == 1)
		(void)buf_append_str(insert, " ");
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
			(void)command_run_line(c, line);
	}
}

enum exit_code interactive_run(struct client *c)
{
	struct typing *t = NULL;

	if (typing_new(&t, &interactive_ops, c) < 0)
		return client_say(c, EXIT_CODE_FAILED,
				  "cannot read from this terminal ($TERM): give the commands on standard input");
	interactive_greet(c);
	interactive_type(c, t);
	(void)typing_free(t);
	return EXIT_CODE_OK;
}
