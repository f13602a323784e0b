#pragma once
/* SPDX-License-Identifier: MIT */
/* The context and the table of ioectl's commands. */

#include "cli/command.h"
#include "cli/exit.h"

#include <stdbool.h>
#include <stddef.h>

#define CTL_TIMEOUT_SEC 5 /* for each call, connecting included */

struct ctl_instance {
	char *name; /* for messages: "Instance 1", or "The daemon" */
	char *path;
	char *number; /* "1"; NULL where a socket was named */
};

struct ctl {
	bool json;
	bool colour;
	bool all;             /* no instance was named: all that have a socket */
	const char *dir;      /* the folder with the sockets */
	const char *instance; /* the argument of -i, or NULL */
	struct ctl_instance *instances;
	size_t n_instances;
};

struct ctl_command {
	struct command row;
	/* Prints why it fails. */
	enum exit_code (*run)(const struct ctl *ctl, const struct args *a);
};

/* The names of the commands, in the order of the help. A command is one file, which defines its row, NAME_command. */
#define CTL_COMMANDS(X)                                                                                    \
	X(status) X(clients) X(kick) X(rooms) X(mailboxes) X(backup) X(restore) X(reload) X(check) X(level) \
	X(metrics) X(wait) X(help)

#define CTL_DECLARE(name) extern const struct ctl_command name##_command;
CTL_COMMANDS(CTL_DECLARE)
#undef CTL_DECLARE
