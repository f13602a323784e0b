/* SPDX-License-Identifier: MIT */
/* The control socket, with ioectl and as Varlink by hand: what it tells, and its patience with garbage. */

#include "client.h"
#include "tool.h"

#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTROL_EXIT_NO_SERVER 3
#define CONTROL_EXIT_NOT_PERMITTED 4

static void control_status(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *address = g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]);
	g_autofree char *quoted = g_strdup_printf("\"%s\"", address);
	struct client *c = client_new(d, 0);
	const char *value;
	struct tool t;

	client_ask(c, "PING", "PONG");
	tool_run(&t, "IOECTL", "", "-s", d->control, "status", NULL);
	g_assert_cmpint(t.status, ==, 0);
	g_assert_nonnull(strstr(t.out->str, address));
	g_assert_cmpstr(t.err->str, ==, "");
	tool_done(&t);

	for (int longer = 0; longer < 2; longer++) {
		tool_run(&t, "IOECTL", "", longer ? "--socket" : "-s", d->control, longer ? "--json" : "-j", "status", NULL);
		g_assert_cmpint(t.status, ==, 0);
		g_assert_nonnull(strstr(t.out->str, quoted));
		value = daemon_json_value(t.out->str, "pid");
		g_assert_nonnull(value);
		g_assert_cmpint(g_ascii_strtoll(value, NULL, 10), ==, d->pid);
		value = daemon_json_value(t.out->str, "state");
		g_assert_true(value && g_str_has_prefix(value, "\"running\""));
		value = daemon_json_value(t.out->str, "sessions");
		g_assert_cmpint(g_ascii_strtoll(value, NULL, 10), ==, 1);
		tool_done(&t);
	}
	client_free(c);
	daemon_finish(d);
}

static void control_nobody(void)
{
	struct daemon *d = daemon_new(0, DAEMON_LISTENER);
	struct tool t;

	tool_run(&t, "IOECTL", "", "-s", d->control, "status", NULL);
	g_assert_cmpint(t.status, ==, CONTROL_EXIT_NO_SERVER);
	g_assert_nonnull(strstr(t.err->str, d->control));
	tool_done(&t);

	/* A socket that a killed daemon has left. */
	daemon_spawn(d);
	daemon_wait_ready(d);
	daemon_kill(d);
	tool_run(&t, "IOECTL", "", "-s", d->control, "status", NULL);
	g_assert_cmpint(t.status, ==, CONTROL_EXIT_NO_SERVER);
	tool_done(&t);
	/* The next daemon takes its place. */
	daemon_spawn(d);
	daemon_wait_ready(d);
	daemon_finish(d);
}

/* Without -i and -s it looks for every instance of this machine. */
static void control_no_instance(void)
{
	struct tool t;

	tool_run(&t, "IOECTL", "", "status", NULL);
	if (t.status == 0) {
		g_test_skip("an instance of ioed runs on this machine");
	} else {
		g_assert_cmpint(t.status, ==, CONTROL_EXIT_NO_SERVER);
		g_assert_nonnull(strstr(t.err->str, "No instance runs (looked for "));
	}
	tool_done(&t);
	tool_run(&t, "IOECTL", "", "-i", "9999", "status", NULL);
	g_assert_cmpint(t.status, ==, CONTROL_EXIT_NO_SERVER);
	tool_done(&t);
}

