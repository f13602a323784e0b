/* SPDX-License-Identifier: MIT */
#include "client/command.h"

static enum exit_code cmd_help_run(struct client *c, unsigned argc, char **argv)
{
	const struct command *command;

	if (argc == 1) {
		command_list();
		return EXIT_CODE_OK;
	}
	command = command_find(argv[1]);
	if (!command)
		return command_say_unknown(c, argv[1]);
	command_explain(command);
	return EXIT_CODE_OK;
}

const struct command cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.help = "Lists the commands, or explains one.",
	.words = { COMMAND_WORD_COMMAND },
	.max = 1,
	.run = cmd_help_run,
};

static enum exit_code cmd_exit_run(struct client *c, unsigned argc _unused_, char **argv _unused_)
{
	c->quit = true;
	return EXIT_CODE_OK;
}

const struct command cmd_exit = {
	.name = "exit",
	.help = "Ends ioe-client.",
	.run = cmd_exit_run,
};

const struct command cmd_quit = {
	.name = "quit",
	.help = "The same.",
	.run = cmd_exit_run,
};
