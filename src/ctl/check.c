/* SPDX-License-Identifier: MIT */
/* `ioectl check` runs `ioed -t`: the same code reads the configuration as at a start. */
#include "ctl/ctl.h"
#include "ctl/program.h"

static enum exit_code check_run(const struct ctl *ctl, const struct args *a)
{
	const char *args[8] = { "ioed", "-t" };
	size_t k = 2;

	if (ctl->instance) {
		args[k++] = "-i";
		args[k++] = ctl->instance;
	}
	if (a->n > 0) {
		args[k++] = "-c";
		args[k++] = a->words[0];
	}
	return program_run(ctl, args);
}

static const struct flag check_flags[] = {
	{ 0 },
};

const struct ctl_command check_command = {
	.row = {
		.name = "check",
		.args = "[FILE]",
		.help = "read a configuration as ioed would",
		.flags = check_flags,
		.max = 1,
	},
	.run = check_run,
};
