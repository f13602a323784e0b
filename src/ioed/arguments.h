#pragma once
/* SPDX-License-Identifier: MIT */
/* ioed's command line. It is not in main.c, since <getopt.h> and base/option.h both have a struct option. */

#include <stdbool.h>

struct arguments {
	const char *config; /* NULL: the default file */
	const char *restore; /* NULL, or the copy that is to be put back */
	unsigned instance;
	bool test;
};

/* -1: go on. Else the program ends with this exit status; help, version or an error was printed. */
int arguments_parse(struct arguments *ret, int argc, char **argv);
