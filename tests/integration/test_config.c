/* SPDX-License-Identifier: MIT */
/* What ioed says of its arguments and its configuration, when it starts, and when that changes under it. */

#include "client.h"
#include "tool.h"

#include <glib/gstdio.h>
#include <arpa/inet.h>
#include <linux/securebits.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONFIG_EXIT_USAGE 2
#define CONFIG_EXIT_CONFIG 78

/* ioed -t on @text: what it says on stderr. */
static char *config_check(const char *text, int status)
{
	struct daemon *d = daemon_new(0, text);
	g_autofree char *said = NULL;
	struct tool t;

	tool_run(&t, "IOED", "", "-t", "-c", d->config, NULL);
	/* In the texts the file is called FILE. */
	(void)g_string_replace(t.err, d->config, "FILE", 0);
	(void)g_string_replace(t.err, d->dir, "DIR", 0);
	if (t.status != status)
		harness_fail("ioed -t ended with %d, not %d, for:\n%s\nand said:\n%s", t.status, status, text, t.err->str);
	said = g_strdup(t.err->str);
	tool_done(&t);
	(void)daemon_free(d);
	return g_steal_pointer(&said);
}

static void config_expect_fault(const char *text, const char *where, const char *what)
{
	g_autofree char *said = config_check(text, CONFIG_EXIT_CONFIG);
	g_auto(GStrv) lines = g_strsplit(said, "\n", 0);

	for (size_t i = 0; lines[i]; i++)
		if (strstr(lines[i], where) && strstr(lines[i], what))
			return;
	harness_fail("No line with %s and %s for:\n%s\nbut:\n%s", where, what, text, said);
}

