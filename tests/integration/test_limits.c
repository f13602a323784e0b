/* SPDX-License-Identifier: MIT */
/* What everything a client can choose is bounded by, and what is given back afterwards. */

#include "client.h"
#include "tool.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* The one that is one too many is told, and closed. */
static void limits_expect_refused(struct client *c)
{
	client_expect_error(c, "limit");
	client_expect_eof(c);
	client_free(c);
}

/* A place becomes free once the daemon has seen the end of another session: ask until there is one. */
static struct client *limits_connect_until(struct daemon *d, const char *source, const char *destination)
{
	gint64 deadline = harness_deadline();

	for (;;) {
		struct client *c = client_new_from(d, 0, source, destination);
		g_autofree char *line = NULL;

		client_puts(c, "PING\n");
		line = client_line(c);
		if (strcmp(line, "PONG") == 0)
			return c;
		g_assert_true(g_str_has_prefix(line, "ERROR: limit: "));
		client_free(c);
		if (g_get_monotonic_time() > deadline)
			harness_fail("No place becomes free.");
	}
}

static void limits_connections(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "limits = { connections = 6; };\n");
	struct client *c[6];

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		g_autofree char *source = g_strdup_printf("127.0.0.%u", 1 + i % 3);

		c[i] = client_new_from(d, 0, source, "127.0.0.1");
		client_ask(c[i], "PING", "PONG");
	}
	for (unsigned i = 0; i < 20; i++)
		limits_expect_refused(client_new(d, 0));
	limits_expect_refused(client_new_from(d, 0, "127.0.0.9", "127.0.0.1"));
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_ask(c[i], "PING", "PONG");
	g_assert_cmpuint(daemon_status(d, "sessions"), ==, 6);

	client_free(c[0]);
	c[0] = limits_connect_until(d, "127.0.0.1", "127.0.0.1");
	limits_expect_refused(client_new(d, 0));
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_free(c[i]);
	daemon_finish(d);
}

/* Loopback is exempt. */
static void limits_per_address_loopback(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "limits = { per_address = 1; };\n");
	struct client *c[5];

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		c[i] = client_new(d, 0);
		client_ask(c[i], "PING", "PONG");
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_free(c[i]);
	daemon_finish(d);
}

static void limits_per_address_in_network(unsigned reactors)
{
	struct daemon *d;
	struct client *c[2], *other, *loopback[4];

	d = daemon_start(reactors, "listeners = ( { address = \"0.0.0.0\"; port = 0; roles = [ \"compute\" ]; } );\n"
				   "limits = { per_address = 2; };\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		c[i] = client_new_from(d, 0, "192.0.2.1", "192.0.2.1");
		client_ask(c[i], "PING", "PONG");
	}
	for (unsigned i = 0; i < 5; i++)
		limits_expect_refused(client_new_from(d, 0, "192.0.2.1", "192.0.2.1"));
	other = client_new_from(d, 0, "192.0.2.2", "192.0.2.1");
	client_ask(other, "PING", "PONG");
	for (unsigned i = 0; i < G_N_ELEMENTS(loopback); i++) {
		loopback[i] = client_new(d, 0);
		client_ask(loopback[i], "PING", "PONG");
		client_free(loopback[i]);
	}
	client_free(c[0]);
	c[0] = limits_connect_until(d, "192.0.2.1", "192.0.2.1");
	limits_expect_refused(client_new_from(d, 0, "192.0.2.1", "192.0.2.1"));
	client_free(c[0]);
	client_free(c[1]);
	client_free(other);
	daemon_finish(d);
}

static void limits_per_address(unsigned reactors)
{
	harness_run_in_network(limits_per_address_in_network, reactors);
}

/* Waits for answers to those that have none yet, and takes them; how many came. */
static unsigned limits_collect(struct client **c, bool *answered, unsigned n, int timeout_msec)
{
	g_autofree struct pollfd *p = g_new0(struct pollfd, n);
	unsigned came = 0;

	for (unsigned i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = c[i] && !answered[i] ? c[i]->fd : -1, .events = POLLIN };
	(void)poll(p, n, timeout_msec);
	for (unsigned i = 0; i < n; i++)
		if (p[i].revents) {
			client_expect(c[i], "PONG");
			answered[i] = true;
			came++;
		}
	return came;
}

