/* SPDX-License-Identifier: MIT */
#include "client/commands.h"

static enum exit_code cmd_help_run(struct client *c, const struct args *a)
{
	const struct client_command *command;

	if (a->n == 0) {
		command_print_table(stdout, commands_table, COMMANDS_HELP_COLUMN);
		return EXIT_CODE_OK;
	}
	command = commands_find(a->words[0]);
	if (!command)
		return commands_fail_unknown(c, a->words[0]);
	commands_explain(&command->row);
	return EXIT_CODE_OK;
}

const struct client_command cmd_help = {
	.row = {
		.name = "help",
		.args = "[COMMAND]",
		.help = "Lists the commands, or explains one.",
		.max = 1,
	},
	.words = { COMMAND_WORD_COMMAND },
	.run = cmd_help_run,
};
