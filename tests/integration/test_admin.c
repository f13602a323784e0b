/* SPDX-License-Identifier: MIT */
/* What an administrator does all day: ioectl and the control socket of a daemon that has clients. */

#include "client.h"
#include "tool.h"
#include "unit/fixture/openmetrics.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ADMIN_STAYING 1000

#define ADMIN_EXIT_NOT_FOUND 5

static struct client *admin_connect_as(struct daemon *d, const char *nick)
{
	struct client *c = client_new(d, 0);
	g_autofree char *ask = g_strdup_printf("NICK,%s", nick), *answer = g_strdup_printf("OK,%s", nick);

	client_ask(c, ask, answer);
	return c;
}

static struct client **admin_crowd(struct daemon *d, unsigned n)
{
	struct client **all = g_new(struct client *, n);

	for (unsigned i = 0; i < n; i++) {
		g_autofree char *nick = g_strdup_printf("stays%u", i);

		all[i] = admin_connect_as(d, nick);
	}
	return all;
}

static void admin_disperse(struct client **all, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		client_free(all[i]);
	g_free(all);
}

/* ioectl must end with @status; what it printed, to be freed. */
static char *admin_ioectl(struct daemon *d, int status, const char *command, const char *a, const char *b, const char *c)
{
	struct tool t;
	char *out;

	tool_run(&t, "IOECTL", "", "-s", d->control, command, a, b, c, NULL);
	if (t.status != status)
		harness_fail("ioectl %s %s %s %s ended with %d, not with %d: %s%s", command, a, b, c, t.status, status,
			     t.out->str, t.err->str);
	if (status != 0)
		g_assert_cmpstr(t.err->str, !=, "");
	out = g_strdup(t.out->str);
	tool_done(&t);
	return out;
}

struct admin_churn {
	struct daemon *d;
	gint stop;
};

/* Connections that come and go, some of them with a name. */
static gpointer admin_churn(gpointer data)
{
	struct admin_churn *churn = data;

	for (unsigned i = 0; !g_atomic_int_get(&churn->stop); i++) {
		struct client *c[20];

		for (unsigned k = 0; k < G_N_ELEMENTS(c); k++) {
			c[k] = client_new(churn->d, 0);
			client_printf(c[k], "NICK,goes%u-%u\n", i, k);
		}
		for (unsigned k = 0; k < G_N_ELEMENTS(c); k++)
			(k % 2 ? client_reset : client_free)(c[k]);
	}
	return NULL;
}

static void admin_count(const char *list, unsigned *seen)
{
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);

	g_assert_cmpstr(g_strchomp(lines[0]), ==, "NAME");
	for (unsigned i = 1; lines[i]; i++)
		if (g_str_has_prefix(lines[i], "stays"))
			seen[g_ascii_strtoull(lines[i] + 5, NULL, 10)]++;
}

static void admin_clients(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	struct client **all = admin_crowd(d, ADMIN_STAYING);
	struct admin_churn churn = { .d = d };
	g_autofree unsigned *seen = g_new0(unsigned, ADMIN_STAYING);
	GThread *thread = g_thread_new("churn", admin_churn, &churn);

	for (unsigned i = 0; i < 5; i++) {
		g_autofree char *list = admin_ioectl(d, 0, "clients", "--columns=name", NULL, NULL);

		admin_count(list, seen);
	}
	g_atomic_int_set(&churn.stop, 1);
	(void)g_thread_join(thread);
	for (unsigned i = 0; i < ADMIN_STAYING; i++)
		if (seen[i] != 5)
			harness_fail("stays%u was listed %u times in 5 lists", i, seen[i]);
	admin_disperse(all, ADMIN_STAYING);
	daemon_wait_sessions(d, 0);
	daemon_finish(d);
}

