/* SPDX-License-Identifier: MIT */
#include "cli/command.h"

#include <string.h>

#define COMMAND_FLAG_COLUMN 15 /* characters of "--nick=NAME" and the blanks behind it */

const struct command *command_find(const struct command *const *table, const char *name)
{
	for (; *table; table++)
		if (strcmp((*table)->name, name) == 0)
			return *table;
	return NULL;
}

int command_print_syntax(FILE *f, const struct command *command)
{
	return fprintf(f, "%s%s%s", command->name, command->args ? " " : "", command->args ? command->args : "");
}

void command_print_table(FILE *f, const struct command *const *table, int column)
{
	for (; *table; table++) {
		int n = fprintf(f, "  ");

		n += command_print_syntax(f, *table);
		if (n > column)
			n = fprintf(f, "\n") - 1;
		(void)fprintf(f, "%*s %s\n", column - n, "", (*table)->help);
	}
}

void command_print_flags(FILE *f, const struct command *command)
{
	for (const struct flag *flag = command->flags; flag && flag->name; flag++) {
		int n = 0;

		if (!flag->help)
			continue;
		n = fprintf(f, "  --%s%s%s", flag->name, flag->value ? "=" : "", flag->value ? flag->value : "") - 2;
		(void)fprintf(f, "%*s %s\n", n < COMMAND_FLAG_COLUMN ? COMMAND_FLAG_COLUMN - n : 0, "", flag->help);
	}
}
