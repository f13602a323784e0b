#pragma once
/* SPDX-License-Identifier: MIT */
/* The commands, a row each. */

#include "client/client.h"

/* What a word of a command is, for whoever completes it. */
enum command_word {
	COMMAND_WORD_TEXT, /* nobody knows */
	COMMAND_WORD_LOCAL,
	COMMAND_WORD_REMOTE,
	COMMAND_WORD_FOLDER, /* of the server */
	COMMAND_WORD_ROOM,
	COMMAND_WORD_NAME, /* somebody's */
	COMMAND_WORD_COMMAND,
};

struct command {
	const char *name;
	const char *args;  /* as in the manual; NULL: none */
	const char *help;  /* one sentence, of at most 48 letters */
	const char *options; /* lines for `help COMMAND`, each with its end; NULL: none */
	enum command_word words[2]; /* the first, and all behind it */
	unsigned min, max; /* arguments */
	const char *role;  /* of the server's, as in HI; NULL: none, or another for each argument */
	bool needs_name;   /* it is done under the user's name */
	/* argv[0] is the name. */
	enum exit_code (*run)(struct client *c, unsigned argc, char **argv);
};

extern const struct command cmd_ls, cmd_get, cmd_put, cmd_chat, cmd_say, cmd_send, cmd_inbox, cmd_watch;
extern const struct command cmd_double, cmd_ping, cmd_raw;
extern const struct command cmd_connect, cmd_bye, cmd_help, cmd_exit, cmd_quit;

/* NULL after the last. */
const struct command *command_at(unsigned i);

/* NULL: there is none of that name. */
const struct command *command_find(const char *name);

/* All of them, a line each, to standard output; or all about one. */
void command_list(void);
void command_explain(const struct command *command);

/* No command has this name: says so, and which may be meant. */
enum exit_code command_say_unknown(struct client *c, const char *name);

/* One command in words. */
enum exit_code command_run(struct client *c, unsigned argc, char **argv);

/* One in a line, of a script or typed; an empty one is ok. */
enum exit_code command_run_line(struct client *c, const char *line);
