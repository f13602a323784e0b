/* SPDX-License-Identifier: MIT */
/* `ioectl check`: `ioed -t`, so that the same code reads the configuration that will read it. */
#include "ctl/ctl.h"
#include "ctl/flags.h"
#include "ctl/program.h"

static int check_run(const struct ctl *ctl, int argc, char **argv)
{
	const char *args[8] = { "ioed", "-t" };
	const struct flag flags[] = { { 0 } };
	size_t k = 2;
	int n;

	n = flags_parse(flags, 0, 1, argc, argv);
	if (n < 0)
		return EXIT_CODE_USAGE;
	if (ctl->instance) {
		args[k++] = "-i";
		args[k++] = ctl->instance;
	}
	if (n > 0) {
		args[k++] = "-c";
		args[k++] = argv[1];
	}
	return program_run(ctl, args);
}

const struct ctl_command check_command = {
	.name = "check",
	.args = "[FILE]",
	.help = "read a configuration as ioed would",
	.run = check_run,
};