static void admin_bytes(struct client *c)
{
	static const char call[] = "{\"method\":\"org.ioe.control.Clients\"}";
	static const char requests[] = "WRITE,f,1000000\nREAD,f\n", answers[] = "OK,received,1000000\n1000000\n";
	g_autofree char *data = harness_noise(1000000, 1), *json = NULL;

	client_puts(c, "WRITE,f,1000000\n");
	client_write(c, data, 1000000);
	client_expect(c, "OK,received,1000000");
	client_puts(c, "READ,f\n");
	client_expect_sized(c, data, 1000000);
	json = daemon_varlink(c->daemon, call);
	g_assert_cmpuint(g_ascii_strtoull(daemon_json_value(json, "bytes_in"), NULL, 10), ==, 1000000 + strlen(requests));
	g_assert_cmpuint(g_ascii_strtoull(daemon_json_value(json, "bytes_out"), NULL, 10), ==, 1000000 + strlen(answers));
}

static char *admin_id_of(struct daemon *d, const char *nick)
{
	g_autofree char *filter = g_strdup_printf("name=%s", nick);
	g_autofree char *list = admin_ioectl(d, 0, "clients", "--columns=id", filter, NULL);
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);

	g_assert_cmpuint(g_strv_length(lines), ==, 3);
	return g_strdup(lines[1]);
}

static void admin_kick(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	struct client *one = admin_connect_as(d, "one"), *two = client_new_ioe1(d, 0), *three = admin_connect_as(d, "three");
	g_autofree char *first = admin_id_of(d, "one"), *second = NULL;

	client_ask(two, "NICK,two", "OK,two");
	second = admin_id_of(d, "TWO");
	g_free(admin_ioectl(d, 0, "kick", first, NULL, NULL));
	client_expect_eof(one);
	g_free(admin_ioectl(d, ADMIN_EXIT_NOT_FOUND, "kick", first, NULL, NULL));
	g_free(admin_ioectl(d, 8, "kick", "--why=go, away", second, first));
	client_expect(two, "GOAWAY,kicked: go%2C away");
	client_expect_eof(two);
	g_free(admin_ioectl(d, ADMIN_EXIT_NOT_FOUND, "kick", "nonsense", NULL, NULL));
	g_free(admin_ioectl(d, 2, "kick", "non sense", NULL, NULL));
	g_free(admin_ioectl(d, 2, "clients", "foo=bar", NULL, NULL));
	client_ask(three, "PING", "PONG");
	daemon_wait_sessions(d, 1);
	daemon_wait_log(d, "of two was kicked: go, away");
	client_free(one);
	client_free(two);
	client_free(three);
	daemon_finish(d);
}

/* Each that goes by its end, and how many went is told; those of another name or port stay. */
static void admin_kick_says(struct daemon *d, const char *who, const char *expected)
{
	g_autofree char *said = admin_ioectl(d, 0, "kick", who, NULL, NULL);

	g_assert_cmpstr(said, ==, expected);
}

static void admin_kick_by(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	struct client *many[300], *other = admin_connect_as(d, "alone2"), *alone = admin_connect_as(d, "alone");
	g_autofree char *list = NULL, *said = NULL;
	g_auto(GStrv) lines = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(many); i++) {
		many[i] = client_new_ioe1(d, 0);
		client_ask(many[i], "NICK,Cron,shared", "OK,Cron");
	}
	admin_kick_says(d, "alone", "alone: 1 connection is ended\n");
	client_expect_eof(alone);
	admin_kick_says(d, "cRON", "cRON: 300 connections are ended\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(many); i++) {
		client_expect(many[i], "GOAWAY,kicked: ended by an administrator");
		client_expect_eof(many[i]);
		client_free(many[i]);
	}
	g_free(admin_ioectl(d, ADMIN_EXIT_NOT_FOUND, "kick", "cron", NULL, NULL));
	client_ask(other, "PING", "PONG");
	daemon_wait_sessions(d, 1);

	client_free(alone);
	alone = admin_connect_as(d, "alone");
	list = admin_ioectl(d, 0, "clients", "--columns=address", "--no-headers", "name=alone");
	lines = g_strsplit(list, "\n", -1);
	said = g_strdup_printf("%s: 1 connection is ended\n", lines[0]);
	admin_kick_says(d, lines[0], said);
	client_expect_eof(alone);
	client_ask(other, "PING", "PONG");
	g_free(admin_ioectl(d, ADMIN_EXIT_NOT_FOUND, "kick", "127.0.0.2", NULL, NULL));
	admin_kick_says(d, "127.0.0.1", "127.0.0.1: 1 connection is ended\n");
	client_expect_eof(other);
	client_free(other);
	client_free(alone);
	daemon_wait_sessions(d, 0);
	daemon_finish(d);
}

