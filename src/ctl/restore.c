/* SPDX-License-Identifier: MIT */
/* `ioectl restore` runs `ioed -r`, since the daemon is stopped. */
#include "ctl/ctl.h"
#include "ctl/program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ioed reads STATE_DIRECTORY as systemd sets it, so it has to begin with a '/'. */
static int restore_use_state_dir(const char *dir)
{
	char path[PATH_MAX];

	if (!realpath(dir, path)) {
		(void)fprintf(stderr, "ioectl: --state-dir=%s cannot be used: %s\n", dir, strerror(errno));
		return EXIT_CODE_USAGE;
	}
	if (strchr(path, ':')) {
		(void)fprintf(stderr, "ioectl: --state-dir=%s cannot be used: its path has a colon; set state_dir in a "
				      "file, and name that file with --config\n", dir);
		return EXIT_CODE_USAGE;
	}
	return setenv("STATE_DIRECTORY", path, 1) < 0 ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static enum exit_code restore_run(const struct ctl *ctl, const struct args *a)
{
	const char *args[10] = { "ioed" }, *config = args_get(a, "config"), *dir = args_get(a, "state-dir");
	size_t k = 1;
	int r;

	if ((!ctl->instance && !ctl->all) || (!ctl->instance && !config && !dir)) {
		(void)fprintf(stderr, "ioectl: restore is for one instance, which does not run: name it with -i, "
				      "--config or --state-dir\n");
		return EXIT_CODE_USAGE;
	}
	/* The caller's environment can be that of a unit. */
	(void)unsetenv("STATE_DIRECTORY");
	r = dir ? restore_use_state_dir(dir) : EXIT_CODE_OK;
	if (r != EXIT_CODE_OK)
		return r;
	if (ctl->instance) {
		args[k++] = "-i";
		args[k++] = ctl->instance;
	}
	if (config) {
		args[k++] = "-c";
		args[k++] = config;
	}
	args[k++] = "-r";
	args[k++] = a->words[0];
	return program_run(ctl, args);
}

static const struct flag restore_flags[] = {
	{ "config", "FILE", NULL },
	{ "state-dir", "DIR", NULL },
	{ 0 },
};

const struct ctl_command restore_command = {
	.row = {
		.name = "restore",
		.args = "[--config=FILE] [--state-dir=DIR] COPY",
		.help = "restore a copy; ioed is stopped",
		.flags = restore_flags,
		.min = 1,
		.max = 1,
	},
	.run = restore_run,
};
