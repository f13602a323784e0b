/* SPDX-License-Identifier: MIT */
#include "client/command.h"

static enum exit_code cmd_help_run(struct client *c _unused_, unsigned argc _unused_, char **argv _unused_)
{
	command_list();
	return EXIT_CODE_OK;
}

const struct command cmd_help = {
	.name = "help",
	.help = "Lists the commands.",
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
