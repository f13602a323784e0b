/* SPDX-License-Identifier: MIT */
/* ioectl(1): arguments, and the only list of commands. */
#include "base/macro.h"
#include "base/stdfd.h"
#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/json_error.h"
#include "ctl/output.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#define MAIN_SOCKET_MAX 107 /* bytes of sockaddr_un without its NUL */

#define MAIN_HELP_COLUMN 34 /* with what stands behind it, within 80 */

#define MAIN_SYNOPSIS   "ioectl [-i N | -s PATH] [-j] COMMAND"

static const char *arg_instance;
static const char *arg_socket;
static bool arg_json;

#define MAIN_ROW(name) &name##_command.row,
static const struct command *const main_commands[] = { CTL_COMMANDS(MAIN_ROW) NULL };
#undef MAIN_ROW

static void main_usage(FILE *f)
{
	(void)fprintf(f, "Usage: " MAIN_SYNOPSIS "\n\n"
			 "  -i, --instance=N   ask instance N, 1 to 9999\n"
			 "  -s, --socket=PATH  ask the instance with this control socket\n"
			 "                     (with neither: every instance that runs)\n"
			 "  -j, --json         print JSON\n"
			 "  -h, --help         print this and end\n"
			 "  -V, --version      print the version and end\n\n"
			 "Commands:\n");
	command_print_table(f, main_commands, MAIN_HELP_COLUMN);
	(void)fprintf(f, "\nioectl help COMMAND explains one command; ioectl(1) explains all.\n");
}

static enum exit_code main_usage_error(void)
{
	(void)fprintf(stderr, "Usage: " MAIN_SYNOPSIS "\nSee also: ioectl --help\n");
	return EXIT_CODE_USAGE;
}

/* Prints the help of @c, or of all where it is NULL. */
static enum exit_code main_help(const struct command *c)
{
	struct output out;

	if (output_open(&out) < 0)
		return EXIT_CODE_FAILED;
	if (c) {
		(void)fprintf(out.file, "Usage: ioectl [OPTION...] ");
		(void)command_print_syntax(out.file, c);
		(void)fprintf(out.file, "\n\n  %s; see ioectl(1)\n", c->help);
	} else {
		main_usage(out.file);
	}
	return output_finish(&out);
}

static int main_version(void)
{
	struct output out;

	if (output_open(&out) < 0)
		return EXIT_CODE_FAILED;
	(void)fprintf(out.file, "ioectl %s\n", PACKAGE_VERSION);
	return output_finish(&out);
}

/* The exit code, or -1 to go on. */
static int main_parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "instance", required_argument, NULL, 'i' },
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	/* "+": what follows the command is the command's. */
	while ((c = getopt_long(argc, argv, "+i:s:jhV", options, NULL)) >= 0) {
		switch (c) {
		case 'i':
			arg_instance = optarg;
			break;
		case 's':
			arg_socket = optarg;
			break;
		case 'j':
			if (!arg_json)
				json_error_capture();
			arg_json = true;
			break;
		case 'h':
			return main_help(NULL);
		case 'V':
			return main_version();
		default:
			return main_usage_error();
		}
	}
	return -1;
}

static int main_check(void)
{
	uint64_t n;

	if (arg_instance && arg_socket) {
		(void)fprintf(stderr, "ioectl: -i %s and -s %s name an instance each: give one of them\n", arg_instance,
			      arg_socket);
		return main_usage_error();
	}
	if (arg_instance &&
	    (arg_instance[0] == '0' || str_to_u64(arg_instance, strlen(arg_instance), 1, 9999, &n) < 0)) {
		(void)fprintf(stderr, "ioectl: '%s' is no instance number: 1 to 9999, without leading zeros\n",
			      arg_instance);
		return main_usage_error();
	}
	return -1;
}

static enum exit_code main_fail_unknown(const char *name)
{
	(void)fprintf(stderr, "ioectl: there is no command '%s'\n", name);
	return main_usage_error();
}

static enum exit_code main_run_help(_unused_ const struct ctl *ctl, const struct args *a)
{
	const struct command *c = a->n > 0 ? command_find(main_commands, a->words[0]) : NULL;

	return a->n > 0 && !c ? main_fail_unknown(a->words[0]) : main_help(c);
}

const struct ctl_command help_command = {
	.row = {
		.name = "help",
		.args = "[COMMAND]",
		.help = "print the options and commands",
		.max = UINT_MAX,
	},
	.run = main_run_help,
};

static enum exit_code main_fail_args(const struct command *c, int error, const char *at)
{
	const char *name = at + strspn(at, "-");
	int len = (int)strcspn(name, "=");

