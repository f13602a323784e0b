/* SPDX-License-Identifier: MIT */
/*
 * What the log tells of troubles, from outside: who, what and which file in one line; nothing in it that a terminal
 * would act on; and few lines, however often a peer brings the trouble about. The sink is stderr, which has the
 * journal's records as lines.
 */

#include "faults/fail_plan.h"
#include "integration/mail.h"
#include "integration/room.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All in one interval, of which the end is the daemon's. */
#define EVENTS_BURST    3
#define EVENTS_ONE_TIME "log = { burst = 3; interval = \"1h\"; };\n"

/* What the lines with @what in them come to: each is one, and as many more as it says were left out. */
static unsigned events_count(const char *log, const char *what, unsigned *ret_lines)
{
	g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
	unsigned n = 0, left_out = 0;

	for (char **line = lines; *line; line++) {
		const char *more = strstr(*line, "IOE_LEFT_OUT=");

		if (!strstr(*line, what))
			continue;
		if (more)
			left_out += (unsigned)strtoul(more + strlen("IOE_LEFT_OUT="), NULL, 10);
		else
			n++;
	}
	*ret_lines = n;
	return n + left_out;
}

/* Stops it, and what it has said since the last time. Lines of printable ASCII, each with its level. */
static char *events_end(struct daemon *d)
{
	static const char *const levels[] = { "err", "warning", "notice", "info", "debug" };
	g_auto(GStrv) lines = NULL;
	char *log;

	daemon_stop(d);
	log = daemon_take_log(d);
	(void)daemon_free(d);
	for (const char *p = log; *p; p++)
		if (*p != '\n' && ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e))
			harness_fail("The byte 0x%02x is in the log: %s", (unsigned char)*p, log);
	lines = g_strsplit(log, "\n", -1);
	for (char **line = lines; *line && **line; line++) {
		bool known = false;

		for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
			g_autofree char *head = g_strdup_printf("ioed: %s: ", levels[i]);

			known |= g_str_has_prefix(*line, head);
		}
		if (!known)
			harness_fail("This is no line of the daemon's: %s", *line);
	}
	g_assert_null(strstr(log, "MESSAGE_ID"));
	return log;
}

static struct daemon *events_start(unsigned reactors, const char *config, struct fail_plan **ret_plan)
{
	struct daemon *d = daemon_new(reactors, config);

	*ret_plan = fail_plan_new(d, 0);
	fail_plan_spawn(d);
	daemon_wait_ready(d);
	return d;
}

/* At the default level, ordinary clients and their mistakes leave no word. */
static void events_quiet(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *log = NULL;

	daemon_wait_log(d, "started"); /* the log's thread may be later than READY=1 */
	g_free(daemon_take_log(d));
	for (unsigned i = 0; i < 20; i++) {
		struct client *c = client_new_ioe1(d, 0);

		client_ask(c, "NICK,ann", "OK,ann");
		client_puts(c, "WRITE,f,5\nhello");
		client_expect(c, "OK,received,5");
		client_refused(c, "READ,none", "not-found");
		client_refused(c, "READ,../f", "denied");
		client_refused(c, "\x1b[31m", "bad-command");
		if (i % 2)
			client_reset(c);
		else
			client_free(c);
		daemon_wait_sessions(d, 0);
	}
	log = events_end(d);
	g_assert_cmpstr(log, ==, "ioed: notice: stopping: SIGTERM\nioed: notice: stopped\n");
}

