/* SPDX-License-Identifier: MIT */
#include "ioed/arguments.h"

#include "base/str.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define EXIT_USAGE 2

static void arguments_usage(FILE *f)
{
	(void)fprintf(f, "Usage: ioed [-i N] [-c FILE] [-t | -r COPY]\n"
			 "  -i, --instance=N   which instance this is, 1 to 9999 (default 1)\n"
			 "  -c, --config=FILE  read FILE instead of the usual one, see ioe.conf(5)\n"
			 "  -t, --test         check the configuration and end\n"
			 "  -r, --restore=COPY put a copy of rooms and mailboxes back, and end\n"
			 "  -V, --version      print the version and end\n"
			 "  -h, --help         print this and end\n"
			 "See ioed(8).\n");
}

static int arguments_instance(struct arguments *a, const char *s)
{
	uint64_t n;

	if (s[0] == '0' || str_to_u64(s, strlen(s), 1, 9999, &n) < 0) {
		(void)fprintf(stderr, "ioed: '%s' is no instance number: 1 to 9999, without leading zeros\n", s);
		arguments_usage(stderr);
		return EXIT_USAGE;
	}
	a->instance = (unsigned)n;
	return 0;
}

int arguments_parse(struct arguments *ret, int argc, char **argv)
{
	static const struct option options[] = {
		{ "instance", required_argument, NULL, 'i' }, { "config", required_argument, NULL, 'c' },
		{ "test", no_argument, NULL, 't' },	      { "restore", required_argument, NULL, 'r' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },	      {},
	};
	int c, r;

	*ret = (struct arguments){ .instance = 1 };
	while ((c = getopt_long(argc, argv, "i:c:tr:Vh", options, NULL)) >= 0) {
		switch (c) {
		case 'i':
			r = arguments_instance(ret, optarg);
			if (r != 0)
				return r;
			break;
		case 'c':
			ret->config = optarg;
			break;
		case 't':
			ret->test = true;
			break;
		case 'r':
			ret->restore = optarg;
			break;
		case 'V':
			(void)puts("ioed " PACKAGE_VERSION);
			return 0;
		case 'h':
			arguments_usage(stdout);
			return 0;
		default:
			arguments_usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "ioed: '%s' is one argument too many; ioed takes options only\n", argv[optind]);
		arguments_usage(stderr);
		return EXIT_USAGE;
	}
	return -1;
}