static void config_good(void)
{
	static const char *const texts[] = {
		"",
		"# nothing but a comment\n",
		DAEMON_LISTENER,
		"listeners = ( { port = 9001; roles = [ \"file\" ]; } );\n",
		"listeners = ( { port_base = 9000; roles = ( \"file\", \"compute\" ); raw = false; } );\n",
		"listeners = ( { port = 9001; address = \"::1\"; roles = [ \"chat\" ]; },\n"
		"              { port = 9001; address = \"127.0.0.1\"; roles = [ \"relay\" ]; } );\n",
		"reactors = 2; workers = 2; stop_timeout = \"3s\"; legacy_wait = \"50ms\";\n",
		"state_dir = \"/nowhere/%i\"; runtime_dir = \"/nowhere/run/%i\";\n",
		"limits = { connections = 10; per_address = 5; line = \"8K\"; output = \"1M\"; idle = \"2h\";\n"
		"  line_time = \"10s\"; pipeline = 7; memory = \"1G\"; };\n",
		"file = { root = \"/nowhere\"; max_size = \"2G\"; sync = false; overwrite = true; mode = \"0644\"; };\n",
		"log = { level = \"debug\"; };\n",
		"instances = ( { id = 2; reactors = 3; }, { id = 9999; limits = { idle = \"1m\"; }; } );\n",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(config_check(texts[i], 0));
}

/* One text, one expected place and word of the sentence. */
static void config_bad(void)
{
	static const struct {
		const char *text, *where, *what;
	} cases[] = {
		{ "reactors = ;\n", "FILE:1", "" },
		{ "\n\nreactors = 1\nlimits = {\n", "FILE:", "" },
		{ "nonsense = 1;\n", "FILE:1", "nonsense" },
		{ "\nlimits = { nonsense = 1; };\n", "FILE:2", "nonsense" },
		{ "limits = 5;\n", "FILE:1", "limits" },
		{ "reactors = \"two\";\n", "FILE:1", "two" },
		{ "reactors = 0;\n", "FILE:1", "0" },
		{ "reactors = -1;\n", "FILE:1", "-1" },
		{ "reactors = 1.5;\n", "FILE:1", "reactors" },
		{ "limits = {\n connections = 5000000000;\n};\n", "FILE:2", "5000000000" },
		{ "limits = {\n connections = 4294967297;\n};\n", "FILE:2", "4294967297" },
		{ "limits = { idle = \"50 parsecs\"; };\n", "FILE:1", "50 parsecs" },
		{ "limits = { idle = \"-1s\"; };\n", "FILE:1", "-1s" },
		{ "limits = { line = \"12Q\"; };\n", "FILE:1", "12Q" },
		{ "limits = { line = \"99999999999999999999\"; };\n", "FILE:1", "99999999999999999999" },
		{ "file = { mode = \"0999\"; };\n", "FILE:1", "0999" },
		{ "file = { sync = 1; };\n", "FILE:1", "sync" },
		{ "log = { level = \"loud\"; };\n", "FILE:1", "loud" },
		{ "listeners = ( { port = 70000; roles = [ \"file\" ]; } );\n", "FILE:1", "70000" },
		{ "listeners = ( { port = 9001; port_base = 9000; roles = [ \"file\" ]; } );\n", "FILE:1", "port_base" },
		{ "listeners = ( { roles = [ \"file\" ]; } );\n", "FILE:1", "port" },
		{ "listeners = ( { port = 9001; } );\n", "FILE:1", "roles" },
		{ "listeners = ( { port = 9001; roles = [ \"coffee\" ]; } );\n", "FILE:1", "coffee" },
		{ "listeners = ( { port = 9001; roles = [ \"file\", \"file\" ]; } );\n", "FILE:1", "file" },
		{ "listeners = ( { port = 9001; address = \"no address\"; roles = [ \"file\" ]; } );\n", "FILE:1",
		  "no address" },
		{ "listeners = ( { port = 9001; roles = [ \"file\" ]; nonsense = 1; } );\n", "FILE:1", "nonsense" },
		{ "listeners = ( { port = 9001; roles = [ \"file\" ]; },\n  { port = 9001; roles = [ \"chat\" ]; } );\n",
		  "FILE:2", "9001" },
		{ "instances = ( { id = 0; } );\n", "FILE:1", "0" },
		{ "instances = ( { reactors = 2; } );\n", "FILE:1", "id" },
		{ "instances = ( { id = 7;\n nonsense = 1; } );\n", "FILE:2", "nonsense" },
		{ "reactors = 1;\n@include \"other\"\n", "FILE:2", "" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		config_expect_fault(cases[i].text, cases[i].where, cases[i].what);
}

/* Ten different faults in one file: each is told, with its own line. */
static void config_ten_faults(void)
{
	static const char text[] =
		"nonsense = 1;\n"                                                        /* 1 */
		"reactors = \"two\";\n"                                                  /* 2 */
		"workers = 1000000;\n"                                                   /* 3 */
		"stop_timeout = \"10 parsecs\";\n"                                       /* 4 */
		"limits = {\n"
		"	line = \"12Q\";\n"                                               /* 6 */
		"	connections = 5000000000;\n"                                     /* 7 */
		"	nonsense = 2;\n"                                                 /* 8 */
		"};\n"
		"log = { level = \"loud\"; };\n"                                         /* 10 */
		"listeners = (\n"
		"	{ port = 9001; roles = [ \"file\" ]; },\n"
		"	{ port = 9001; roles = [ \"chat\" ]; },\n"                       /* 13 */
		"	{ port = 9002; roles = [ \"file\", \"file\" ]; },\n"             /* 14 */
		"	{ port = 9003; roles = [ \"coffee\" ]; }\n"                      /* 15 */
		");\n"
		"file = { mode = \"0999\"; };\n";                                        /* 17 */
	static const unsigned lines[] = { 1, 2, 3, 4, 6, 7, 8, 10, 13, 14, 15, 17 };
	g_autofree char *said = config_check(text, CONFIG_EXIT_CONFIG);

	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *where = g_strdup_printf("FILE:%u:", lines[i]);

		if (!strstr(said, where))
			harness_fail("Nothing is said of line %u, but:\n%s", lines[i], said);
	}
}

static void config_missing_file(void)
{
	struct daemon *d = daemon_new(0, "");
	struct tool t;

	g_assert_cmpint(unlink(d->config), ==, 0);
	tool_run(&t, "IOED", "", "-c", d->config, "-t", NULL);
	g_assert_cmpint(t.status, ==, CONFIG_EXIT_CONFIG);
	g_assert_nonnull(strstr(t.err->str, d->config));
	tool_done(&t);
	tool_run(&t, "IOED", "", "--config", d->dir, "-t", NULL);
	g_assert_cmpint(t.status, ==, CONFIG_EXIT_CONFIG);
	g_assert_nonnull(strstr(t.err->str, d->dir));
	tool_done(&t);
	(void)daemon_free(d);
}

static void config_arguments(void)
{
	static const char *const numbers[] = {
		"0", "01", "10000", "x", "-1", "+1", "", " 1", "1x", "1.0", "0x1", "99999999999999999999", "4294967297",
	};
	struct daemon *d = daemon_new(0, DAEMON_LISTENER);
	struct tool t;

	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		g_autofree char *joined = g_strconcat("--instance=", numbers[i], NULL);

		tool_run(&t, "IOED", "", "-t", "-c", d->config, "-i", numbers[i], NULL);
		g_assert_cmpint(t.status, ==, CONFIG_EXIT_USAGE);
		g_assert_nonnull(strstr(t.err->str, "1 to 9999"));
		g_assert_nonnull(strstr(t.err->str, numbers[i]));
		tool_done(&t);
		tool_run(&t, "IOED", "", "-t", "-c", d->config, joined, NULL);
		g_assert_cmpint(t.status, ==, CONFIG_EXIT_USAGE);
		tool_done(&t);
	}
	tool_run(&t, "IOED", "", "-t", "-c", d->config, "-i", "1", NULL);
	g_assert_cmpint(t.status, ==, 0);
	tool_done(&t);
	tool_run(&t, "IOED", "", "-t", "-c", d->config, "--instance", "9999", NULL);
	g_assert_cmpint(t.status, ==, 0);
	tool_done(&t);
	tool_run(&t, "IOED", "", "--no-such-option", NULL);
	g_assert_cmpint(t.status, ==, CONFIG_EXIT_USAGE);
	tool_done(&t);
	tool_run(&t, "IOED", "", "-t", "-c", d->config, "too much", NULL);
	g_assert_cmpint(t.status, ==, CONFIG_EXIT_USAGE);
	tool_done(&t);
	tool_run(&t, "IOED", "", "-V", NULL);
	g_assert_cmpint(t.status, ==, 0);
	g_assert_true(g_str_has_prefix(t.out->str, "ioed "));
	tool_done(&t);
	(void)daemon_free(d);
}

/* Started by hand as root it says that it need not be; not by anybody else, and not to a service manager. */
static void config_by_hand(void)
{
	struct daemon *d = daemon_new(0, "listeners = ( { address = \"192.0.2.99\"; port = 0; roles = [ \"file\" ]; } );\n"
					"state_dir = \"@DIR@/state\"; runtime_dir = \"@DIR@/run\";\n");
	struct tool t;

	for (unsigned managed = 0; managed < 2; managed++) {
		if (managed)
			g_assert_true(g_setenv("NOTIFY_SOCKET", d->notify, TRUE));
		tool_run(&t, "IOED", "", "-c", d->config, NULL);
		g_unsetenv("NOTIFY_SOCKET");
		g_assert_cmpint(t.status, ==, 1);
		g_assert_nonnull(strstr(t.err->str, "192.0.2.99 is no address of this machine"));
		g_assert_cmpint(strstr(t.err->str, "runs as root and need not") != NULL, ==, geteuid() == 0 && !managed);
		tool_done(&t);
	}
	(void)daemon_free(d);
}

/* A line of 1500 bytes fits, one of 2500 does not: what limits.line came out as. */
static void config_expect_line_limit(struct daemon *d, size_t fits, size_t too_long)
{
	struct client *c = client_new(d, 0);
	g_autofree char *a = g_strnfill(fits - 5, 'x'), *b = g_strnfill(too_long - 5, 'x');
	g_autofree char *pong = g_strconcat("PONG,", a, NULL);

	client_printf(c, "PING,%s\nPING,%s\n", a, b);
	client_expect(c, pong);
	client_expect_error(c, "too-long");
	client_free(c);
}

static void config_drop_in(struct daemon *d, const char *name, const char *text)
{
	g_autofree char *dir = g_strconcat(d->config, ".d", NULL), *path = g_build_filename(dir, name, NULL);

	g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
	harness_write_file(path, text, strlen(text));
}

/* Drop-ins in name order over the file, then the instance's own group. */
static void config_merging(unsigned reactors)
{
	struct daemon *d = daemon_new(reactors, DAEMON_LISTENER
				      "limits = { line = \"1000\"; };\n"
				      "instances = ( { id = 2; limits = { line = \"4000\"; }; } );\n");
	struct tool t;

	daemon_spawn(d);
	daemon_wait_ready(d);
	config_expect_line_limit(d, 1000, 1001);
	daemon_stop(d);

	config_drop_in(d, "20-second.conf", "limits = { line = \"2000\"; };\n");
	config_drop_in(d, "10-first.conf", "limits = { line = \"3000\"; };\n");
	config_drop_in(d, "30-not-read.txt", "nonsense\n");
	daemon_spawn(d);
	daemon_wait_ready(d);
	config_expect_line_limit(d, 2000, 2001);
	daemon_stop(d);

	d->instance = "2";
	daemon_spawn(d);
	daemon_wait_ready(d);
	config_expect_line_limit(d, 4000, 4001);
	daemon_stop(d);

	config_drop_in(d, "15-bad.conf", "reactors = 1;\nnonsense = 1;\n");
	tool_run(&t, "IOED", "", "-t", "-c", d->config, NULL);
	g_assert_cmpint(t.status, ==, CONFIG_EXIT_CONFIG);
	g_assert_nonnull(strstr(t.err->str, "15-bad.conf:2:"));
	tool_done(&t);
	(void)daemon_free(d);
}

static void config_expect_reload(struct daemon *d, const char *config)
{
	daemon_write_config(d, config);
	daemon_signal(d, SIGHUP);
	daemon_wait_notified(d, "READY=1");
}

static void config_reload(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "limits = { line = \"1000\"; };\n");
	struct client *c = client_new(d, 0);
	g_autofree char *where = g_strconcat(d->config, ":3:", NULL);

	client_ask(c, "PING", "PONG");
	config_expect_reload(d, DAEMON_LISTENER "limits = { line = \"2000\"; };\n");
	config_expect_line_limit(d, 2000, 2001);

	/* A bad file changes nothing, and says where it is bad. */
	config_expect_reload(d, DAEMON_LISTENER "limits = { line = \"3000\"; };\nnonsense = 1;\n");
	daemon_wait_log(d, where);
	config_expect_line_limit(d, 2000, 2001);
	config_expect_reload(d, "this is no configuration\n");
	config_expect_line_limit(d, 2000, 2001);

	/* What only a restart changes is said to. */
	d->reactors = reactors + 1;
	g_free(daemon_take_log(d));
	config_expect_reload(d, DAEMON_LISTENER "limits = { line = \"1500\"; };\n");
	daemon_wait_log(d, "reactors");
	config_expect_line_limit(d, 1500, 1501);
	g_assert_cmpuint(daemon_status(d, "reactors"), ==, reactors);
	client_ask(c, "PING,all the time", "PONG,all the time");
	client_free(c);
	daemon_finish(d);
}

