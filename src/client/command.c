/* SPDX-License-Identifier: MIT */
#include "client/command.h"

#include "base/macro.h"
#include "cli/suggest.h"
#include "client/show.h"
#include "client/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct command *const commands[] = {
	&cmd_ls,   &cmd_get,  &cmd_put,  &cmd_chat, &cmd_say,     &cmd_send, &cmd_inbox, &cmd_watch,
	&cmd_double, &cmd_ping, &cmd_raw, &cmd_help, &cmd_connect, &cmd_bye, &cmd_exit, &cmd_quit,
};

const struct command *command_at(unsigned i)
{
	return i < ELEMENTSOF(commands) ? commands[i] : NULL;
}

/* What other programs call it. */
static const struct {
	const char *word, *name;
} command_others[] = {
	{ "?", "help" },      { "cat", "get" },  { "dir", "ls" },   { "download", "get" }, { "fetch", "get" },
	{ "list", "ls" },     { "mail", "inbox" }, { "man", "help" }, { "msg", "send" },     { "open", "connect" },
	{ "rooms", "chat" },  { "store", "put" }, { "talk", "chat" }, { "tell", "say" },     { "upload", "put" },
	{ "who", "chat" },
};

const struct command *command_find(const char *name)
{
	for (unsigned i = 0; i < ELEMENTSOF(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static void command_print_syntax(char *to, size_t size, const struct command *command)
{
	(void)snprintf(to, size, "%s%s%s", command->name, command->args ? " " : "",
		       command->args ? command->args : "");
}

void command_list(void)
{
	char syntax[64];

	for (unsigned i = 0; i < ELEMENTSOF(commands); i++) {
		command_print_syntax(syntax, sizeof(syntax), commands[i]);
		(void)printf("  %-28s %s\n", syntax, commands[i]->help);
	}
}

void command_explain(const struct command *command)
{
	char syntax[64];

	command_print_syntax(syntax, sizeof(syntax), command);
	(void)printf("Usage: %s\n\n%s\n%s%s", syntax, command->help, command->options ? "\n" : "",
		     command->options ? command->options : "");
}

static const char *command_name_at(unsigned i)
{
	return i < ELEMENTSOF(commands) ? commands[i]->name : NULL;
}

enum exit_code command_say_unknown(struct client *c, const char *name)
{
	const char *meant = NULL;
	char shown[64];

	for (size_t i = 0; !meant && i < ELEMENTSOF(command_others); i++)
		if (strcasecmp(command_others[i].word, name) == 0)
			meant = command_others[i].name;
	if (!meant)
		meant = suggest(name, command_name_at);
	c->label[0] = '\0';
	(void)show_name(shown, sizeof(shown), name);
	if (meant)
		return client_say(c, EXIT_CODE_USAGE, "'%s' is no command: did you mean `%s`? `help` lists all", shown, meant);
	return client_say(c, EXIT_CODE_USAGE, "'%s' is no command; `help` lists them", shown);
}

enum exit_code command_run(struct client *c, unsigned argc, char **argv)
{
	const struct command *command = command_find(strcmp(argv[0], "?") == 0 ? "help" : argv[0]);

	if (!command)
		return command_say_unknown(c, argv[0]);
	client_label(c, argc, argv);
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		command_explain(command);
		return client_flush(c, EXIT_CODE_OK);
	}
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
