#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The commands of ioe-client. A command NAME is one file, cmd-NAME.c, which defines one row, cmd_NAME; its name in
 * COMMANDS() puts the row into the table. Usage, help, flags, completion and the connection that it needs follow from
 * the row.
 */

#include "cli/command.h"
#include "client/client.h"

/* The kind of a word, for completion. */
enum command_word {
	COMMAND_WORD_TEXT, /* nothing is known to complete it with */
	COMMAND_WORD_LOCAL,
	COMMAND_WORD_REMOTE,
	COMMAND_WORD_FOLDER, /* of the server */
	COMMAND_WORD_ROOM,
	COMMAND_WORD_NAME, /* a nick */
	COMMAND_WORD_COMMAND,
};

struct client_command {
	struct command row;         /* its help has at most 48 letters */
	enum command_word words[2]; /* of the first word, and of all behind it */
	const char *role;           /* that the server must offer, as in HI; NULL: none, or another for each argument */
	bool needs_name;            /* the command acts under the user's name */
	/* Prints why it fails. */
	enum exit_code (*run)(struct client *c, const struct args *a);
};

/* In the order of the help. */
#define COMMANDS(X)                                                                                               \
	X(ls) X(get) X(put) X(chat) X(say) X(send) X(inbox) X(watch) X(double) X(ping) X(raw) X(help) X(connect) \
	X(bye) X(exit) X(quit)

#define COMMANDS_DECLARE(name) extern const struct client_command cmd_##name;
COMMANDS(COMMANDS_DECLARE)
#undef COMMANDS_DECLARE

/* The flag that each command under a name has; the command hands its value to client_set_nick(). */
#define COMMANDS_FLAG_NICK { "nick", "NAME", "under this name" }

#define COMMANDS_HELP_COLUMN 30

extern const struct command *const commands_table[]; /* ends with a NULL */

/* NULL: no command has this name. */
const struct client_command *commands_find(const char *name);

/* Prints the help of one command to standard output. */
void commands_explain(const struct command *command);

/* No command has this name: prints that, and the name that was probably meant. */
enum exit_code commands_fail_unknown(struct client *c, const char *name);

/* One command in words: @argc of them, then a NULL. Moves them around. */
enum exit_code commands_run(struct client *c, unsigned argc, char **argv);

/* One command in a line, of a script or typed; an empty line is ok. */
enum exit_code commands_run_line(struct client *c, const char *line);