static void events_name_the_file(unsigned reactors)
{
	struct fail_plan *plan;
	struct daemon *d = events_start(reactors, DAEMON_LISTENER, &plan);
	struct client *c = client_new(d, 0);
	g_autofree char *log = NULL;

	client_ask(c, "NICK,Ann", "OK,Ann");
	fail_plan_arm(plan, FAIL_PWRITE, ENOSPC, 1, true);
	client_puts(c, "WRITE,\xc3\xa9 \xe2\x80\xae,5\nhello");
	client_expect_error(c, "no-space");
	g_assert_cmpuint(fail_plan_disarm(plan), >=, 1);
	fail_plan_arm(plan, FAIL_FSYNC, EIO, 1, false);
	client_puts(c, "WRITE,torn,1\nx");
	client_expect_error(c, "internal");
	g_assert_cmpuint(fail_plan_disarm(plan), ==, 1);
	client_puts(c, "WRITE,torn,1\nx");
	client_expect(c, "OK,received,1");
	fail_plan_arm(plan, FAIL_OPENAT, EROFS, 1, true);
	client_puts(c, "WRITE,late,1\nx");
	client_expect_error(c, "denied");
	g_assert_cmpuint(fail_plan_disarm(plan), >=, 1);
	client_free(c);
	log = events_end(d);
	fail_plan_free(plan);
	g_assert_nonnull(strstr(log, "ioed: err: 'late': Read-only file system ["));
	g_assert_nonnull(strstr(log, "ioed: err: '\\xc3\\xa9 \\xe2\\x80\\xae' was not stored: No space left on device ["));
	g_assert_nonnull(strstr(log, " IOE_PEER=127.0.0.1 IOE_NAME=Ann IOE_VERB=WRITE "
				     "IOE_FILE=\\xc3\\xa9 \\xe2\\x80\\xae IOE_BYTES=5]\n"));
	g_assert_nonnull(strstr(log, "ioed: err: 'torn': Input/output error [IOE_SESSION="));
	g_assert_nonnull(strstr(log, " IOE_FILE=torn IOE_BYTES=1]\n"));
}

/* A disk that fails, and a client that will not stop asking: the server's trouble, told so many times. */
static void events_flood_of_requests(unsigned reactors)
{
	struct fail_plan *plan;
	struct daemon *d = events_start(reactors, DAEMON_LISTENER EVENTS_ONE_TIME, &plan);
	struct client *c = client_new(d, 0);
	g_autoptr(GString) requests = g_string_new(NULL);
	g_autofree char *log = NULL;
	unsigned lines;

	for (unsigned i = 0; i < 5000; i++)
		g_string_append_printf(requests, "READ,f%u\n", i);
	fail_plan_arm(plan, FAIL_OPENAT2, EIO, 1, true);
	client_write(c, requests->str, requests->len);
	for (unsigned i = 0; i < 5000; i++)
		client_expect_error(c, "internal");
	g_assert_cmpuint(fail_plan_disarm(plan), >=, 5000);
	client_free(c);
	log = events_end(d);
	fail_plan_free(plan);
	g_assert_cmpuint(events_count(log, "ioed: err: ", &lines), ==, 5000);
	g_assert_cmpuint(lines, ==, EVENTS_BURST);
	g_assert_nonnull(strstr(log, "ioed: err: The disk failed: 4997 more like this left out in 3600 s (log.burst) "
				     "[IOE_LEFT_OUT=4997]\n"));
	g_assert_null(strstr(log, "dropped"));
}

/* What is kept cannot be read: whoever is to be told of it is told that, is not left to believe that there is nothing,
 * and has it all when the disk is well again. */
static void events_unreadable(unsigned reactors)
{
	struct fail_plan *plan;
	struct daemon *d = events_start(reactors, DAEMON_LISTENER "chat = { rate = 0; };\n" EVENTS_ONE_TIME, &plan);
	struct client *ann = mail_client(d, "ann"), *bob = mail_client(d, "bob"), *cid = client_new(d, 0);
	g_autofree char *log = NULL, *rest = NULL;
	unsigned lines;
	uint64_t id;

	client_ask(cid, "NICK,cid", "OK,cid");
	room_join(ann, "attic", "ann", "OK,attic,0,1,1");
	client_puts(ann, "SAY,attic,here\n");
	g_free(room_until(ann, "OK,1"));
	id = mail_send(ann, "bob", "text");
	(void)mail_send(ann, "cid", "text");
	/* The store's reader has seen none of it yet. */
	fail_plan_arm(plan, FAIL_PREAD64, EIO, 1, true);
	client_ask(bob, "WAIT,on", "OK");
	client_expect_error(bob, "unavailable");
	client_expect_eof(bob);
	client_ask(cid, "WAIT,on", "OK");
	client_expect_error(cid, "unavailable");
	client_expect_eof(cid);
	client_refused(ann, "FETCH", "unavailable");
	client_refused(ann, "ROOMS", "unavailable");
	client_refused(ann, "HISTORY,attic,0,10", "unavailable");
	client_free(bob);
	client_free(cid);
	bob = mail_client(d, "bob");
	client_puts(bob, "JOIN,attic,0\nPING\n");
	rest = client_until_closed(bob);
	g_assert_true(g_str_has_prefix(rest, "OK,attic,1,2,1\n"));
	g_assert_nonnull(strstr(rest, "\nERROR: unavailable: what is kept for 'attic' cannot be read: the server's "
				      "disk failed; connect again"));
	client_free(bob);
	g_free(room_until(ann, "LEFT,attic,bob,unavailable"));
	g_assert_cmpuint(fail_plan_disarm(plan), >=, 3);

	bob = mail_client(d, "bob");
	client_ask(bob, "WAIT,on", "OK");
	g_assert_cmpuint(mail_expect(bob, "ann", "text"), ==, id);
	client_free(bob);
	client_free(ann);
	log = events_end(d);
	fail_plan_free(plan);
	g_assert_nonnull(strstr(log, "store.db: reading failed for now: "));
	g_assert_cmpuint(events_count(log, "would miss something: what is kept for ", &lines), ==, 3);
}