/* Out of descriptors, accepting pauses without spinning, and resumes as sessions go. */
static void limits_descriptors(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	struct rlimit limit = { 0 };
	struct client *c[40];
	bool answered[G_N_ELEMENTS(c)] = { false };
	unsigned done = 0, n;
	uint64_t ticks;

	limit.rlim_cur = limit.rlim_max = daemon_descriptors(d) + 10;
	g_assert_cmpint(prlimit(d->pid, RLIMIT_NOFILE, &limit, NULL), ==, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		c[i] = client_new(d, 0);
		client_puts(c[i], "PING\n");
	}
	while ((n = limits_collect(c, answered, G_N_ELEMENTS(c), 1000)))
		done += n;
	g_assert_cmpuint(done, >, 0);
	g_assert_cmpuint(done, <, G_N_ELEMENTS(c));

	/* It waits and does not spin: a loop that did would take most of these two seconds. */
	ticks = daemon_cpu_ticks(d);
	g_usleep(2 * G_USEC_PER_SEC);
	g_assert_cmpuint(daemon_cpu_ticks(d) - ticks, <, (uint64_t)sysconf(_SC_CLK_TCK) / 4);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		if (answered[i])
			client_ask(c[i], "PING", "PONG");

	/* Each that goes makes room for another, until all have been answered. */
	for (n = 0; n < G_N_ELEMENTS(c);) {
		for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
			if (c[i] && answered[i]) {
				client_free(c[i]);
				c[i] = NULL;
				n++;
			}
		if (n < G_N_ELEMENTS(c) && !limits_collect(c, answered, G_N_ELEMENTS(c), 30000))
			harness_fail("Accepting does not resume: %u of %zu were answered.", n, G_N_ELEMENTS(c));
	}
	daemon_wait_sessions(d, 0);
	daemon_finish(d);
}

/* Unfinished lines, each allowed: together they do not get past limits.memory. */
static void limits_memory(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "limits = { memory = \"4M\"; };\n");
	g_autofree char *line = g_strnfill(65000, 'x');
	struct client *c[600], *other;
	uint64_t before = daemon_proc(d, "VmRSS");
	gint64 deadline = harness_deadline();

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		c[i] = client_new(d, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		client_puts(c[i], "PING,");
		client_puts(c[i], line);
	}
	/* One that asks in the middle is heard: what it gets is its answer, or why not. */
	for (unsigned i = 0; i < 20; i++) {
		g_autofree char *seen = NULL;

		other = client_new(d, 0);
		client_puts(other, "PING\n");
		client_half_close(other);
		seen = client_until_closed(other);
		g_assert_true(strcmp(seen, "PONG\n") == 0 || g_str_has_prefix(seen, "ERROR: ") || *seen == '\0');
		client_free(other);
	}
	/* What came in one round, 64 KiB from each of 64, may stand above the limit until its end; in each reactor. */
	while (daemon_status(d, "memory") > 4 << 20)
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
	if (!daemon_is_sanitized(d))
		g_assert_cmpuint(daemon_proc(d, "VmRSS"), <, before + (8 + 4 * reactors) * 1024);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_free(c[i]);
	daemon_wait_sessions(d, 0);
	daemon_wait_status(d, "memory", 0);
	other = client_new(d, 0);
	client_ask(other, "PING", "PONG");
	client_free(other);
	daemon_finish(d);
}

/* A thousand sessions at once (or as many as one may have here), which use a little of everything and go. */
static void limits_thousand(struct daemon *d, unsigned at_once)
{
	g_autofree struct client **c = g_new0(struct client *, at_once);

	for (unsigned done = 0; done < 1000; done += at_once) {
		for (unsigned i = 0; i < at_once; i++) {
			c[i] = client_new(d, 0);
			client_printf(c[i], "NICK,n%u\nPING,%u\nWRITE,f%u,3\nabcREAD,f%u\nHALF", done + i, i, i % 10, i % 10);
		}
		for (unsigned i = 0; i < at_once; i++) {
			g_free(client_line(c[i])); /* the nick may still be another round's */
			g_free(client_line(c[i]));
			client_expect(c[i], "OK,received,3");
			client_expect_sized(c[i], "abc", 3);
			if (i % 3 == 0)
				client_reset(c[i]);
			else
				client_free(c[i]);
		}
	}
	daemon_wait_sessions(d, 0);
}

static void limits_come_and_go(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "file = { sync = false; };\n");
	struct rlimit limit;
	unsigned at_once, descriptors, rounds = 0;
	gint64 deadline;
	uint64_t rss;

	g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	limit.rlim_cur = limit.rlim_max;
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	at_once = limit.rlim_cur >= 1100 ? 1000 : 200;
	for (unsigned i = 0; i < 2; i++) /* what is kept for the next one is kept */
		limits_thousand(d, at_once);
	descriptors = daemon_descriptors(d);
	/* There may be a round that needs more at once than any before; what is lost is lost in all of them. */
	do {
		rss = daemon_proc(d, "VmRSS");
		limits_thousand(d, at_once);
		g_assert_cmpuint(++rounds, <, 10);
	} while (!daemon_is_sanitized(d) && daemon_proc(d, "VmRSS") > rss + 128);
	deadline = harness_deadline();
	while (daemon_descriptors(d) != descriptors) /* the last ones may just be closing */
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
	daemon_wait_status(d, "memory", 0);
	daemon_finish(d);
}

