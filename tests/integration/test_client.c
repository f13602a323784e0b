/* SPDX-License-Identifier: MIT */
/* ioe-client: its commands, one at a time and as a script, and the exit codes that scripts rely on. */

#include "client.h"
#include "tool.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The exit codes, as documented. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_NO_SERVER = 3,
	CLI_NOT_PERMITTED = 4,
	CLI_NOT_FOUND = 5,
	CLI_EXISTS = 6,
	CLI_TIMED_OUT = 7,
	CLI_SOME_FAILED = 8,
	CLI_LIMIT = 11,
};

static char *cli_servers(struct daemon *d)
{
	return g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]);
}

/* A port on which nobody answers while the returned socket is open: bound, and not listened on. */
static int cli_dead_port(char **ret_server)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), ==, 0);
	g_assert_cmpint(getsockname(fd, (struct sockaddr *)&sa, &len), ==, 0);
	*ret_server = g_strdup_printf("127.0.0.1:%u", (unsigned)ntohs(sa.sin_port));
	return fd;
}

static void cli_expect_status(const struct tool *t, int status)
{
	if (t->status != status)
		harness_fail("ioe-client ended with %d, not %d; stdout: %.500s; stderr: %.500s", t->status, status,
			     t->out->str, t->err->str);
	if (status != CLI_OK)
		g_assert_cmpstr(t->err->str, !=, "");
}

/* Runs ioe-client -s SERVERS with up to three words, and checks how it ends. */
static void cli_run(struct tool *t, int status, const char *servers, const char *a, const char *b, const char *c)
{
	tool_run(t, "IOE_CLIENT", "", "-s", servers, a, b, c, NULL);
	cli_expect_status(t, status);
}

static void cli_check(int status, const char *servers, const char *a, const char *b, const char *c)
{
	struct tool t;

	cli_run(&t, status, servers, a, b, c);
	tool_done(&t);
}

static char *cli_local(struct daemon *d, const char *name)
{
	return g_build_filename(d->dir, name, NULL);
}

static void cli_expect_file(const char *path, const void *data, size_t n)
{
	g_autofree char *seen = NULL;
	gsize seen_n;

	g_assert_true(g_file_get_contents(path, &seen, &seen_n, NULL));
	g_assert_cmpmem(seen, seen_n, data, n);
}

static void cli_files(unsigned reactors)
{
	static const size_t sizes[] = { 0, 1, 1000, 5 << 20 };
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *servers = cli_servers(d), *from = cli_local(d, "from"), *to = cli_local(d, "to");
	struct tool t;

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree char *data = harness_noise(sizes[i], (unsigned)i);

		harness_write_file(from, data, sizes[i]);
		cli_check(CLI_OK, servers, "put", from, "stored,with %41 all");
		cli_check(CLI_OK, servers, "get", "stored,with %41 all", to);
		cli_expect_file(to, data, sizes[i]);
	}
	cli_check(CLI_OK, servers, "put", from, NULL); /* under its own name */
	cli_run(&t, CLI_OK, servers, "ls", NULL, NULL);
	g_assert_cmpstr(t.out->str, ==, "from\nstored,with %41 all\n");
	g_assert_cmpstr(t.err->str, ==, "");
	tool_done(&t);
	daemon_finish(d);
}

static void cli_double(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *servers = cli_servers(d);
	struct tool t;

	cli_run(&t, CLI_OK, servers, "double", "21", NULL);
	g_assert_cmpstr(t.out->str, ==, "42\n");
	tool_done(&t);
	cli_run(&t, CLI_OK, servers, "double", "-99999999999999999999", NULL);
	g_assert_cmpstr(t.out->str, ==, "-199999999999999999998\n");
	tool_done(&t);
	cli_run(&t, CLI_FAILED, servers, "double", "twelve", NULL);
	g_assert_cmpstr(t.out->str, ==, "");
	tool_done(&t);
	cli_check(CLI_OK, servers, "ping", NULL, NULL);
	cli_run(&t, CLI_OK, servers, "raw", "PING,a%2Cb", NULL);
	g_assert_cmpstr(t.out->str, ==, "PONG,a%2Cb\n");
	tool_done(&t);
	cli_run(&t, CLI_OK, servers, "raw", "HELP", NULL);
	g_assert_nonnull(strstr(t.out->str, "PING"));
	tool_done(&t);
	daemon_finish(d);
}

