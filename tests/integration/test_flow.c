/* SPDX-License-Identifier: MIT */
/* How a session flows: requests in any pieces, answers in their order, back-pressure, time, and the end of it. */

#include "client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

/* 10000 requests of several kinds, @answers is what must come for them. @run keeps names apart. */
static void flow_make(GString *requests, GString *answers, bool ioe1, unsigned run)
{
	for (unsigned i = 0; i < 10000; i++)
		switch (g_test_rand_int_range(0, 6)) {
		case 0:
			g_string_append_printf(requests, "PING,%u\n", i);
			g_string_append_printf(answers, "PONG,%u\n", i);
			break;
		case 1:
			g_string_append_printf(requests, "%u\r\n", i);
			g_string_append_printf(answers, "%u\n", 2 * i);
			break;
		case 2:
			g_string_append_printf(requests, "double,-%u\n", i + 1);
			g_string_append_printf(answers, "-%u\n", 2 * (i + 1));
			break;
		case 3:
			g_string_append(requests, ioe1 ? "PING,%2C%25\n" : "ping,%2C,%25\n");
			g_string_append(answers, ioe1 ? "PONG,%2C%25\n" : "PONG,%2C,%25\n");
			break;
		case 4: /* a barrier among the others */
			g_string_append_printf(requests, "NICK,n%u-%u\n", run, i);
			g_string_append_printf(answers, "OK,n%u-%u\n", run, i);
			break;
		case 5: /* an answer that a worker has a hand in */
			g_string_append(requests, "READ,small\n");
			g_string_append(answers, "6\nsmall\n");
			break;
		}
}

static void flow_pipeline(struct daemon *d, bool ioe1, unsigned piece)
{
	struct client *c = ioe1 ? client_new_ioe1(d, 0) : client_new(d, 0);
	g_autoptr(GString) requests = g_string_new(NULL), answers = g_string_new(NULL);
	g_autofree char *seen = NULL;
	size_t cut;

	flow_make(requests, answers, ioe1, 2 * piece + ioe1);
	/* A byte at a time is slow: a part of it tells as much. */
	cut = piece == 1 ? requests->len / 20 : requests->len;
	client_write_pieces(c, requests->str, cut, piece);
	client_write(c, requests->str + cut, requests->len - cut);
	seen = client_bytes(c, answers->len);
	g_assert_cmpstr(seen, ==, answers->str);
	client_half_close(c);
	client_expect_eof(c);
	client_free(c);
}

static void flow_pipelining(unsigned reactors)
{
	static const unsigned pieces[] = { 1, 7, 143, 4096, 100000 };
	/* However late the rest of its first line is, this is no old client. */
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "legacy_wait = \"10s\";\n");
	g_autofree char *path = g_build_filename(d->files, "small", NULL);

	harness_write_file(path, "small\n", 6);
	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
		for (int ioe1 = 0; ioe1 < 2; ioe1++)
			flow_pipeline(d, ioe1, pieces[i]);
	daemon_finish(d);
}

/* limits.pipeline bounds what is under way, not what may be sent. */
static void flow_pipeline_limit(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "limits = { pipeline = 1; output = 4096; };\n");
	struct client *c = client_new(d, 0);
	g_autoptr(GString) requests = g_string_new(NULL), answers = g_string_new(NULL);
	g_autofree char *seen = NULL, *path = g_build_filename(d->files, "small", NULL);

	harness_write_file(path, "small\n", 6);
	flow_make(requests, answers, false, 0);
	client_write(c, requests->str, requests->len);
	seen = client_bytes(c, answers->len);
	g_assert_cmpstr(seen, ==, answers->str);
	client_free(c);
	daemon_finish(d);
}

/* printf ... | nc -N: all answers, then the end. */
static void flow_half_close(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *path = g_build_filename(d->files, "large", NULL), *large = harness_noise(5 << 20, 1);
	struct client *c;

	harness_write_file(path, large, 5 << 20);
	for (int ioe1 = 0; ioe1 < 2; ioe1++) {
		c = ioe1 ? client_new_ioe1(d, 0) : client_new(d, 0);
		client_puts(c, "PING,1\nREAD,large\nWRITE,w,4\nwxyzNOSUCH\n21\nPING,not finished");
		client_half_close(c);
		client_expect(c, "PONG,1");
		client_expect_sized(c, large, 5 << 20);
		client_expect(c, "OK,received,4");
		client_expect_error(c, "bad-command");
		client_expect(c, "42");
		client_expect_eof(c);
		client_free(c);
	}
	c = client_new(d, 0); /* nothing asked, nothing answered */
	client_half_close(c);
	client_expect_eof(c);
	client_free(c);

	c = client_new(d, 0);
	client_puts(c, "PING,1\nBYE\n");
	client_half_close(c);
	client_expect(c, "PONG,1");
	client_expect(c, "BYE");
	client_expect_eof(c);
	client_free(c);
	daemon_wait_sessions(d, 0);
	daemon_finish(d);
}