/* One that does not start: its exit status, once it has said @what. */
static void config_expect_no_start(struct daemon *d, const char *what)
{
	int status;

	daemon_spawn(d);
	status = daemon_wait_exit(d);
	if (!strstr(d->log->str, what))
		harness_fail("The daemon did not say \"%s\", but:\n%s", what, d->log->str);
	g_assert_true(WIFEXITED(status));
	g_assert_cmpint(WEXITSTATUS(status), ==, 1);
	g_assert_null(strstr(d->notified->str, "READY=1"));
}

static void config_port_in_use(unsigned reactors)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	g_autofree char *text = NULL, *port = NULL;
	struct daemon *d;
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), ==, 0);
	g_assert_cmpint(listen(fd, 1), ==, 0);
	g_assert_cmpint(getsockname(fd, (struct sockaddr *)&sa, &len), ==, 0);
	port = g_strdup_printf("%u", (unsigned)ntohs(sa.sin_port));
	text = g_strdup_printf("listeners = ( { port = %s; roles = [ \"compute\" ]; } );\n", port);
	d = daemon_new(reactors, text);
	config_expect_no_start(d, port);
	(void)close(fd);
	/* Free again: the daemon takes it, and again right after its own connections. */
	for (unsigned i = 0; i < 2; i++) {
		struct client *c;

		daemon_spawn(d);
		daemon_wait_ready(d);
		g_assert_cmpuint(d->ports[0], ==, ntohs(sa.sin_port));
		c = client_new(d, 0);
		client_ask(c, "BYE", "BYE");
		client_expect_eof(c);
		client_free(c);
		daemon_stop(d);
	}
	(void)daemon_free(d);
}