static void cli_usage(void)
{
	static const char *const bad[][3] = {
		{ "no-such-command", NULL, NULL }, { "--no-such-option", NULL, NULL }, { "get", NULL, NULL },
		{ "put", NULL, NULL }, { "double", NULL, NULL }, { "ping", "too", "much" }, { "-t", "0", "ping" },
		{ "-s", "", "" }, { "-s", "127.0.0.1:70000", "ping" }, { "-s", "no port", "ping" },
	};
	struct tool t;

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		tool_run(&t, "IOE_CLIENT", "", bad[i][0], bad[i][1], bad[i][2], NULL);
		cli_expect_status(&t, CLI_USAGE);
		tool_done(&t);
	}
	tool_run(&t, "IOE_CLIENT", "", "--help", NULL);
	cli_expect_status(&t, CLI_OK);
	g_assert_nonnull(strstr(t.out->str, "double"));
	tool_done(&t);
}

/* Each command is explained, in 80 columns, also by itself; and what is none gets the one that may be meant. */
static void cli_help(void)
{
	static const char *const commands[] = { "ls", "get", "put", "chat", "say", "send", "inbox", "watch", "double", "ping",
						"raw", "help", "connect", "bye", "exit", "quit" };
	struct tool t, again;

	for (size_t i = 0; i <= G_N_ELEMENTS(commands); i++) {
		const char *command = i < G_N_ELEMENTS(commands) ? commands[i] : NULL;
		g_auto(GStrv) lines = NULL;

		tool_run(&t, "IOE_CLIENT", "", command ? "help" : "--help", command, NULL);
		cli_expect_status(&t, CLI_OK);
		lines = g_strsplit(t.out->str, "\n", -1);
		for (size_t j = 0; lines[j]; j++)
			g_assert_cmpuint(strlen(lines[j]), <=, 80);
		if (command) {
			g_assert_true(g_str_has_prefix(t.out->str, "Usage: "));
			tool_run(&again, "IOE_CLIENT", "", command, "--help", NULL);
			cli_expect_status(&again, CLI_OK);
			g_assert_cmpstr(again.out->str, ==, t.out->str);
			tool_done(&again);
		}
		tool_done(&t);
	}
	tool_run(&t, "IOE_CLIENT", "", "?", NULL);
	cli_expect_status(&t, CLI_OK);
	g_assert_nonnull(strstr(t.out->str, "  double N..."));
	tool_done(&t);
	tool_run(&t, "IOE_CLIENT", "", "UPLOAD", "x", NULL);
	cli_expect_status(&t, CLI_USAGE);
	g_assert_nonnull(strstr(t.err->str, "'UPLOAD' is no command: did you mean `put`?"));
	tool_done(&t);
	tool_run(&t, "IOE_CLIENT", "", "help", "gte\033", NULL);
	cli_expect_status(&t, CLI_USAGE);
	g_assert_nonnull(strstr(t.err->str, "is no command: did you mean `get`?"));
	tool_done(&t);
}

