/* SPDX-License-Identifier: MIT */
#include "client/command.h"

#include "base/macro.h"
#include "client/show.h"
#include "client/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
	&cmd_ls,   &cmd_get,  &cmd_put, &cmd_chat, &cmd_send,    &cmd_inbox, &cmd_watch, &cmd_double,
	&cmd_ping, &cmd_raw, &cmd_help, &cmd_connect, &cmd_bye, &cmd_exit, &cmd_quit,
};

const struct command *command_at(unsigned i)
{
	return i < ELEMENTSOF(commands) ? commands[i] : NULL;
}

void command_list(void)
{
	char syntax[64];

	for (unsigned i = 0; i < ELEMENTSOF(commands); i++) {
		(void)snprintf(syntax, sizeof(syntax), "%s %s", commands[i]->name,
			       commands[i]->args ? commands[i]->args : "");
		(void)printf("  %-26s %s\n", syntax, commands[i]->help);
	}
}

static const struct command *command_find(const char *name)
{
	for (unsigned i = 0; i < ELEMENTSOF(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

enum exit_code command_run(struct client *c, unsigned argc, char **argv)
{
	const struct command *command = command_find(argv[0]);
	char shown[64];

	if (!command) {
		c->label[0] = '\0';
		return client_say(c, EXIT_CODE_USAGE, "'%s' is no command; `help` lists them",
				  show_name(shown, sizeof(shown), argv[0]));
	}
	client_label(c, argc, argv);
	if (argc - 1 < command->min || argc - 1 > command->max)
		return client_say(c, EXIT_CODE_USAGE, "too %s words: write %s %s",
				  argc - 1 < command->min ? "few" : "many", command->name,
				  command->args ? command->args : "alone");
	c->role = command->role;
	c->needs_name = command->needs_name;
	c->comes_back = false;
	return client_flush(c, command->run(c, argc, argv));
}

enum exit_code command_run_line(struct client *c, const char *line)
{
	_cleanup_(words_done) struct words w = { 0 };
	const char *why = strerror(ENOMEM);
	char shown[64];

	if (words_split(line, &w, &why) < 0) {
		c->label[0] = '\0';
		return client_say(c, EXIT_CODE_USAGE, "'%s': %s", show_name(shown, sizeof(shown), line),
				  why);
	}
	return w.n > 0 ? command_run(c, w.n, w.at) : EXIT_CODE_OK;
}