/* No wake-up in 2 s (in the long form 10 s), neither of a daemon alone nor, but for one a reactor, of one with sessions
 * that send nothing. */
static void limits_idle(unsigned reactors)
{
	struct daemon *alone = daemon_start(reactors, DAEMON_LISTENER), *d = daemon_start(reactors, DAEMON_LISTENER);
	bool sanitized = daemon_is_sanitized(d); /* TSan has a thread of its own that wakes up */
	struct client *c = client_new(d, 0), *ioe1 = client_new_ioe1(d, 0), *undecided = client_new(d, 0);
	gulong pause_usec = (harness_is_long() ? 10 : 2) * G_USEC_PER_SEC;
	uint64_t before, alone_before, woken;
	gint64 deadline = harness_deadline();

	client_ask(c, "PING", "PONG");
	daemon_wait_sessions(d, 3);
	if (sanitized) {
		g_test_skip("a sanitizer's own threads wake up");
		goto out;
	}
	/* What was just asked may still be on its way to sleep. */
	do {
		before = daemon_switches(d);
		alone_before = daemon_switches(alone);
		g_usleep(G_USEC_PER_SEC / 2);
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
	} while (daemon_switches(d) != before || daemon_switches(alone) != alone_before);
	g_usleep(pause_usec);
	g_assert_cmpuint(daemon_switches(alone) - alone_before, ==, 0);
	/* Timers far away move to a finer level of the wheel when its time has come (timer.c): that is one wake-up. */
	woken = daemon_switches(d) - before;
	if (woken > 0) {
		g_assert_cmpuint(woken, <=, reactors);
		before += woken;
		g_usleep(pause_usec);
		g_assert_cmpuint(daemon_switches(d) - before, ==, 0);
	}
	client_ask(c, "PING", "PONG");
out:
	client_free(c);
	client_free(ioe1);
	client_free(undecided);
	daemon_finish(d);
	daemon_finish(alone);
}

/* Nobody reads the log and its pipe is full: nobody but the log waits. */
static void limits_deaf_log(unsigned reactors)
{
	struct daemon *d = daemon_new(reactors, DAEMON_LISTENER "log = { level = \"debug\"; };\n");
	struct tool t;
	int pipes[2];
	struct client *c;
	gint64 deadline = harness_deadline();

	g_assert_cmpint(pipe2(pipes, O_CLOEXEC), ==, 0);
	g_assert_cmpint(fcntl(pipes[1], F_SETPIPE_SZ, 4096), >=, 4096);
	d->deaf_fd = pipes[1];
	daemon_spawn(d);
	daemon_wait_ready(d);
	daemon_write_config(d, "nonsense_one = 1;\nnonsense_two = 2;\nnonsense_three = 3;\n");
	/* A reload that is refused is logged, each time. */
	for (bool full = false; !full; full = !harness_poll(pipes[1], POLLOUT, 0)) {
		daemon_signal(d, SIGHUP);
		c = client_new(d, 0);
		client_ask(c, "PING", "PONG");
		client_free(c);
		if (g_get_monotonic_time() > deadline)
			harness_fail("The log does not get full.");
	}
	for (unsigned i = 0; i < 3000; i++) { /* more than any ring of records holds */
		daemon_signal(d, SIGHUP);
		c = client_new(d, 0);
		client_ask(c, "PING", "PONG");
		client_free(c);
	}
	tool_run(&t, "IOECTL", "", "-s", d->control, "status", NULL);
	g_assert_cmpint(t.status, ==, 0);
	tool_done(&t);
	daemon_stop(d); /* with its log still full */
	(void)daemon_free(d);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
}

static void limits_add(void)
{
	harness_add("limits/connections", limits_connections);
	harness_add("limits/per-address-loopback", limits_per_address_loopback);
	harness_add("limits/per-address", limits_per_address);
	harness_add("limits/descriptors", limits_descriptors);
	harness_add("limits/memory", limits_memory);
	harness_add("limits/come-and-go", limits_come_and_go);
	harness_add("limits/idle", limits_idle);
	harness_add("limits/deaf-log", limits_deaf_log);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, limits_add);
}
