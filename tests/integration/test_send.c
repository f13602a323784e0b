/* SPDX-License-Identifier: MIT */
/* ioe-client's mail in pipes: what is sent out of one, and what is acknowledged of what was written into one. */

#include "client.h"
#include "tool.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct send_run {
	struct daemon *daemon;
	int in, out; /* -1: as it is */
	bool ignores_pipe;
};

/* In the child. */
static void send_setup(void *data)
{
	const struct send_run *run = data;

	if ((run->in >= 0 && dup2(run->in, STDIN_FILENO) < 0) || (run->out >= 0 && dup2(run->out, STDOUT_FILENO) < 0))
		_exit(99);
	(void)signal(SIGPIPE, run->ignores_pipe ? SIG_IGN : SIG_DFL);
}

static void send_run(struct tool *t, struct send_run *run, const char *a, const char *b, const char *c, const char *e)
{
	g_autofree char *server = g_strdup_printf("127.0.0.1:%u", (unsigned)run->daemon->ports[0]);

	tool_run_setup(t, "IOE_CLIENT", "", (const char *const[]){ "-s", server, a, b, c, e, NULL }, send_setup, run);
}

/* Standard input of these bytes, and what becomes of them. */
static void send_input(struct daemon *d, const void *data, size_t n, int status, const char *says)
{
	struct send_run run = { .daemon = d, .in = memfd_create("input", MFD_CLOEXEC), .out = -1 };
	struct tool t;

	g_assert_cmpint(write(run.in, data, n), ==, (gssize)n);
	g_assert_cmpint(lseek(run.in, 0, SEEK_SET), ==, 0);
	send_run(&t, &run, "send", "--nick=ann", "bob", "-");
	(void)close(run.in);
	if (t.status != status || (says && !strstr(t.err->str, says)))
		harness_fail("send - ended with %d, not %d: %s%s", t.status, status, t.out->str, t.err->str);
	tool_done(&t);
}

static void send_expect(struct client *c, const char *text)
{
	g_autofree char *line = NULL, *want = g_strdup_printf(",%s", text);

	client_puts(c, "FETCH,1\n");
	line = client_line(c);
	if (!g_str_has_prefix(line, "MAIL,") || !g_str_has_suffix(line, want))
		harness_fail("not '%s': %.200s", want, line);
	g_free(line);
	line = client_line(c);
	g_assert_true(g_str_has_prefix(line, "OK,1,"));
}

static void send_stdin(struct daemon *d)
{
	g_autofree char *long_one = g_strnfill(60000, 'x'), *too_long = g_strnfill((1 << 20) + 1, 'y');
	struct client *bob = client_new_named(d, 0, "bob");

	send_input(d, "disk failing\n", 13, 0, NULL);
	send_expect(bob, "disk failing");
	send_input(d, "no end", 6, 0, NULL);
	send_expect(bob, "no end");
	send_input(d, "-", 1, 0, NULL);
	send_expect(bob, "-");
	/* One line end is taken off, the others are kept. */
	send_input(d, "one\n\ntwo, three\n\n", 17, 0, NULL);
	send_expect(bob, "one%0A%0Atwo%2C three%0A");
	send_input(d, long_one, 60000, 0, NULL);
	send_expect(bob, long_one);
	/* Nothing of these is held. */
	send_input(d, "", 0, 1, "is empty");
	send_input(d, "\n", 1, 1, "is empty");
	send_input(d, "a\0b\n", 4, 1, "NUL");
	send_input(d, too_long, 70000, 1, "limits.line");
	send_input(d, too_long, 1 << 20, 1, "limits.line");
	send_input(d, too_long, (1 << 20) + 1, 11, "limits.line");
	client_ask(bob, "FETCH", "OK,0,0");
	client_free(bob);
}

/* A script's standard input has the commands. */
static void send_script(struct daemon *d)
{
	g_autofree char *server = g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]);
	struct tool t;

	tool_run(&t, "IOE_CLIENT", "send bob -\nsend bob a - b\n", "-s", server, NULL);
	g_assert_cmpint(t.status, ==, 8);
	g_assert_nonnull(strstr(t.err->str, "where the commands come from"));
	tool_done(&t);
}

