#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The table of a tool's commands. A command is one row, which its file defines: the name, the help and the flags are
 * here; each tool embeds this row in its own, with the function that runs the command.
 */

#include "cli/args.h"

#include <stdio.h>

struct command {
	const char *name;
	const char *args;         /* as in the manual; NULL: none */
	const char *help;         /* one sentence */
	const struct flag *flags; /* NULL: a word that begins with dashes is a word like any other */
	unsigned min, max;        /* words, without the name and the flags */
};

/* A table is a list of rows with a NULL behind the last, in the order of the help. */

/* NULL: no command has this name. */
const struct command *command_find(const struct command *const *table, const char *name);

/* Prints "get NAME [FILE]" to @f. Returns the number of characters. */
int command_print_syntax(FILE *f, const struct command *command);

/* Prints a line for each command: its syntax, and from column @column on its help. If the syntax is too long, the help
 * gets a line of its own. */
void command_print_table(FILE *f, const struct command *const *table, int column);

/* A line for each flag that has a help. */
void command_print_flags(FILE *f, const struct command *command);