	switch (error) {
	case ARGS_E_SHORT:
		(void)fprintf(stderr, "ioectl: %s takes no option '%s'; -i, -s and -j stand before it\n", c->name, at);
		break;
	case ARGS_E_VALUE:
		(void)fprintf(stderr, "ioectl: --%.*s takes no value, and '%s' was given\n", len, name, name + len + 1);
		break;
	case ARGS_E_NO_VALUE:
		(void)fprintf(stderr, "ioectl: --%s wants a value\n", name);
		break;
	default:
		(void)fprintf(stderr, "ioectl: %s takes no option '%s'\n", c->name, at);
		break;
	}
	return EXIT_CODE_USAGE;
}

static enum exit_code main_check_args(const struct command *c, int argc, char **argv, struct args *ret)
{
	const char *at;
	int r;

	r = args_parse(ret, c->flags, ARGS_FLAGS_ANYWHERE, (unsigned)argc, argv, &at);
	if (r != 0)
		return main_fail_args(c, r, at);
	if (ret->n < c->min) {
		(void)fprintf(stderr, "ioectl: %s needs an argument: see ioectl --help\n", c->name);
		return EXIT_CODE_USAGE;
	}
	if (ret->n > c->max) {
		(void)fprintf(stderr, "ioectl: %s takes %u argument%s, and '%s' was given\n", c->name, c->max,
			      c->max == 1 ? "" : "s", ret->words[c->max]);
		return EXIT_CODE_USAGE;
	}
	return EXIT_CODE_OK;
}

/* --help behind a command prints its help, and does not run it. Behind "--" it is a word. */
static bool main_wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* Chooses the instances. The exit code, or -1 to go on. */
static int main_choose(struct ctl *ctl)
{
	int r;

	if (arg_instance)
		r = instance_add_number(ctl, arg_instance);
	else if (arg_socket)
		r = instance_add_path(ctl, arg_socket);
	else
		r = instance_find(ctl);
	if (r < 0) {
		(void)fprintf(stderr, "ioectl: the instances in %s cannot be found: %s\n", ctl->dir, strerror(-r));
		return r == -EACCES ? EXIT_CODE_NOT_PERMITTED : EXIT_CODE_FAILED;
	}
	for (size_t i = 0; i < ctl->n_instances; i++) {
		size_t len = strlen(ctl->instances[i].path);

		if (len < 1 || len > MAIN_SOCKET_MAX) {
			(void)fprintf(stderr, "ioectl: the socket's path '%s' has %zu bytes: 1 to %d are possible\n",
				      ctl->instances[i].path, len, MAIN_SOCKET_MAX);
			return EXIT_CODE_USAGE;
		}
	}
	return -1;
}

static int main_run(const struct ctl_command *command, int argc, char **argv)
{
	struct args args;
	const char *dir = getenv("IOE_RUNTIME_DIR"), *no_color = getenv("NO_COLOR");
	_cleanup_(instance_done) struct ctl ctl = {
		.json = arg_json,
		.colour = isatty(STDOUT_FILENO) && !(no_color && *no_color),
		.all = !arg_instance && !arg_socket,
		.instance = arg_instance,
		.dir = dir && *dir ? dir : IOE_RUNDIR,
	};
	int r;

	r = main_choose(&ctl);
	if (r < 0)
		r = main_check_args(&command->row, argc, argv, &args);
	return r != EXIT_CODE_OK ? r : (int)command->run(&ctl, &args);
}

static void main_interrupted(_unused_ int signo)
{
	_exit(EXIT_CODE_INTERRUPTED);
}

static void main_signals(void)
{
	struct sigaction interrupted = { .sa_handler = main_interrupted }, ignored = { .sa_handler = SIG_IGN }, old;

	/* Ignored by the process that started this one, in the background for example: it stays so. */
	if (sigaction(SIGINT, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		(void)sigaction(SIGINT, &interrupted, NULL);
	/* The write fails, too, and its error is handled. */
	(void)sigaction(SIGPIPE, &ignored, NULL);
	(void)sigaction(SIGXFSZ, &ignored, NULL);
}

static int main_command(int argc, char **argv)
{
	const struct command *command;
	int r;

	r = main_parse(argc, argv);
	if (r < 0)
		r = main_check();
	if (r >= 0)
		return r;
	if (optind >= argc) {
		(void)fprintf(stderr, "ioectl: a command is missing\n");
		return main_usage_error();
	}
	command = command_find(main_commands, argv[optind]);
	if (!command)
		return main_fail_unknown(argv[optind]);
	if (main_wants_help(argc - optind, argv + optind))
		return main_help(command);
	return main_run(container_of(command, const struct ctl_command, row), argc - optind, argv + optind);
}

int main(int argc, char **argv)
{
	int r;

	if (stdfd_open() < 0)
		return EXIT_CODE_FAILED;
	main_signals();
	r = main_command(argc, argv);
	return arg_json ? json_error_finish(r) : r;
}