static void admin_visit(struct daemon *d)
{
	struct client *c = client_new(d, 0);

	client_ask(c, "PING", "PONG");
	client_free(c);
	daemon_wait_sessions(d, 0);
}

static void admin_log_level(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *log = NULL, *shown = admin_ioectl(d, 0, "log-level", NULL, NULL, NULL), *status = NULL;

	g_assert_cmpstr(shown, ==, "The daemon logs info and above\n");
	g_free(admin_ioectl(d, 0, "log-level", "debug", "--for=10m", NULL));
	g_free(shown);
	shown = admin_ioectl(d, 0, "log-level", NULL, NULL, NULL);
	g_assert_cmpstr(shown, ==, "The daemon logs debug and above for now; the configuration says info\n");
	status = admin_ioectl(d, 0, "status", NULL, NULL, NULL);
	g_assert_nonnull(strstr(status, "  Log        debug and above, "));
	admin_visit(d);
	daemon_wait_log(d, "ended: closed");
	/* A shorter time takes the place of the longer one. */
	g_free(admin_ioectl(d, 0, "log-level", "debug", "--for=50ms", NULL));
	daemon_wait_log(d, "the log level is the configured one again: info");
	g_free(daemon_take_log(d));
	admin_visit(d);
	g_free(admin_ioectl(d, 0, "log-level", "notice", NULL, NULL));
	daemon_wait_log(d, "the log level is notice until the next reload");
	log = daemon_take_log(d);
	g_assert_null(strstr(log, "debug:"));
	g_free(admin_ioectl(d, 0, "log-level", "debug", NULL, NULL));
	g_free(admin_ioectl(d, 0, "reload", NULL, NULL, NULL));
	daemon_wait_log(d, "reloaded the configuration");
	g_free(daemon_take_log(d));
	admin_visit(d);
	g_free(admin_ioectl(d, 0, "log-level", "info", NULL, NULL));
	daemon_wait_log(d, "the log level is info");
	g_free(log);
	log = daemon_take_log(d);
	g_assert_null(strstr(log, "debug:"));
	daemon_finish(d);
}

/* Where somebody else's parser is at hand it has to take the text too. */
static void admin_public_parser(const char *text)
{
	static const char script[] = "import sys\n"
				     "try:\n"
				     "    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\n"
				     "except ImportError:\n"
				     "    sys.exit(77)\n"
				     "print(len(list(parse(sys.stdin.read()))))\n";
	const char *args[] = { "-c", script, NULL };
	struct tool t;

	if (!g_getenv("ADMIN_PYTHON"))
		return;
	tool_run_setup(&t, "ADMIN_PYTHON", text, args, NULL, NULL);
	if (t.status == 77)
		g_test_message("python3-prometheus-client is not installed: only the test's own parser was asked");
	else if (t.status != 0 || g_ascii_strtoull(t.out->str, NULL, 10) < 15)
		harness_fail("prometheus_client does not take it: %s%s", t.out->str, t.err->str);
	else
		g_test_message("prometheus_client found %s families", g_strchomp(t.out->str));
	tool_done(&t);
}

static char *admin_metrics(struct daemon *d)
{
	char *text = admin_ioectl(d, 0, "metrics", NULL, NULL, NULL);
	const char *fault = openmetrics_fault(text);

	if (fault)
		harness_fail("%s\nin\n%s", fault, text);
	return text;
}

