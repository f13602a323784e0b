/* SPDX-License-Identifier: MIT */
/*
 * What a program prints and nobody can have is an error, whatever the reason; and where standard output is closed it
 * goes nowhere else, least of all into the connection.
 */

#include "client.h"
#include "tool.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* In the child. */
static void output_to(int fd)
{
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		_exit(99);
}

static void output_full(G_GNUC_UNUSED void *data)
{
	output_to(open("/dev/full", O_WRONLY | O_CLOEXEC));
}

static void output_gone(G_GNUC_UNUSED void *data)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		_exit(99);
	(void)signal(SIGPIPE, SIG_IGN);
	output_to(ends[1]);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* ThreadSanitizer's runtime maps a file that it writes before main(), and dies of such a limit itself. */
#ifndef __SANITIZE_THREAD__
/* Standard error is a file, too: the status is all there is. */
static void output_limited(G_GNUC_UNUSED void *data)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_FSIZE, &none) < 0)
		_exit(99);
}
#endif

static void output_closed(G_GNUC_UNUSED void *data)
{
	(void)close(STDOUT_FILENO);
}

static void output_all_closed(G_GNUC_UNUSED void *data)
{
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	(void)close(STDERR_FILENO);
}

static const struct {
	const char *name;
	harness_setup_fn setup;
	bool says; /* there is a standard error */
} outputs[] = {
	{ "full", output_full, true },
	{ "gone", output_gone, true },
#ifndef __SANITIZE_THREAD__
	{ "limited", output_limited, false },
#endif
	{ "closed", output_closed, true },
	{ "all closed", output_all_closed, false },
};

/* @words behind @before, the options that say whom to ask. */
static void output_check(const char *variable, const char *const *before, const char *const *words, const char *input,
			 bool quiet_gone)
{
	for (size_t i = 0; i < G_N_ELEMENTS(outputs); i++) {
		const char *args[16] = { NULL };
		struct tool t;
		size_t n = 0;

		for (size_t k = 0; before && before[k]; k++)
			args[n++] = before[k];
		for (size_t k = 0; words[k]; k++)
			args[n++] = words[k];
		tool_run_setup(&t, variable, input, args, outputs[i].setup, NULL);
		if (t.status != 1 && !(input[0] && t.status == 8))
			harness_fail("$%s %s, standard output %s: ended with %d: %s", variable, words[0] ? words[0] : "-",
				     outputs[i].name, t.status, t.err->str);
		if (outputs[i].says && !(quiet_gone && outputs[i].setup == output_gone) &&
		    !strstr(t.err->str, "standard output"))
			harness_fail("$%s %s, standard output %s: does not say so: '%s'", variable,
				     words[0] ? words[0] : "-", outputs[i].name, t.err->str);
		tool_done(&t);
	}
}

static void output_client(void)
{
	struct daemon *d = daemon_start(1, DAEMON_LISTENER);
	static const char *const commands[][5] = {
		{ "--help" }, { "--version" }, { "help" }, { "ls" }, { "get", "innocent", "-" }, { "ping" },
		{ "double", "4" }, { "raw", "HELP" }, { "send", "--nick=ann", "bob", "it is there" },
		{ "inbox", "--nick=bob" }, { "watch", "--nick=bob" },
	};
	static const char request[] = "WRITE,pwned,5\nhello";
	g_autofree char *server = g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]), *tree = NULL;
	g_autofree char *innocent = g_build_filename(d->files, "innocent", NULL);
	g_autofree char *clear = g_build_filename(d->files, "MAILBOX,clear", NULL);
	const char *const options[] = { "-s", server, NULL };
	const char *const script[] = { NULL }, *const chat[] = { "chat", "--nick=ann", "lobby", NULL };
	struct client *bob;

	/* Names and contents that would be requests. */
	harness_write_file(innocent, request, strlen(request));
	harness_write_file(clear, "", 0);
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		output_check("IOE_CLIENT", options, commands[i], "", false);
	output_check("IOE_CLIENT", options, chat, "said\n", false);
	for (size_t i = 0; i + 1 < G_N_ELEMENTS(outputs); i++) {
		struct tool t;

		/* Commands from standard input, each of which fails. */
		tool_run_setup(&t, "IOE_CLIENT", "ls\nget innocent -\n", (const char *const[]){ "-s", server, NULL },
			       outputs[i].setup, NULL);
		g_assert_cmpint(t.status, ==, 8);
		tool_done(&t);
	}
	output_check("IOE_CLIENT", options, script, "help\nping\n", false);
	tree = harness_tree(d->files);
	g_assert_null(strstr(tree, "pwned"));
	/* One for each time, and nothing that was not printed was acknowledged. */
	bob = client_new_named(d, 0, "bob");
	client_puts(bob, "MAILBOX\n");
	{
		g_autofree char *line = client_line(bob), *want = g_strdup_printf("OK,%u,", (unsigned)G_N_ELEMENTS(outputs));

		if (!g_str_has_prefix(line, want))
			harness_fail("mailbox: %s", line);
	}
	client_free(bob);
	daemon_finish(d);
}

static void output_ioectl(void)
{
	struct daemon *d = daemon_start(1, DAEMON_LISTENER);
	static const char *const commands[][4] = {
		{ "--help" }, { "--version" }, { "status" }, { "clients" }, { "rooms" }, { "mailboxes" }, { "metrics" },
		{ "log-level", "info" }, { "reload", "--check" }, { "reload" }, { "-j", "status" }, { "-j", "clients" },
		{ "-j", "rooms" }, { "-j", "mailboxes" }, { "-j", "metrics" },
	};
	const char *const options[] = { "-s", d->control, NULL };

	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		output_check("IOECTL", options, commands[i], "", true);
	output_check("IOECTL", NULL, (const char *const[]){ "check", d->config, NULL }, "", true);
	output_check("IOECTL", NULL, (const char *const[]){ "-j", "check", d->config, NULL }, "", true);
	daemon_finish(d);
}

static void output_ioed(void)
{
	struct daemon *d = daemon_new(1, DAEMON_LISTENER);

	output_check("IOED", NULL, (const char *const[]){ "--help", NULL }, "", false);
	output_check("IOED", NULL, (const char *const[]){ "--version", NULL }, "", false);
	output_check("IOED", NULL, (const char *const[]){ "-t", "-c", d->config, NULL }, "", false);
	daemon_free(d);
}

/* A daemon that is given no descriptors serves, and what it opens is none of them. */
static void output_bare_daemon(unsigned reactors)
{
	struct daemon *d = daemon_new(reactors, DAEMON_LISTENER);

	d->setup = output_all_closed;
	daemon_spawn(d);
	daemon_wait_ready(d);
	for (int fd = 0; fd < 3; fd++) {
		g_autofree char *link = g_strdup_printf("/proc/%d/fd/%d", (int)d->pid, fd), *to = NULL;

		to = g_file_read_link(link, NULL);
		g_assert_cmpstr(to, ==, "/dev/null");
	}
	daemon_finish(d);
}

static void output_add(void)
{
	g_test_add_func("/output/ioe-client", output_client);
	g_test_add_func("/output/ioectl", output_ioectl);
	g_test_add_func("/output/ioed", output_ioed);
	harness_add("output/bare-daemon", output_bare_daemon);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, output_add);
}