/* Sends until the daemon takes no more, without reading: how much that was, @max at most. It may end inside a
 * request. */
static size_t flow_stuff(struct client *c, const char *data, size_t max)
{
	size_t done = 0;

	while (done < max) {
		ssize_t r;

		r = send(c->fd, data + done, MIN(max - done, 65536), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (r > 0)
			done += (size_t)r;
		else if (errno != EAGAIN || !harness_poll(c->fd, POLLOUT, g_get_monotonic_time() + G_USEC_PER_SEC))
			break;
	}
	return done;
}

/* A client that asks for ever and never reads costs a bounded amount, and loses nothing. */
static void flow_back_pressure(unsigned reactors)
{
	const size_t max = 64 << 20, each = 1024;
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "limits = { output = \"64K\"; };\n");
	g_autofree char *data = g_malloc(max + 1);
	struct client *c = client_new(d, 0), *other = client_new(d, 0);
	uint64_t before = daemon_proc(d, "VmRSS");
	size_t done;

	for (size_t i = 0; i < max / each; i++) {
		char head[32];

		memset(data + i * each, 'x', each);
		data[(i + 1) * each - 1] = '\n';
		memcpy(data + i * each, head, (size_t)g_snprintf(head, sizeof(head), "PING,%zu,", i));
	}
	client_ask(c, "PING", "PONG");
	done = flow_stuff(c, data, max);
	g_assert_cmpuint(done, <, max); /* it was not read for ever */
	g_assert_cmpuint(daemon_status(d, "memory"), <, 1 << 20);
	if (!daemon_is_sanitized(d))
		g_assert_cmpuint(daemon_proc(d, "VmRSS"), <, before + 8192);
	client_ask(other, "PING,others go on", "PONG,others go on");

	client_write(c, data + done, (each - done % each) % each);
	done += (each - done % each) % each;
	client_half_close(c);
	for (size_t i = 0; i < done / each; i++) {
		g_autofree char *line = client_line(c);

		g_assert_cmpuint(strlen(line), ==, each - 1);
		g_assert_true(memcmp(line, "PONG", 4) == 0 && memcmp(line + 4, data + i * each + 4, each - 5) == 0);
	}
	client_expect_eof(c);
	client_free(c);
	client_free(other);
	daemon_finish(d);
}

/* The same with answers that are larger than their requests: small questions, large files. */
static void flow_back_pressure_files(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "limits = { output = \"64K\"; };\n");
	g_autofree char *path = g_build_filename(d->files, "f", NULL), *file = harness_noise(40000, 7);
	g_autoptr(GString) requests = g_string_new(NULL);
	struct client *c = client_new(d, 0);

	harness_write_file(path, file, 40000);
	for (unsigned i = 0; i < 2000; i++)
		g_string_append_printf(requests, "READ,f\nPING,%u\n", i);
	(void)flow_stuff(c, requests->str, requests->len); /* it is small enough for the kernel to hold */
	g_assert_cmpuint(daemon_status(d, "memory"), <, 1 << 20);
	for (unsigned i = 0; i < 2000; i++) {
		g_autofree char *pong = g_strdup_printf("PONG,%u", i);

		client_expect_sized(c, file, 40000);
		client_expect(c, pong);
	}
	client_free(c);
	daemon_finish(d);
}

/* Clients that go in the middle of everything, with much under way. */
static void flow_gone(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *path = g_build_filename(d->files, "large", NULL), *large = harness_noise(5 << 20, 2);
	g_autofree char *tree = NULL;
	struct client *c;

	harness_write_file(path, large, 5 << 20);
	for (unsigned i = 0; i < 60; i++) {
		c = client_new(d, 0);
		switch (i % 6) {
		case 0:
			client_puts(c, "READ,large\nREAD,large\nREAD,large\n");
			break;
		case 1:
			client_puts(c, "WRITE,half,1000000\n");
			client_write(c, large, 500000);
			break;
		case 2:
			client_puts(c, "NICK,me\nLIST\nREAD,none\nPING\nWRITE,half,10\n12345");
			break;
		case 3:
			client_puts(c, "PIN");
			break;
		case 4:
			client_puts(c, "READ,large\n");
			g_free(client_line(c));
			break;
		case 5:
			break;
		}
		if (i % 2)
			client_reset(c);
		else
			client_free(c);
	}
	daemon_wait_sessions(d, 0);
	tree = harness_tree(d->files);
	g_assert_null(strstr(tree, "half"));
	c = client_new(d, 0);
	client_ask(c, "PING", "PONG");
	client_free(c);
	daemon_wait_status(d, "memory", 0);
	daemon_finish(d);
}