/* Each series of the first text is in the second one, and no counter is less. */
static void admin_no_less(const char *before, const char *after)
{
	g_auto(GStrv) lines = g_strsplit(before, "\n", -1);

	for (unsigned i = 0; lines[i]; i++) {
		g_autofree char *series = g_strndup(lines[i], strlen(lines[i]) - strlen(strrchr(lines[i], ' ') ?: ""));

		if (lines[i][0] == '#' || lines[i][0] == '\0')
			continue;
		if (openmetrics_value(after, series) < 0)
			harness_fail("%s has gone", series);
		if (strstr(series, "_total") && openmetrics_value(after, series) < openmetrics_value(before, series))
			harness_fail("%s has become less", series);
	}
}

static void admin_metrics_grow(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *before = admin_metrics(d), *after = NULL;
	const char *doubled = "ioe_requests_total{role=\"compute\"}";
	struct client *c = client_new(d, 0);

	admin_public_parser(before);
	for (unsigned i = 0; i < 500; i++) {
		g_autofree char *text = NULL;

		client_ask(c, "DOUBLE,21", "42");
		if (i % 100 == 99) {
			text = admin_metrics(d);
			admin_no_less(before, text);
		}
	}
	client_refused(c, "DOUBLE,nonsense", "bad-argument");
	after = admin_metrics(d);
	g_assert_cmpfloat(openmetrics_value(after, doubled) - openmetrics_value(before, doubled), ==, 501);
	g_assert_cmpfloat(openmetrics_value(after, "ioe_request_errors_total{role=\"compute\"}"), ==, 1);
	g_assert_cmpfloat(openmetrics_value(after, "ioe_sessions"), ==, 1);
	g_assert_cmpfloat(openmetrics_value(after, "ioe_reactors"), ==, reactors);
	client_free(c);
	daemon_finish(d);
}


/* All ask before one is answered, and the signal comes on top. */
static void admin_reload_at_once(struct daemon *d, const char *expected)
{
	static const char call[] = "{\"method\":\"org.ioe.control.Reload\"}";
	struct client *c[8];

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		c[i] = client_new_fd(daemon_varlink_connect(d));
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		client_write(c[i], call, sizeof(call));
		if (i == 4)
			daemon_signal(d, SIGHUP);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		g_autofree char *answer = client_message(c[i]);

		if (!strstr(answer, expected))
			harness_fail("no %s in %s", expected, answer);
		client_free(c[i]);
	}
}

static void admin_reload(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	struct client *c = client_new(d, 0);
	g_autofree char *text = NULL, *none = NULL, *after = NULL;

	client_ask(c, "PING", "PONG");
	daemon_write_config(d, DAEMON_LISTENER "limits = { line = \"32K\"; }; workers = 7;\n");
	text = admin_ioectl(d, 0, "reload", "--check", "--diff", NULL);
	g_assert_nonnull(strstr(text, "limits.line: \"64K\" -> \"32K\"\n"));
	g_assert_nonnull(strstr(text, " -> 7 (after a restart)\n"));
	admin_reload_at_once(d, "\"option\":\"workers\"");
	/* What was checked has changed nothing, what was reloaded has. */
	after = admin_ioectl(d, 0, "reload", "--check", "--diff", NULL);
	g_assert_null(strstr(after, "limits.line"));
	g_assert_nonnull(strstr(after, "workers"));

	daemon_write_config(d, DAEMON_LISTENER "limits = { line = \"16K\"; };\nnonsense = 1;\n");
	g_free(admin_ioectl(d, 1, "reload", "--check", NULL, NULL));
	g_free(admin_ioectl(d, 1, "check", d->config, NULL, NULL));
	admin_reload_at_once(d, "org.ioe.control.ReloadRefused");
	daemon_write_config(d, DAEMON_LISTENER "limits = { line = \"32K\"; };\n");
	none = admin_ioectl(d, 0, "reload", "--diff", NULL, NULL);
	g_assert_nonnull(strstr(none, "no option changes"));
	g_free(admin_ioectl(d, 0, "check", d->config, NULL, NULL));
	client_ask(c, "PING", "PONG");
	client_free(c);
	daemon_finish(d);
}