static void control_usage(void)
{
	static const char *const bad[][3] = {
		{ NULL }, { "no-such-command", NULL }, { "--no-such-option", NULL }, { "-i", "0", "status" },
		{ "-i", "10000", "status" }, { "-i", "x", "status" }, { "status", "too", "much" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct tool t;

		tool_run(&t, "IOECTL", "", bad[i][0], bad[i][1], bad[i][2], NULL);
		if (t.status != 2)
			harness_fail("ioectl %s %s %s ended with %d, not with 2: %s", bad[i][0], bad[i][1], bad[i][2],
				     t.status, t.err->str);
		g_assert_cmpstr(t.err->str, !=, "");
		tool_done(&t);
	}
}

static void control_be_nobody(void *data)
{
	(void)data;
	if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
		_exit(99);
}

static void control_not_permitted(unsigned reactors)
{
	const char *args[] = { "-s", NULL, "status", NULL };
	g_autofree char *copy = NULL, *program = NULL;
	struct daemon *d;
	struct tool t;
	gsize n;

	if (geteuid() != 0) {
		g_test_skip("only root can become somebody who is not permitted");
		return;
	}
	d = daemon_start(reactors, DAEMON_LISTENER);
	g_assert_cmpint(chmod(d->dir, 0755), ==, 0);
	/* Nobody may be kept from where this was built. */
	g_assert_true(g_file_get_contents(harness_program("IOECTL"), &program, &n, NULL));
	copy = g_build_filename(d->dir, "ioectl", NULL);
	g_assert_true(g_file_set_contents_full(copy, program, (gssize)n, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
	g_assert_cmpint(chmod(copy, 0755), ==, 0);
	g_assert_true(g_setenv("IOECTL_COPY", copy, TRUE));
	args[1] = d->control;
	tool_run_setup(&t, "IOECTL_COPY", "", args, control_be_nobody, NULL);
	g_assert_cmpint(t.status, ==, CONTROL_EXIT_NOT_PERMITTED);
	g_assert_cmpstr(t.err->str, !=, "");
	tool_done(&t);
	g_assert_cmpint(unlink(copy), ==, 0);
	daemon_finish(d);
}

static void control_varlink(unsigned reactors)
{
	static const struct {
		const char *call, *answer;
	} cases[] = {
		{ "{\"method\":\"org.varlink.service.GetInfo\"}", "\"org.ioe.control\"" },
		{ "{\"method\":\"org.varlink.service.GetInfo\",\"parameters\":{}}", "\"org.varlink.service\"" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		  "\"parameters\":{\"interface\":\"org.ioe.control\"}}", "method Status(" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		  "\"parameters\":{\"interface\":\"org.varlink.service\"}}", "method GetInfo(" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		  "\"parameters\":{\"interface\":\"org.nobody\"}}", "\"org.varlink.service.InterfaceNotFound\"" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\"}",
		  "\"org.varlink.service.InvalidParameter\"" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":5}}",
		  "\"org.varlink.service.InvalidParameter\"" },
		{ "{\"method\":\"org.ioe.control.Nothing\"}", "\"org.varlink.service.MethodNotFound\"" },
		{ "{\"method\":\"org.nobody.Nothing\"}", "\"org.varlink.service.InterfaceNotFound\"" },
		{ "{\"method\":\"org.ioe.control.Status\"}", "\"parameters\"" },
	};
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *answer = daemon_varlink(d, cases[i].call);

		if (!strstr(answer, cases[i].answer))
			harness_fail("%s: no %s in %s", cases[i].call, cases[i].answer, answer);
	}
	daemon_finish(d);
}


/* Calls in one piece, in single bytes, and one that wants no answer. */
static void control_framing(unsigned reactors)
{
	static const char calls[] = "{\"method\":\"org.varlink.service.GetInfo\",\"oneway\":true}\0"
				    "{\"method\":\"org.ioe.control.Nothing\"}\0"
				    "{\"method\":\"org.varlink.service.GetInfo\"}";
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	struct client *half = client_new_fd(daemon_varlink_connect(d));

	client_write(half, calls, 20);
	for (unsigned max_piece = 1; max_piece < 200; max_piece += 66) {
		struct client *c = client_new_fd(daemon_varlink_connect(d));
		g_autofree char *first = NULL, *second = NULL;

		client_write_pieces(c, calls, sizeof(calls), max_piece);
		first = client_message(c);
		second = client_message(c);
		g_assert_nonnull(strstr(first, "MethodNotFound"));
		g_assert_nonnull(strstr(second, "\"interfaces\""));
		client_half_close(c);
		client_expect_eof(c);
		client_free(c);
	}
	/* One that stands in the middle of a message has held up nobody. */
	client_write(half, calls + 20, sizeof(calls) - 20);
	g_free(client_message(half));
	g_free(client_message(half));
	client_free(half);
	daemon_finish(d);
}

/* The same patience as on the public port: whatever comes, the next one is served. */
static void control_garbage(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *deep = g_strnfill(30000, '['), *huge = g_strnfill(4 << 20, ' ');
	g_autofree char *nested =
		g_strconcat("{\"method\":\"org.varlink.service.GetInfo\",\"parameters\":{\"a\":", deep, NULL);
	const char *const texts[] = {
		"", "x", "[]", "1", "null", "\"text\"", "{", "{}", "}", "{\"method\":5}", "{\"method\":null}",
		"{\"method\":\"\"}", "{\"method\":\"Status\"}", "{\"method\":\".\"}", "{\"parameters\":{}}",
		"{\"method\":\"org.ioe.control.Status\",\"parameters\":5}",
		"{\"method\":\"org.ioe.control.Status\",\"parameters\":{\"nonsense\":1}}",
		"{\"method\":\"org.ioe.control.Status\",\"more\":5}", "{\"method\":\"org.ioe.control.Status\"",
		"{\"method\":\"org.ioe.control.Status\"}}", "{\"method\":\"org.ioe.control.Status\"} x",
		"{\"method\":\"\xff\xfe\"}", "{'method':'org.ioe.control.Status'}", "{\"method\":\"org.ioe.control.\\u0000\"}",
		"PING\n", "GET / HTTP/1.1\r\n\r\n", deep, nested, huge,
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct client *c = client_new_fd(daemon_varlink_connect(d));
		g_autofree char *answer = NULL, *after = NULL;

		client_write(c, texts[i], strlen(texts[i]) + 1);
		client_half_close(c);
		after = client_until_closed(c); /* an answer or none, but an end */
		g_assert_null(strstr(after, "\"listeners\""));
		client_free(c);
		answer = daemon_varlink(d, "{\"method\":\"org.ioe.control.Status\"}");
		g_assert_nonnull(strstr(answer, "\"listeners\""));
	}
	daemon_finish(d);
}

/* Many that connect and say nothing, and some that go without their answer. */
static void control_crowd(unsigned reactors)
{
	static const char call[] = "{\"method\":\"org.ioe.control.Status\"}";
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	struct client *c[40];

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		c[i] = client_new_fd(daemon_varlink_connect(d));
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_write(c[i], call, i % 2 ? sizeof(call) : 10);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_free(c[i]);
	for (unsigned i = 0; i < 20; i++) {
		struct client *one = client_new_fd(daemon_varlink_connect(d));

		client_write(one, call, sizeof(call));
		client_free(one);
	}
	g_assert_cmpuint(daemon_status(d, "sessions"), ==, 0);
	daemon_finish(d);
}

static void control_add(void)
{
	g_test_add_func("/control/nobody", control_nobody);
	g_test_add_func("/control/no-instance", control_no_instance);
	g_test_add_func("/control/usage", control_usage);
	harness_add("control/status", control_status);
	harness_add("control/not-permitted", control_not_permitted);
	harness_add("control/varlink", control_varlink);
	harness_add("control/framing", control_framing);
	harness_add("control/garbage", control_garbage);
	harness_add("control/crowd", control_crowd);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, control_add);
}
