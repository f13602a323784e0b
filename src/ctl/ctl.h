#pragma once
/* SPDX-License-Identifier: MIT */
/* What ioectl's commands share: whom they ask, and how they end. */

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
	bool all;        /* every instance that has a socket, none was named */
	const char *dir; /* where those were looked for */
	const char *instance; /* what -i said, or NULL */
	struct ctl_instance *instances;
	size_t n_instances;
};

/* A row: its name, what may follow it, and what it does, for the usage and the manual. */
struct ctl_command {
	const char *name;
	const char *args;
	const char *help;
	/* argv[0] is the name. An enum exit_code; has said on stderr why. */
	int (*run)(const struct ctl *ctl, int argc, char **argv);
};

extern const struct ctl_command backup_command;
extern const struct ctl_command check_command;
extern const struct ctl_command clients_command;
extern const struct ctl_command kick_command;
extern const struct ctl_command level_command;
extern const struct ctl_command mailboxes_command;
extern const struct ctl_command metrics_command;
extern const struct ctl_command reload_command;
extern const struct ctl_command restore_command;
extern const struct ctl_command rooms_command;
extern const struct ctl_command status_command;
extern const struct ctl_command wait_command;
