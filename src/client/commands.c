/* SPDX-License-Identifier: MIT */
#include "client/commands.h"

#include "base/macro.h"
#include "cli/show.h"
#include "cli/suggest.h"
#include "client/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COMMANDS_ROW(name) &cmd_##name.row,
const struct command *const commands_table[] = { COMMANDS(COMMANDS_ROW) NULL };
#undef COMMANDS_ROW

/* Names that other programs have for the same. */
static const struct {
	const char *word, *name;
} commands_others[] = {
	{ "?", "help" },      { "cat", "get" },  { "dir", "ls" },   { "download", "get" }, { "fetch", "get" },
	{ "list", "ls" },     { "mail", "inbox" }, { "man", "help" }, { "msg", "send" },     { "open", "connect" },
	{ "rooms", "chat" },  { "store", "put" }, { "talk", "chat" }, { "tell", "say" },     { "upload", "put" },
	{ "who", "chat" },
};

const struct client_command *commands_find(const char *name)
{
	const struct command *row = command_find(commands_table, name);

	return row ? container_of(row, const struct client_command, row) : NULL;
}

void commands_explain(const struct command *command)
{
	(void)printf("Usage: ");
	(void)command_print_syntax(stdout, command);
	(void)printf("\n\n%s\n%s", command->help, command->flags ? "\n" : "");
	command_print_flags(stdout, command);
}

static const char *commands_name_at(unsigned i)
{
	return commands_table[i] ? commands_table[i]->name : NULL;
}

enum exit_code commands_fail_unknown(struct client *c, const char *name)
{
	const char *meant = NULL;
	char shown[64];

	for (size_t i = 0; !meant && i < ELEMENTSOF(commands_others); i++)
		if (strcasecmp(commands_others[i].word, name) == 0)
			meant = commands_others[i].name;
	if (!meant)
		meant = suggest(name, commands_name_at);
	c->label[0] = '\0';
	(void)show_name(shown, sizeof(shown), name);
	if (meant)
		return client_fail(c, EXIT_CODE_USAGE, "'%s' is no command: did you mean `%s`? `help` lists all", shown,
				   meant);
	return client_fail(c, EXIT_CODE_USAGE, "'%s' is no command; `help` lists them", shown);
}

/* The sentence ends with the flags that there are. */
static enum exit_code commands_fail_flag(const struct client *c, const struct command *row, int error, const char *at)
{
	static const char *const words[] = {
		[ARGS_E_UNKNOWN] = "is no option of this command",
		[ARGS_E_SHORT] = "is no option of this command",
		[ARGS_E_VALUE] = "has a value, and the option takes none",
		[ARGS_E_NO_VALUE] = "lacks its value",
	};
	_cleanup_(buf_done) struct buf why = { 0 };
	char shown[64];
	int r;

	r = buf_printf(&why, "'%s' %s; there is", show_name(shown, sizeof(shown), at), words[error]);
	for (const struct flag *f = row->flags; r == 0 && f->name; f++)
		r = buf_printf(&why, " --%s%s", f->name, f->value ? "=..." : "");
	return client_fail(c, EXIT_CODE_USAGE, "%s", r == 0 && buf_str(&why) ? why.data : strerror(ENOMEM));
}

static enum exit_code commands_check(struct client *c, const struct command *row, struct args *a, unsigned argc, char **argv)
{
	const char *at;
	int r;

	r = args_parse(a, row->flags, ARGS_FLAGS_FIRST, argc, argv, &at);
	if (r != 0)
		return commands_fail_flag(c, row, r, at);
	if (a->n < row->min || a->n > row->max)
		return client_fail(c, EXIT_CODE_USAGE, "too %s words: write %s %s", a->n < row->min ? "few" : "many",
				   row->name, row->args ? row->args : "alone");
	if (row->flags && a->n > 0)
		client_label(c, row->name, a->words[0]);
	return EXIT_CODE_OK;
}

enum exit_code commands_run(struct client *c, unsigned argc, char **argv)
{
	const struct client_command *command = commands_find(strcmp(argv[0], "?") == 0 ? "help" : argv[0]);
	enum exit_code code;
	struct args a;

	if (!command)
		return commands_fail_unknown(c, argv[0]);
	client_label(c, argv[0], argv[1]);
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		commands_explain(&command->row);
		return client_flush(c, EXIT_CODE_OK);
	}
	code = commands_check(c, &command->row, &a, argc, argv);
	if (code != EXIT_CODE_OK)
		return code;
	c->role = command->role;
	c->needs_name = command->needs_name;
	c->comes_back = false;
	return client_flush(c, command->run(c, &a));
}

enum exit_code commands_run_line(struct client *c, const char *line)
{
	_cleanup_(words_done) struct words w = { 0 };
	const char *why = strerror(ENOMEM);
	char shown[64];

	if (words_split(line, &w, &why) < 0) {
		c->label[0] = '\0';
		return client_fail(c, EXIT_CODE_USAGE, "'%s': %s", show_name(shown, sizeof(shown), line), why);
	}
	return w.n > 0 ? commands_run(c, w.n, w.at) : EXIT_CODE_OK;
}