/* Root's way past permissions is taken away: it is then a user like any other. */
static void config_no_privileges(void *data)
{
	(void)data;
	(void)prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED);
}

static void config_state_not_writable(unsigned reactors)
{
	struct daemon *d = daemon_new(reactors, DAEMON_LISTENER);

	d->setup = config_no_privileges;
	g_assert_cmpint(rmdir(d->files), ==, 0);
	g_assert_cmpint(chmod(d->state, 0555), ==, 0);
	config_expect_no_start(d, d->state);
	g_assert_cmpint(chmod(d->state, 0755), ==, 0);
	daemon_spawn(d);
	daemon_wait_ready(d);
	daemon_finish(d);

	/* A file where the folder should be. */
	d = daemon_new(reactors, DAEMON_LISTENER);
	g_assert_cmpint(rmdir(d->files), ==, 0);
	g_assert_cmpint(rmdir(d->state), ==, 0);
	harness_write_file(d->state, "", 0);
	config_expect_no_start(d, d->state);
	(void)daemon_free(d);
}

/* What cannot be written is told, with what to do about it, and is served as it can be. */
static void config_root_not_writable(unsigned reactors)
{
	struct daemon *d = daemon_new(reactors, DAEMON_LISTENER "file = { root = \"@DIR@/share\"; };\n");
	g_autofree char *root = g_build_filename(d->dir, "share", NULL), *f = g_build_filename(root, "f", NULL);
	g_autofree char *tree = NULL;
	struct client *c;

	d->setup = config_no_privileges;
	config_expect_no_start(d, root);
	g_assert_cmpint(mkdir(root, 0755), ==, 0);
	harness_write_file(f, "there", 5);
	g_assert_cmpint(chmod(root, 0555), ==, 0);
	daemon_spawn(d);
	daemon_wait_ready(d);
	daemon_wait_log(d, root);
	daemon_wait_log(d, "writable for the user");
	c = client_new(d, 0);
	client_puts(c, "READ,f\nWRITE,f,3\nabcWRITE,g,3\nabcPING\n");
	client_expect_sized(c, "there", 5);
	client_expect_error(c, "denied|unavailable");
	client_expect_error(c, "denied|unavailable");
	client_expect(c, "PONG");
	client_free(c);
	daemon_stop(d);
	tree = harness_tree(root);
	g_assert_cmpstr(tree, ==, "f");
	g_assert_cmpint(chmod(root, 0755), ==, 0);
	(void)daemon_free(d);
}