static void cli_exit_codes(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "file = { max_size = \"64K\"; overwrite = false; };\n");
	g_autofree char *servers = cli_servers(d), *large = cli_local(d, "large"), *small = cli_local(d, "small");
	g_autofree char *to = cli_local(d, "to"), *nowhere = cli_local(d, "nowhere/to"), *dead = NULL, *tree = NULL;
	g_autofree char *data = harness_noise(70000, 1);
	int fd = cli_dead_port(&dead);

	harness_write_file(large, data, 70000);
	harness_write_file(small, "small", 5);
	harness_write_file(to, "as it was", 9);
	cli_check(CLI_LIMIT, servers, "put", large, "large");
	cli_check(CLI_NOT_FOUND, servers, "get", "missing", to);
	cli_expect_file(to, "as it was", 9); /* a failure leaves the local file alone */
	cli_check(CLI_NOT_PERMITTED, servers, "get", "../missing", to);
	cli_check(CLI_NOT_PERMITTED, servers, "put", small, "../small");
	cli_expect_file(to, "as it was", 9);
	cli_check(CLI_OK, servers, "put", small, "small");
	cli_check(CLI_EXISTS, servers, "put", small, "small");
	cli_check(CLI_FAILED, servers, "get", "small", nowhere);
	cli_check(CLI_FAILED, servers, "put", nowhere, NULL);
	cli_check(CLI_NOT_FOUND, servers, "ls", "nowhere", NULL);
	cli_check(CLI_NO_SERVER, dead, "ping", NULL, NULL);
	cli_check(CLI_NO_SERVER, dead, "double", "5", NULL);
	cli_check(CLI_NO_SERVER, dead, "get", "small", to);
	cli_expect_file(to, "as it was", 9);
	(void)close(fd);
	tree = harness_tree(d->files);
	g_assert_null(strstr(tree, "large"));
	g_assert_nonnull(strstr(tree, "small"));
	daemon_finish(d);
}

/* One that takes connections and never says a word. */
static void cli_timeout(void)
{
	g_autofree char *mute = NULL;
	int fd = cli_dead_port(&mute);
	struct tool t;

	g_assert_cmpint(listen(fd, 8), ==, 0);
	tool_run(&t, "IOE_CLIENT", "", "-t", "1", "-s", mute, "ping", NULL);
	/* Nobody has answered, so there is no server; or one that timed out. */
	if (t.status != CLI_NO_SERVER)
		cli_expect_status(&t, CLI_TIMED_OUT);
	tool_done(&t);
	(void)close(fd);
}

/* A server that goes in the middle of a file: nothing half-done stays. */
static gpointer cli_break_off(gpointer data)
{
	int listener = GPOINTER_TO_INT(data), fd;
	char buf[4096];

	fd = accept(listener, NULL, NULL);
	if (recv(fd, buf, sizeof(buf), 0) > 0)
		(void)send(fd, "HI,ioe/1,ioed/0,1,file,127.0.0.1,,store\n", 40, MSG_NOSIGNAL);
	if (recv(fd, buf, sizeof(buf), 0) > 0)
		(void)send(fd, "1000\nonly this much", 19, MSG_NOSIGNAL);
	(void)close(fd);
	return NULL;
}

static void cli_broken_get(void)
{
	g_autofree char *server = NULL, *dir = g_dir_make_tmp("ioe-test-XXXXXX", NULL), *tree = NULL;
	g_autofree char *to = g_build_filename(dir, "to", NULL);
	int fd = cli_dead_port(&server);
	GThread *thread;
	struct tool t;

	harness_write_file(to, "as it was", 9);
	g_assert_cmpint(listen(fd, 1), ==, 0);
	thread = g_thread_new("break off", cli_break_off, GINT_TO_POINTER(fd));
	tool_run(&t, "IOE_CLIENT", "", "-s", server, "get", "file", to, NULL);
	g_assert_cmpint(t.status, !=, CLI_OK);
	g_assert_cmpstr(t.err->str, !=, "");
	tool_done(&t);
	(void)g_thread_join(thread);
	(void)close(fd);
	cli_expect_file(to, "as it was", 9);
	tree = harness_tree(dir);
	g_assert_cmpstr(tree, ==, "to");
	g_assert_cmpint(unlink(to), ==, 0);
	g_assert_cmpint(rmdir(dir), ==, 0);
}