#define EVENTS_BEGIN_A_LINE "PIN"
#define EVENTS_PROMISE_MORE "WRITE,slow,100\nx"

/* So many that begin something and do not end it; closed by the server. */
static void events_be_slow(struct daemon *d, const char *source, const char *begin, unsigned n)
{
	g_autofree struct client **c = g_new0(struct client *, n);

	for (unsigned i = 0; i < n; i++) {
		c[i] = client_new_from(d, 0, source, "127.0.0.1");
		client_puts(c[i], begin);
	}
	for (unsigned i = 0; i < n; i++) {
		g_free(client_until_closed(c[i]));
		client_free(c[i]);
	}
}

static void events_flood_from_one_peer(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER EVENTS_ONE_TIME
					"limits = { stall_time = \"100ms\"; line_time = \"100ms\"; };\n");
	g_autofree char *log = NULL;
	unsigned lines;

	events_be_slow(d, "127.0.0.1", EVENTS_PROMISE_MORE, 300);
	events_be_slow(d, "127.0.0.2", EVENTS_BEGIN_A_LINE, 1);
	log = events_end(d);
	g_assert_cmpuint(events_count(log, "IOE_PEER=127.0.0.1", &lines), ==, 300);
	g_assert_cmpuint(lines, >=, EVENTS_BURST);
	g_assert_cmpuint(lines, <=, EVENTS_BURST * reactors);
	/* The other is heard all the same. */
	g_assert_cmpuint(events_count(log, "IOE_PEER=127.0.0.2", &lines), ==, 1);
	g_assert_cmpuint(lines, ==, 1);
	g_assert_nonnull(strstr(log, "a slow session was closed: it sent none of the bytes that it had promised for "
				     "limits.stall_time ["));
	g_assert_nonnull(strstr(log, "a slow session was closed: its line was not ended within limits.line_time ["));
}

/* What was left out is told when it calms down, without another one and without a stop; and then it begins anew. */
static void events_calm_down(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "log = { burst = 1; interval = \"200ms\"; };\n"
					"limits = { stall_time = \"100ms\"; line_time = \"100ms\"; };\n");
	g_autofree char *log = NULL;
	unsigned lines;

	for (unsigned round = 0; round < 2; round++) {
		events_be_slow(d, "127.0.0.1", EVENTS_BEGIN_A_LINE, 50);
		daemon_wait_log(d, "more like this from 127.0.0.1 left out in 1 s (log.burst) [IOE_LEFT_OUT=");
		if (round == 0)
			g_free(daemon_take_log(d));
	}
	log = events_end(d);
	(void)events_count(log, "a slow session was closed", &lines);
	g_assert_cmpuint(lines, >=, 1);
}

/* A reload changes it for what begins. */
static void events_limits(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "limits = { connections = 1; };\nlog = { burst = 1; };\n");
	struct client *c = client_new(d, 0);
	g_autofree char *log = NULL;
	unsigned lines;

	client_ask(c, "PING", "PONG");
	daemon_write_config(d, DAEMON_LISTENER "limits = { connections = 1; };\n" EVENTS_ONE_TIME);
	daemon_signal(d, SIGHUP);
	daemon_wait_log(d, "reloaded the configuration");
	for (unsigned i = 0; i < 200; i++) {
		struct client *refused = client_new(d, 0);

		client_expect_error(refused, "limit");
		client_free(refused);
	}
	client_free(c);
	log = events_end(d);
	g_assert_cmpuint(events_count(log, "ioed: warning: ", &lines), ==, 200);
	g_assert_cmpuint(lines, ==, EVENTS_BURST);
	g_assert_nonnull(strstr(log, "(limits.connections)\" [IOE_PEER=127.0.0.1]\n"));
}

