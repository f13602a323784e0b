/* SPDX-License-Identifier: MIT */
/* ioe-client: one command, commands on standard input, or a prompt. */
#include "base/clock.h"
#include "base/macro.h"
#include "base/stdfd.h"
#include "base/str.h"
#include "client/commands.h"
#include "client/interactive.h"
#include "client/interrupt.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define MAIN_SERVERS         "127.0.0.1:9001,127.0.0.1:9002,127.0.0.1:9003"
#define MAIN_CONNECT_USEC    (5 * USEC_PER_SEC)
#define MAIN_TIMEOUT_SECONDS 30

static const char *arg_servers;
static uint64_t arg_timeout_seconds = MAIN_TIMEOUT_SECONDS;

static void main_help(void)
{
	(void)printf("Usage: ioe-client [-s LIST] [-t SECONDS] [COMMAND [ARGUMENT...]]\n"
		     "Without a command, commands are read from standard input, a line each.\n\n"
		     "  -s, --servers=LIST     HOST[:PORT],...: the first that answers is used; the\n"
		     "                         port is 9001 if it is left out; without it\n"
		     "                         $IOE_SERVERS, else\n"
		     "                         " MAIN_SERVERS "\n"
		     "  -t, --timeout=SECONDS  how long an answer may take, 1 to 86400 (%d)\n"
		     "  -h, --help             print this and end\n"
		     "  -V, --version          print the version and end\n\n"
		     "Commands:\n",
		     MAIN_TIMEOUT_SECONDS);
	command_print_table(stdout, commands_table, COMMANDS_HELP_COLUMN);
	(void)printf("\nSee ioe-client(1).\n");
}

/* Parses the options: -1 to go on, or the exit code. */
static int main_parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "servers", required_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	/* "+": what follows the command is the command's, "double -5" for one. */
	while ((o = getopt_long(argc, argv, "+s:t:hV", options, NULL)) >= 0) {
		switch (o) {
		case 's':
			arg_servers = optarg;
			break;
		case 't':
			if (str_to_u64(optarg, strlen(optarg), 1, 86400, &arg_timeout_seconds) == 0)
				break;
			client_print("'%s' is no number of seconds from 1 to 86400", optarg);
			return EXIT_CODE_USAGE;
		case 'h':
			main_help();
			return EXIT_CODE_OK;
		case 'V':
			(void)printf("ioe-client " PACKAGE_VERSION "\n");
			return EXIT_CODE_OK;
		default:
			(void)fprintf(stderr, "`ioe-client --help` lists the options.\n");
			return EXIT_CODE_USAGE;
		}
	}
	return -1;
}

static int main_servers(struct client *c)
{
	const char *from = "--servers", *list = arg_servers;
	char why[256] = "";
	int r;

	if (!list) {
		list = getenv("IOE_SERVERS");
		from = "$IOE_SERVERS";
	}
	if (!list || !list[0])
		list = MAIN_SERVERS;
	r = servers_parse(list, &c->servers, why, sizeof(why));
	if (r == -EINVAL)
		client_print("%s: %s", from, why);
	else if (r < 0)
		client_print("%s", strerror(-r));
	return r;
}

static const char *main_nick(void)
{
	const char *nick = getenv("IOE_NICK");

	return nick && nick[0] ? nick : NULL;
}

/* Goes on after a command that failed. */
static enum exit_code main_script(struct client *c)
{
	_cleanup_(freep) char *line = NULL;
	bool failed = false;
	size_t cap = 0;
	ssize_t n;

	while (!c->quit && (n = getline(&line, &cap, stdin)) >= 0) {
		if (line[n - 1] == '\n')
			line[--n] = '\0';
		if (strlen(line) != (size_t)n) {
			client_print("a line of standard input holds a NUL byte: commands are text");
			failed = true;
		} else if (commands_run_line(c, line) != EXIT_CODE_OK) {
			failed = true;
		}
	}
	if (ferror(stdin)) {
		client_print("cannot read standard input: %s", strerror(errno));
		failed = true;
	}
	return failed ? EXIT_CODE_SOME_FAILED : EXIT_CODE_OK;
}

int main(int argc, char **argv)
{
	struct client c = { .connect_usec = MAIN_CONNECT_USEC };
	int code;

	if (stdfd_open() < 0)
		return EXIT_CODE_FAILED;
	/* A file over `ulimit -f` is an error, as one on a full disk is. */
	(void)signal(SIGXFSZ, SIG_IGN);
	/* For typing; what is printed does not depend on it. */
	(void)setlocale(LC_CTYPE, "");
	code = main_parse(argc, argv);
	if (code >= 0)
		return client_flush(&c, (enum exit_code)code);
	if (main_servers(&c) < 0)
		return EXIT_CODE_USAGE;
	if (client_set_nick(&c, main_nick()) != EXIT_CODE_OK)
		return EXIT_CODE_FAILED;
	c.timeout_usec = arg_timeout_seconds * USEC_PER_SEC;
	c.connect_usec = MIN(c.connect_usec, c.timeout_usec);
	if (optind < argc)
		c.mode = CLIENT_MODE_ONCE;
	else
		c.mode = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? CLIENT_MODE_INTERACTIVE : CLIENT_MODE_SCRIPT;

	interrupt_install(c.mode == CLIENT_MODE_INTERACTIVE);
	switch (c.mode) {
	case CLIENT_MODE_ONCE:
		code = (int)commands_run(&c, (unsigned)(argc - optind), argv + optind);
		break;
	case CLIENT_MODE_SCRIPT:
		code = (int)main_script(&c);
		break;
	case CLIENT_MODE_INTERACTIVE:
		code = (int)interactive_run(&c);
		break;
	}
	client_done(&c);
	return code;
}