/* Each parameter of each method, as each type that it is not. */
static void admin_wrong_types(unsigned reactors)
{
	static const struct {
		const char *method, *parameter, *others, *type;
	} rows[] = {
		{ "Clients", "filter", "", "string" },
		{ "Kick", "id", "", "string" },
		{ "Kick", "why", "\"id\":\"0.0.1\",", "string" },
		{ "Reload", "check", "", "bool" },
		{ "LogLevel", "level", "", "string" },
		{ "LogLevel", "for_usec", "\"level\":\"info\",", "int" },
	};
	static const struct {
		const char *type, *value;
	} values[] = {
		{ "string", "\"x=y\"" }, { "string", "\"a\\u0000b\"" }, { "int", "-1" }, { "int", "99999999999999999999" },
		{ "float", "1.5" }, { "bool", "true" }, { "array", "[]" }, { "object", "{}" },
	};
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(values); k++) {
			g_autofree char *call = g_strdup_printf(
				"{\"method\":\"org.ioe.control.%s\",\"parameters\":{%s\"%s\":%s}}", rows[i].method,
				rows[i].others, rows[i].parameter, values[k].value);
			g_autofree char *wrong = g_strdup_printf(
				"{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"%s\"}}",
				rows[i].parameter);
			g_autofree char *answer = daemon_varlink(d, call);
			bool fits = strcmp(rows[i].type, values[k].type) == 0;

			/* A value of the right type can still be wrong; "x=y" is right only as a reason. */
			if (fits && (strcmp(rows[i].parameter, "check") == 0 ||
				     (strcmp(rows[i].parameter, "why") == 0 && k == 0)))
				g_assert_null(strstr(answer, "InvalidParameter"));
			else if (strcmp(answer, wrong) != 0)
				harness_fail("%s: %s", call, answer);
		}
	}
	g_assert_cmpuint(daemon_status(d, "sessions"), ==, 0);
	daemon_finish(d);
}

/* Peers that ask for all clients and do not read: they cost a page each, and nobody is held up. */
static void admin_never_reads(unsigned reactors)
{
	static const char call[] = "{\"method\":\"org.ioe.control.Clients\",\"more\":true}";
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	struct client **all = admin_crowd(d, ADMIN_STAYING);
	uint64_t before = daemon_proc(d, "VmRSS");
	struct client *deaf[40];
	unsigned n = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(deaf); i++) {
		deaf[i] = client_new_fd(daemon_varlink_connect(d));
		for (unsigned k = 0; k < 50; k++)
			client_write(deaf[i], call, sizeof(call));
	}
	for (unsigned i = 0; i < ADMIN_STAYING; i++)
		client_ask(all[i], "PING", "PONG");
	g_free(admin_ioectl(d, 0, "status", NULL, NULL, NULL));
	/* 40 peers with 50 calls: all answers at once would be 500 MB. */
	if (!daemon_is_sanitized(d))
		g_assert_cmpuint(daemon_proc(d, "VmRSS"), <, before + (64 << 10));
	/* Whoever begins to read gets all of it. */
	for (bool more = true; more;) {
		g_autofree char *page = client_message(deaf[0]);

		for (const char *p = page; (p = strstr(p, "\"id\":")); p++)
			n++;
		more = strstr(page, "\"continues\":true") != NULL;
	}
	g_assert_cmpuint(n, ==, ADMIN_STAYING);
	for (unsigned i = 0; i < G_N_ELEMENTS(deaf); i++)
		client_free(deaf[i]);
	admin_disperse(all, ADMIN_STAYING);
	daemon_wait_sessions(d, 0);
	daemon_finish(d);
}

