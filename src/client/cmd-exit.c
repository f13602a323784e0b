/* SPDX-License-Identifier: MIT */
/* exit, and its second name, quit. */
#include "client/commands.h"

static enum exit_code cmd_exit_run(struct client *c, const struct args *a _unused_)
{
	c->quit = true;
	return EXIT_CODE_OK;
}

const struct client_command cmd_exit = {
	.row = {
		.name = "exit",
		.help = "Ends ioe-client.",
	},
	.run = cmd_exit_run,
};

const struct client_command cmd_quit = {
	.row = {
		.name = "quit",
		.help = "The same.",
	},
	.run = cmd_exit_run,
};