/* What is kept must not be what is served, unless by a name that is never served. */
static void config_state_served(unsigned reactors)
{
	struct daemon *d = daemon_new(reactors, DAEMON_LISTENER "file = { root = \"@DIR@\"; };\n");
	char *hidden = g_build_filename(d->dir, ".state", NULL);

	config_expect_no_start(d, "clients could read all rooms and mail");
	g_assert_cmpint(g_rename(d->state, hidden), ==, 0);
	g_free(d->state);
	d->state = hidden;
	daemon_spawn(d);
	daemon_wait_ready(d);
	daemon_finish(d);
}

static void config_state_shared(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER), *second = daemon_new(reactors, DAEMON_LISTENER);
	struct client *c = client_new(d, 0);

	g_free(second->state);
	second->state = g_strdup(d->state);
	config_expect_no_start(second, d->state);
	client_ask(c, "PING", "PONG");
	client_free(c);
	/* A daemon that was killed leaves no lock behind. */
	daemon_kill(d);
	daemon_spawn(second);
	daemon_wait_ready(second);
	daemon_stop(second);
	(void)daemon_free(second);
	(void)daemon_free(d);
}

static void config_add(void)
{
	g_test_add_func("/config/good", config_good);
	g_test_add_func("/config/bad", config_bad);
	g_test_add_func("/config/ten-faults", config_ten_faults);
	g_test_add_func("/config/missing-file", config_missing_file);
	g_test_add_func("/config/arguments", config_arguments);
	g_test_add_func("/config/by-hand", config_by_hand);
	harness_add("config/merging", config_merging);
	harness_add("config/reload", config_reload);
	harness_add("config/port-in-use", config_port_in_use);
	harness_add("config/state-not-writable", config_state_not_writable);
	harness_add("config/root-not-writable", config_root_not_writable);
	harness_add("config/state-served", config_state_served);
	harness_add("config/state-shared", config_state_shared);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, config_add);
}