/* The daemon is told to stop while lists are under way. */
static void admin_stop_in_between(unsigned reactors)
{
	static const char call[] = "{\"method\":\"org.ioe.control.Clients\",\"more\":true}";
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	struct client **all = admin_crowd(d, 300), *c[20];

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		c[i] = client_new_fd(daemon_varlink_connect(d));
		client_write(c[i], call, sizeof(call));
	}
	daemon_stop(d);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_free(c[i]);
	admin_disperse(all, 300);
	(void)daemon_free(d);
}

static void admin_wait(void)
{
	struct daemon *d = daemon_new(1, DAEMON_LISTENER);

	g_free(admin_ioectl(d, 7, "wait", "--timeout=50ms", NULL, NULL));
	daemon_spawn(d);
	g_free(admin_ioectl(d, 0, "wait", "--for=ready", "--timeout=30s", NULL));
	daemon_wait_ready(d);
	daemon_finish(d);
}

/* What TAB offers behind "kick" is what is connected. */
static void admin_completion(void)
{
	static const char script[] = "source \"$1\"; PATH=${IOECTL%/*}:$PATH\n"
				     "COMP_WORDS=(ioectl -s \"$2\" kick ''); COMP_CWORD=4; _ioectl; echo \"${COMPREPLY[@]}\"\n"
				     "COMP_WORDS=(ioectl -s \"$2\" clients name = ''); COMP_CWORD=6; _ioectl; echo \"${COMPREPLY[@]}\"\n"
				     "COMP_WORDS=(ioectl lo); COMP_CWORD=1; _ioectl; echo \"${COMPREPLY[@]}\"\n"
				     "COMP_WORDS=(ioectl wait --for ''); COMP_CWORD=3; _ioectl; echo \"${COMPREPLY[@]}\"\n";
	struct daemon *d = daemon_start(1, DAEMON_LISTENER);
	struct client *c = admin_connect_as(d, "bob");
	g_autofree char *id = admin_id_of(d, "bob");
	g_autofree char *file = g_build_filename(g_getenv("top_srcdir"), "tools/completions/ioectl.bash", NULL);
	g_autofree char *expected = g_strdup_printf("--why= %s bob\nbob\nlog-level\nready\n", id);
	const char *args[] = { "-c", script, "bash", file, d->control, NULL };
	struct tool t;

	tool_run_setup(&t, "ADMIN_BASH", "", args, NULL, NULL);
	g_assert_cmpstr(t.err->str, ==, "");
	g_assert_cmpstr(t.out->str, ==, expected);
	tool_done(&t);
	client_free(c);
	daemon_finish(d);
}

static void admin_add(void)
{
	/* The one that Debian's packages are for. */
	const char *python = "/usr/bin/python3";
	struct rlimit rl;

	/* What tool_run() is to run, besides ioectl. */
	g_assert_true(g_setenv("ADMIN_BASH", "/bin/bash", TRUE));
	if (g_file_test(python, G_FILE_TEST_IS_EXECUTABLE))
		g_assert_true(g_setenv("ADMIN_PYTHON", python, TRUE));
	/* Both ends of a thousand connections, and some. */
	g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &rl), ==, 0);
	rl.rlim_cur = MIN(rl.rlim_max, 8192);
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &rl), ==, 0);
	g_test_add_func("/admin/wait", admin_wait);
	g_test_add_func("/admin/completion", admin_completion);
	harness_add("admin/clients", admin_clients);
	client_add("admin/bytes", DAEMON_LISTENER, admin_bytes);
	harness_add("admin/kick", admin_kick);
	harness_add("admin/kick-by", admin_kick_by);
	harness_add("admin/log-level", admin_log_level);
	harness_add("admin/metrics", admin_metrics_grow);
	harness_add("admin/reload", admin_reload);
	harness_add("admin/wrong-types", admin_wrong_types);
	harness_add("admin/never-reads", admin_never_reads);
	harness_add("admin/stop", admin_stop_in_between);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, admin_add);
}
