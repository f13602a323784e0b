#pragma once
/* SPDX-License-Identifier: MIT */
/* The commands, a row each. */

#include "client/client.h"

struct command {
	const char *name;
	const char *args;  /* as in the manual; NULL: none */
	const char *help;  /* one sentence */
	unsigned min, max; /* arguments */
	const char *role;  /* of the server's, as in HI; NULL: none, or another for each argument */
	bool needs_name;   /* it is done under the user's name */
	/* argv[0] is the name. */
	enum exit_code (*run)(struct client *c, unsigned argc, char **argv);
};

extern const struct command cmd_ls, cmd_get, cmd_put, cmd_chat, cmd_send, cmd_inbox, cmd_watch;
extern const struct command cmd_double, cmd_ping, cmd_raw;
extern const struct command cmd_connect, cmd_bye, cmd_help, cmd_exit, cmd_quit;

/* NULL after the last. */
const struct command *command_at(unsigned i);

/* All of them, a line each, to standard output. */
void command_list(void);

/* One command in words. */
enum exit_code command_run(struct client *c, unsigned argc, char **argv);

/* One in a line, of a script or typed; an empty one is ok. */
enum exit_code command_run_line(struct client *c, const char *line);