/* Takes a little of what is written, and goes. */
static gpointer send_read_some(gpointer data)
{
	int fd = GPOINTER_TO_INT(data);
	char buf[100];

	g_assert_cmpint(read(fd, buf, sizeof(buf)), >, 0);
	(void)close(fd);
	return NULL;
}

/* `inbox | head`: what the pipe has not taken when its reader goes is not acknowledged. */
static void send_reader_goes(struct daemon *d)
{
	g_autofree char *text = g_strnfill(3000, 'x');
	struct client *ann = client_new_named(d, 0, "ann"), *bob;
	struct tool t;

	for (unsigned i = 0; i < 3; i++) {
		g_autofree char *line = NULL;

		client_printf(ann, "SEND,bob,%u%s\n", i, text);
		line = client_line(ann);
		g_assert_true(g_str_has_prefix(line, "OK,"));
	}
	for (unsigned i = 0; i < 2; i++) {
		struct send_run run = { .daemon = d, .in = -1, .ignores_pipe = i == 1 };
		GThread *reader;
		int ends[2];

		g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
		g_assert_cmpint(fcntl(ends[1], F_SETPIPE_SZ, 4096), ==, 4096);
		run.out = ends[1];
		reader = g_thread_new("reader", send_read_some, GINT_TO_POINTER(ends[0]));
		send_run(&t, &run, "inbox", "--nick=bob", NULL, NULL);
		(void)g_thread_join(reader);
		(void)close(ends[1]);
		/* By SIGPIPE, as is usual; or with a word. */
		g_assert_cmpint(t.status, ==, i == 0 ? -1 : 1);
		if (i == 1)
			g_assert_nonnull(strstr(t.err->str, "standard output"));
		tool_done(&t);
	}
	bob = client_new_named(d, 0, "bob");
	client_puts(bob, "MAILBOX\n");
	{
		g_autofree char *line = client_line(bob);

		g_assert_true(g_str_has_prefix(line, "OK,3,"));
	}
	client_free(bob);
	client_free(ann);
}

/* A reader that takes all of it, over several pages: all is acknowledged. */
static gpointer send_read_all(gpointer data)
{
	GString *all = g_string_new(NULL);
	int fd = GPOINTER_TO_INT(data);
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		(void)g_string_append_len(all, buf, n);
	(void)close(fd);
	return all;
}

static void send_reader_stays(struct daemon *d)
{
	struct client *ann = client_new_named(d, 0, "ann"), *bob;
	struct send_run run = { .daemon = d, .in = -1 };
	GString *all = NULL;
	unsigned lines = 0;
	GThread *reader;
	struct tool t;
	int ends[2];

	for (unsigned i = 0; i < 120; i++) {
		g_autofree char *line = NULL;

		client_printf(ann, "SEND,bob,%u\n", i);
		line = client_line(ann);
		g_assert_true(g_str_has_prefix(line, "OK,"));
	}
	g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
	run.out = ends[1];
	reader = g_thread_new("reader", send_read_all, GINT_TO_POINTER(ends[0]));
	send_run(&t, &run, "inbox", "--nick=bob", NULL, NULL);
	(void)close(ends[1]);
	all = g_thread_join(reader);
	if (t.status != 0)
		harness_fail("%s", t.err->str);
	tool_done(&t);
	for (const char *s = all->str; (s = strchr(s, '\n')); s++)
		lines++;
	g_assert_cmpuint(lines, ==, 120);
	(void)g_string_free(all, TRUE);
	bob = client_new_named(d, 0, "bob");
	client_ask(bob, "FETCH", "OK,0,0");
	client_free(bob);
	client_free(ann);
}

static void send_add(void)
{
	daemon_add("send/stdin", DAEMON_LISTENER, send_stdin);
	daemon_add("send/script", DAEMON_LISTENER, send_script);
	daemon_add("send/reader-goes", DAEMON_LISTENER, send_reader_goes);
	daemon_add("send/reader-stays", DAEMON_LISTENER, send_reader_stays);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, send_add);
}