/* The first of the list that answers, and a word on stderr where that is not the first. */
static void cli_second_server(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *server = cli_servers(d), *dead = NULL, *both = NULL, *other_way = NULL, *local = cli_local(d, "f");
	int fd = cli_dead_port(&dead);
	struct tool t;

	both = g_strdup_printf("%s,%s", dead, server);
	other_way = g_strdup_printf("%s,%s", server, dead);
	harness_write_file(local, "text", 4);
	cli_run(&t, CLI_OK, both, "put", local, "f");
	g_assert_nonnull(strstr(t.err->str, server));
	tool_done(&t);
	cli_run(&t, CLI_OK, other_way, "ls", NULL, NULL);
	g_assert_cmpstr(t.out->str, ==, "f\n");
	g_assert_cmpstr(t.err->str, ==, "");
	tool_done(&t);
	for (unsigned i = 0; i < 8; i++) { /* double begins anywhere, and goes on to one that answers */
		cli_run(&t, CLI_OK, both, "double", "4", NULL);
		g_assert_cmpstr(t.out->str, ==, "8\n");
		tool_done(&t);
	}
	(void)close(fd);
	daemon_finish(d);
}

static void cli_script(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *servers = cli_servers(d), *from = cli_local(d, "from"), *to = cli_local(d, "to");
	g_autofree char *good = g_strdup_printf("put %s stored\nls\nget stored %s\ndouble 21\nraw PING,x\n", from, to);
	g_autofree char *mixed = g_strdup_printf("get missing %s\ndouble 5\nno-such-command\ndouble 6\n", to);
	struct tool t;

	harness_write_file(from, "some text", 9);
	tool_run(&t, "IOE_CLIENT", good, "-s", servers, NULL);
	cli_expect_status(&t, CLI_OK);
	g_assert_nonnull(strstr(t.out->str, "stored\n"));
	g_assert_nonnull(strstr(t.out->str, "42\n"));
	g_assert_nonnull(strstr(t.out->str, "PONG,x\n"));
	tool_done(&t);
	cli_expect_file(to, "some text", 9);

	/* One that fails does not keep the rest from being done. */
	tool_run(&t, "IOE_CLIENT", mixed, "-s", servers, NULL);
	cli_expect_status(&t, CLI_SOME_FAILED);
	g_assert_nonnull(strstr(t.out->str, "10\n"));
	g_assert_nonnull(strstr(t.out->str, "12\n"));
	tool_done(&t);
	cli_expect_file(to, "some text", 9);
	tool_run(&t, "IOE_CLIENT", "", "-s", servers, NULL);
	cli_expect_status(&t, CLI_OK);
	tool_done(&t);
	daemon_finish(d);
}

/* Names are somebody else's: what could steer a terminal is not printed. */
static void cli_harmless(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *servers = cli_servers(d), *local = NULL;
	struct tool t;

	cli_run(&t, CLI_NOT_PERMITTED, servers, "get", "esc\x1b[2J", NULL);
	g_assert_null(strchr(t.err->str, '\x1b'));
	g_assert_null(strchr(t.out->str, '\x1b'));
	tool_done(&t);
	/* Nor are those of files here; whatever it is printed with. */
	local = cli_local(d, "x\342\200\256gpj\x1b.exe");
	cli_run(&t, CLI_FAILED, servers, "put", local, "name");
	g_assert_nonnull(strstr(t.err->str, ".exe"));
	g_assert_null(strpbrk(t.err->str, "\x1b\342"));
	tool_done(&t);
	g_assert_true(g_file_set_contents(local, "12345678", 8, NULL));
	cli_check(CLI_OK, servers, "put", local, "x\342\200\256gpj.exe");
	cli_run(&t, CLI_OK, servers, "ls", NULL, NULL);
	/* No terminal is turned round here, and get wants the name as it is. */
	g_assert_cmpstr(t.out->str, ==, "x\342\200\256gpj.exe\n");
	tool_done(&t);
	daemon_finish(d);
}

static void cli_add(void)
{
	g_test_add_func("/client/usage", cli_usage);
	g_test_add_func("/client/help", cli_help);
	g_test_add_func("/client/timeout", cli_timeout);
	g_test_add_func("/client/broken-get", cli_broken_get);
	harness_add("client/files", cli_files);
	harness_add("client/double", cli_double);
	harness_add("client/exit-codes", cli_exit_codes);
	harness_add("client/second-server", cli_second_server);
	harness_add("client/script", cli_script);
	harness_add("client/harmless", cli_harmless);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, cli_add);
}