static void flow_line_time(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "limits = { line_time = \"500ms\"; };\n");
	struct client *c = client_new(d, 0), *quiet = client_new(d, 0);
	g_autofree char *rest = NULL;

	client_ask(quiet, "PING", "PONG");
	client_ask(c, "PING", "PONG");
	client_puts(c, "PING,a line that never");
	rest = client_until_closed(c);
	g_assert_null(strstr(rest, "PONG"));
	client_free(c);
	/* One that owes no line is left alone. */
	client_ask(quiet, "PING", "PONG");
	client_free(quiet);
	daemon_finish(d);
}

static void flow_idle(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "limits = { idle = \"500ms\"; };\n");
	struct client *mute = client_new(d, 0), *c = client_new(d, 0), *ioe1 = client_new_ioe1(d, 0);

	client_ask(c, "PING", "PONG");
	g_free(client_until_closed(mute));
	g_free(client_until_closed(c));
	g_free(client_until_closed(ioe1));
	client_free(mute);
	client_free(c);
	client_free(ioe1);
	daemon_wait_sessions(d, 0);
	daemon_finish(d);
}

static void flow_stop(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	struct client *undecided = client_new(d, 0), *line = client_new(d, 0), *ioe1 = client_new_ioe1(d, 0);
	g_autofree char *goaway = NULL;

	client_ask(line, "PING", "PONG");
	daemon_wait_sessions(d, 3);
	daemon_signal(d, SIGTERM);
	goaway = client_line(ioe1);
	g_assert_true(g_str_has_prefix(goaway, "GOAWAY,"));
	g_assert_cmpuint(strlen(goaway), >, strlen("GOAWAY,"));
	client_expect_eof(ioe1);
	client_expect_eof(line);
	client_expect_eof(undecided);
	client_free(undecided);
	client_free(line);
	client_free(ioe1);
	g_assert_cmpint(daemon_wait_exit(d), ==, 0);
	(void)daemon_free(d);
}

static void flow_stop_by_int(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);

	daemon_signal(d, SIGINT);
	daemon_wait_notified(d, "STOPPING=1");
	g_assert_cmpint(daemon_wait_exit(d), ==, 0);
	g_assert_false(g_file_test(d->control, G_FILE_TEST_EXISTS));
	(void)daemon_free(d);
}

/* What is open is answered: an upload under way is finished, a file under way is sent to its end. */
static void flow_stop_with_work(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *path = g_build_filename(d->files, "large", NULL), *large = harness_noise(5 << 20, 3);
	g_autofree char *goaway = NULL, *size = NULL, *body = NULL, *written = g_build_filename(d->files, "up", NULL);
	struct client *up = client_new_ioe1(d, 0), *down = client_new(d, 0);
	g_autofree char *after = NULL;

	harness_write_file(path, large, 5 << 20);
	client_puts(up, "PING,1\nWRITE,up,10\n01234");
	client_expect(up, "PONG,1");
	client_puts(down, "READ,large\n");
	size = client_line(down);
	g_assert_cmpstr(size, ==, "5242880");
	daemon_signal(d, SIGTERM);
	goaway = client_line(up);
	g_assert_true(g_str_has_prefix(goaway, "GOAWAY,"));
	client_puts(up, "56789");
	client_expect(up, "OK,received,10");
	client_expect_eof(up);
	body = client_bytes(down, 5 << 20);
	g_assert_cmpmem(body, 5 << 20, large, 5 << 20);
	client_expect_eof(down);
	g_assert_cmpint(daemon_wait_exit(d), ==, 0);
	g_assert_true(g_file_get_contents(written, &after, NULL, NULL));
	g_assert_cmpstr(after, ==, "0123456789");
	client_free(up);
	client_free(down);
	(void)daemon_free(d);
}

/* One that does not take its answer holds the stop up for stop_timeout, and no longer. */
static void flow_stop_timeout(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "stop_timeout = \"1s\";\n");
	g_autofree char *path = g_build_filename(d->files, "large", NULL), *large = harness_noise(32 << 20, 4);
	struct client *c = client_new(d, 0), *up = client_new_ioe1(d, 0);

	harness_write_file(path, large, 32 << 20);
	client_puts(c, "READ,large\n");
	g_free(client_line(c));
	client_puts(up, "PING\nWRITE,half,10\n01234");
	client_expect(up, "PONG");
	daemon_stop(d);
	client_free(c);
	client_free(up);
	(void)daemon_free(d);
}

static void flow_add(void)
{
	harness_add("flow/pipelining", flow_pipelining);
	harness_add("flow/pipeline-limit", flow_pipeline_limit);
	harness_add("flow/half-close", flow_half_close);
	harness_add("flow/back-pressure", flow_back_pressure);
	harness_add("flow/back-pressure-files", flow_back_pressure_files);
	harness_add("flow/gone", flow_gone);
	harness_add("flow/line-time", flow_line_time);
	harness_add("flow/idle", flow_idle);
	harness_add("flow/stop", flow_stop);
	harness_add("flow/stop-by-int", flow_stop_by_int);
	harness_add("flow/stop-with-work", flow_stop_with_work);
	harness_add("flow/stop-timeout", flow_stop_timeout);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, flow_add);
}