/* The first reason stands in the event itself, the second behind it. */
static void events_reload_refused(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *log = NULL;

	daemon_write_config(d, DAEMON_LISTENER "limits = { connections = 0; line = 1; };\n");
	daemon_signal(d, SIGHUP);
	daemon_wait_log(d, "limits.line");
	log = events_end(d);
	g_assert_nonnull(strstr(log, "the old configuration stays in force: "));
	g_assert_nonnull(strstr(strstr(log, "the old configuration stays in force: "), "limits.connections"));
}

/* A request with this name, as it is and percent-encoded, while the disk fails for all names that are ones. */
static void events_say_name(struct client *line, struct client *ioe1, const char *name)
{
	g_autoptr(GString) encoded = g_string_new("READ,");
	g_autofree char *answer = NULL;

	for (const char *p = name; *p; p++)
		g_string_append_printf(encoded, "%%%02X", (unsigned char)*p);
	client_refused(ioe1, encoded->str, "internal|denied|bad-argument");
	if (strpbrk(name, "\n"))
		return;
	client_printf(line, "READ,%s\n", name);
	client_expect_error(line, "internal|denied|bad-argument");
	client_printf(line, "%s,%s\n", name, name);
	client_expect_error(line, "bad-command");
	client_printf(line, "NICK,%s\n", name);
	answer = client_line(line);
	g_assert_true(g_str_has_prefix(answer, "OK,") || g_str_has_prefix(answer, "ERROR: "));
}

/* So few at a time that the log, which nobody waits for, has room for all that is said of them. */
static void events_keep_up(struct daemon *d, struct client *ioe1, unsigned n)
{
	g_autofree char *read = g_strdup_printf("READ,sync-%u", n), *said = g_strdup_printf(" IOE_FILE=sync-%u]", n);

	if (n % 16 != 0)
		return;
	client_refused(ioe1, read, "internal");
	daemon_wait_log(d, said);
}

/* All byte values, alone and as parts of UTF-8, in names of files, verbs and nicks, with every word logged. */
static void events_all_bytes(unsigned reactors)
{
	struct fail_plan *plan;
	struct daemon *d = events_start(reactors, DAEMON_LISTENER "log = { level = \"debug\"; burst = 1000000; };\n", &plan);
	struct client *line = client_new(d, 0), *ioe1 = client_new_ioe1(d, 0);
	g_autofree char *log = NULL;
	unsigned lines, n = 0;

	client_ask(line, "PING", "PONG");
	fail_plan_arm(plan, FAIL_OPENAT2, EIO, 1, true);
	for (unsigned c = 1; c < 256; c++) {
		const char name[] = { 'x', (char)c, 'y', '\0' };

		events_say_name(line, ioe1, name);
		events_keep_up(d, ioe1, ++n);
	}
	client_refused(ioe1, "READ,x%00y", "denied");
	/* Every lead byte, with each byte that may follow it somewhere. */
	for (gunichar u = 0x80; u < 0x110000; u += u < 0x800 ? 1 : 0x3c1) {
		char name[8] = "";

		if (u >= 0xd800 && u < 0xe000)
			continue;
		name[g_unichar_to_utf8(u, name)] = '\0';
		events_say_name(line, ioe1, name);
		events_keep_up(d, ioe1, ++n);
	}
	events_keep_up(d, ioe1, 0);
	g_assert_cmpuint(fail_plan_disarm(plan), >=, 1000);
	client_free(line);
	client_free(ioe1);
	log = events_end(d);
	fail_plan_free(plan);
	g_assert_cmpuint(events_count(log, " IOE_VERB=READ IOE_FILE=", &lines), >=, 1000);
	g_assert_nonnull(strstr(log, " IOE_FILE=\\xc3\\xa9]\n"));
	g_assert_nonnull(strstr(log, " IOE_FILE=x]y]\n"));
	g_assert_nonnull(strstr(log, "debug: session "));
}

static void events_add(void)
{
	harness_add("events/quiet", events_quiet);
	harness_add("events/name-the-file", events_name_the_file);
	harness_add("events/flood-of-requests", events_flood_of_requests);
	harness_add("events/unreadable", events_unreadable);
	harness_add("events/flood-from-one-peer", events_flood_from_one_peer);
	harness_add("events/calm-down", events_calm_down);
	harness_add("events/limits", events_limits);
	harness_add("events/reload-refused", events_reload_refused);
	harness_add("events/all-bytes", events_all_bytes);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, events_add);
}
