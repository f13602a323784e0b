/* SPDX-License-Identifier: MIT */
/*
 * ioe-bench: drives one server on 127.0.0.1 and prints one line of figures. bench/run starts the servers, calls this in
 * turn for each, and makes the table. A wrong answer is an error, not a figure.
 */
#include "load.h"

#include "base/str.h"
#include "target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct load_scenario {
	const char *name;
	const char *help;
	int (*run)(const struct load_args *args);
};

struct load_option {
	const char *name;
	size_t offset;
	uint64_t min, max, value;
	const char *help;
};

#define LOAD_OPTION(n, field, lo, hi, dflt, text)                        \
	{                                                                \
		n, offsetof(struct load_args, field), lo, hi, dflt, text \
	}

static const struct load_option load_options[] = {
	LOAD_OPTION("port", port, 1, 65535, 0, "where the server listens on 127.0.0.1"),
	LOAD_OPTION("pid", pid, 1, 4194304, 0, "ask: the server, whose CPU time is counted with its children's"),
	LOAD_OPTION("connections", connections, 1, 20000, 64, "ask: how many"),
	LOAD_OPTION("depth", depth, 1, 1024, 1, "ask: requests under way on each"),
	LOAD_OPTION("warm", warm_msec, 0, 60000, 300, "ask: milliseconds before the measuring"),
	LOAD_OPTION("time", msec, 10, 600000, 2000, "ask: milliseconds of measuring"),
	LOAD_OPTION("notify", notify, 0, 1, 0, "start: 1: ready is READY=1, 0: ready is the first connection"),
	LOAD_OPTION("core", core, 0, 1023, LOAD_ANY_CORE, "start: the core that the server is bound to (default: any)"),
	LOAD_OPTION("count", count, 1, 64, 1, "ports: how many"),
};

int load_fail(int error, const char *fmt, ...)
{
	va_list ap;

	(void)fputs("ioe-bench: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (error != 0)
		(void)fprintf(stderr, ": %s", strerror(error));
	(void)fputs(".\n", stderr);

	return error != 0 ? -error : -EPROTO;
}

/* Free ones, all different because all are held until the last is found. */
static int load_ports(const struct load_args *args)
{
	struct sockaddr_in sa;
	socklen_t len;
	uint64_t i;
	int fd;

	for (i = 0; i < args->count; i++) {
		sa = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		len = sizeof(sa);

		/* held until the program ends */
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) < 0 ||
		    getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
			return load_fail(errno, "Cannot find a free port");

		printf("%d\n", ntohs(sa.sin_port));
	}

	return 0;
}

static const struct load_scenario load_scenarios[] = {
	{ "ask", "answers a second, server us an answer, p50 us, p99 us, our own us an answer", ask_scenario },
	{ "start", "us from exec to ready, resident KiB", start_scenario },
	{ "ports", "free ports, one a line", load_ports },
};

static void load_usage(FILE *f)
{
	size_t i;

	(void)fputs("Usage: ioe-bench SCENARIO [--target NAME] [--OPTION N...] [-- COMMAND...]\n\n"
		    "Prints one line, with a tab between the figures:\n",
		    f);
	for (i = 0; i < ELEMENTSOF(load_scenarios); i++)
		(void)fprintf(f, "  %-14s%s\n", load_scenarios[i].name, load_scenarios[i].help);

	(void)fputs("\nOptions:\n  --target      ", f);
	for (i = 0; target_at(i); i++)
		(void)fprintf(f, "%s%s", i > 0 ? ", " : "", target_at(i)->name);
	(void)fputs("\n", f);
	for (i = 0; i < ELEMENTSOF(load_options); i++)
		(void)fprintf(f, "  --%-12s%s (%llu to %llu)\n", load_options[i].name, load_options[i].help,
			      (unsigned long long)load_options[i].min, (unsigned long long)load_options[i].max);
}

static uint64_t *load_field(struct load_args *args, const struct load_option *o)
{
	return (uint64_t *)(void *)((char *)args + o->offset);
}

static int load_set(struct load_args *args, const struct load_option *o, const char *text)
{
	if (str_to_u64(text, strlen(text), o->min, o->max, load_field(args, o)) < 0)
		return load_fail(0, "--%s is a number from %llu to %llu, not \"%s\"", o->name,
				 (unsigned long long)o->min, (unsigned long long)o->max, text);
	return 0;
}

/* Returned values below ELEMENTSOF(load_options) are indices into it. */
static int load_parse(struct load_args *args, int argc, char **argv)
{
	struct option longs[ELEMENTSOF(load_options) + 3] = {};
	size_t n = ELEMENTSOF(load_options), i;
	int c, r;

	for (i = 0; i < n; i++) {
		longs[i] = (struct option){ load_options[i].name, required_argument, NULL, (int)i };
		*load_field(args, &load_options[i]) = load_options[i].value;
	}
	longs[n] = (struct option){ "target", required_argument, NULL, (int)n };
	longs[n + 1] = (struct option){ "help", no_argument, NULL, (int)n + 1 };

	while ((c = getopt_long(argc, argv, "+", longs, NULL)) >= 0) {
		if (c == (int)n + 1) {
			load_usage(stdout);
			exit(0);
		}
		if (c == '?')
			return -EINVAL;

		if (c == (int)n) {
			args->target = target_find(optarg);
			if (!args->target)
				return load_fail(0, "No target \"%s\": --help names them", optarg);
			continue;
		}

		r = load_set(args, &load_options[c], optarg);
		if (r < 0)
			return r;
	}

	args->command = argv + optind;
	return 0;
}

int main(int argc, char **argv)
{
	const struct load_scenario *scenario = NULL;
	struct load_args args = {};
	size_t i;

	for (i = 0; argc > 1 && i < ELEMENTSOF(load_scenarios); i++)
		if (strcmp(argv[1], load_scenarios[i].name) == 0)
			scenario = &load_scenarios[i];

	if (!scenario) {
		bool help = argc > 1 && strcmp(argv[1], "--help") == 0;

		load_usage(help ? stdout : stderr);
		return help ? 0 : 2;
	}

	if (load_parse(&args, argc - 1, argv + 1) < 0)
		return 2;
	if (scenario->run != load_ports && (!args.target || args.port == 0)) {
		(void)load_fail(0, "%s needs --target and --port", scenario->name);
		return 2;
	}

	return scenario->run(&args) < 0 ? 1 : 0;
}
