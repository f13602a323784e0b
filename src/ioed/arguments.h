#pragma once
/* SPDX-License-Identifier: MIT */
/* ioed's command line. (Apart from main.c, since <getopt.h> and base/option.h both have a struct option.) */

#include <stdbool.h>

struct arguments {
	const char *config; /* NULL: the default file */
	const char *restore; /* NULL, or the copy that is to be put back */
	unsigned instance;
	bool test;
};

/* -1: go on; otherwise all has been said, and this is the exit status. */
int arguments_parse(struct arguments *ret, int argc, char **argv);
