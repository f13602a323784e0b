/* SPDX-License-Identifier: MIT */
/*
 * ioe-bench: drives one server on 127.0.0.1 and prints one line of figures. bench/run starts the servers, calls this in
 * turn for each, and makes the table. A wrong answer is an error, not a figure.
 */
#include "load.h"

#include "base/str.h"
#include "pattern.h"
#include "target.h"
#include "transfer.h"

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
	bool asks; /* needs a server */
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
	LOAD_OPTION("pid", pid, 1, 4194304, 0, "the server, whose CPU time is counted with its children's"),
	LOAD_OPTION("connections", connections, 1, 20000, 64, "ask, put, idle, fan, mail: how many"),
	LOAD_OPTION("depth", depth, 1, 1024, 1, "ask: requests under way on each; fan: of each who publishes"),
	LOAD_OPTION("publishers", publishers, 1, 1000, 1, "fan: how many of the connections publish"),
	LOAD_OPTION("warm", warm_msec, 0, 60000, 300, "ask, fan, mail: milliseconds before the measuring"),
	LOAD_OPTION("time", msec, 10, 600000, 2000, "ask, get, idle, fan, mail: milliseconds of measuring"),
	LOAD_OPTION("size", size, 0, 1ULL << 40, 0, "bytes of a file; ask: 0 asks for none"),
	LOAD_OPTION("idle", idle, 1, 100000, 10000, "idle, hold, crowd: connections that say nothing"),
	LOAD_OPTION("bare", bare_port, 1, 65535, 0, "cold: where ioe-bare listens"),
	LOAD_OPTION("notify", notify, 0, 1, 0, "start, idle, crowd: 1: ready is READY=1, 0: ready is the first connection"),
	LOAD_OPTION("core", core, 0, 1023, LOAD_ANY_CORE, "start, idle, crowd: the core that the server is bound to (default: any)"),
	LOAD_OPTION("count", count, 1, 100000000, 1,
		    "put: files in all; ports: how many; history: messages in the room; crowd: rooms"),
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

/* What get, and ask with --size, will ask for. */
static int load_make(const struct load_args *args)
{
	char name[32];
	int r;

	if (!args->dir)
		return load_fail(0, "make needs --dir");

	(void)snprintf(name, sizeof(name), "f%llu", (unsigned long long)args->size);
	r = transfer_make(args->dir, name, args->size);
	return r < 0 ? load_fail(-r, "Cannot make %s/%s", args->dir, name) : 0;
}

static const struct load_scenario load_scenarios[] = {
	{ "ask", true, "answers a second, server us an answer, p50 us, p99 us, our own us an answer", ask_scenario },
	{ "get", true, "as ask, of files that are read", get_scenario },
	{ "put", true, "as ask, of files that are stored", put_scenario },
	{ "idle", true, "bytes a connection, server us an answer without and beside them, and the ratio", idle_scenario },
	{ "hold", true, "\"held\", and then holds --idle connections until standard input ends", hold_scenario },
	{ "cold", true, "p50, p99, highest us of pings, p99 of the bare loop's, pings, GB/s read and written", cold_scenario },
	{ "fan", true, "deliveries a second, server us a delivery, p50 us, p99 us, our own us a delivery", fan_scenario },
	{ "mail", true, "as ask, of messages that are on disk when they are answered", mail_scenario },
	{ "history", true, "p50 us, p99 us, server us a HISTORY", history_scenario },
	{ "crowd", true, "bytes a room, bytes a member, p50 us, p99 us of JOIN, p50 us until all have heard of it",
	  crowd_scenario },
	{ "start", true, "us from exec to ready, resident KiB", start_scenario },
	{ "ports", false, "free ports, one a line", load_ports },
	{ "make", false, "nothing: makes the file of --size that is read later", load_make },
};

static void load_usage(FILE *f)
{
	size_t i;

	(void)fputs("Usage: ioe-bench SCENARIO [--target NAME] [--dir FOLDER] [--OPTION N...] [-- COMMAND...]\n\n"
		    "Prints one line, with a tab between the figures:\n",
		    f);
	for (i = 0; i < ELEMENTSOF(load_scenarios); i++)
		(void)fprintf(f, "  %-14s%s\n", load_scenarios[i].name, load_scenarios[i].help);

	(void)fputs("\nOptions:\n  --target      ", f);
	for (i = 0; target_at(i); i++)
		(void)fprintf(f, "%s%s", i > 0 ? ", " : "", target_at(i)->name);
	(void)fputs("\n  --dir         put, cold, make: where the server keeps its files\n", f);
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
	struct option longs[ELEMENTSOF(load_options) + 4] = {};
	size_t n = ELEMENTSOF(load_options), i;
	int c, r;

	for (i = 0; i < n; i++) {
		longs[i] = (struct option){ load_options[i].name, required_argument, NULL, (int)i };
		*load_field(args, &load_options[i]) = load_options[i].value;
	}
	longs[n] = (struct option){ "target", required_argument, NULL, (int)n };
	longs[n + 1] = (struct option){ "help", no_argument, NULL, (int)n + 1 };
	longs[n + 2] = (struct option){ "dir", required_argument, NULL, (int)n + 2 };

	while ((c = getopt_long(argc, argv, "+", longs, NULL)) >= 0) {
		if (c == (int)n + 1) {
			load_usage(stdout);
			exit(0);
		}
		if (c == '?')
			return -EINVAL;

		if (c == (int)n + 2) {
			args->dir = optarg;
			continue;
		}
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
	if (scenario->asks && (!args.target || args.port == 0)) {
		(void)load_fail(0, "%s needs --target and --port", scenario->name);
		return 2;
	}

	pattern_init();
	return scenario->run(&args) < 0 ? 1 : 0;
}
