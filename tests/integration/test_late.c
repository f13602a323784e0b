/* SPDX-License-Identifier: MIT */
/*
 * The daemon is stopped for a while, as a debugger, a frozen container or a busy machine stops it. What its clients
 * said meanwhile they said in time, and it counts, however late the daemon comes to look at its clocks.
 */

#include "client.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LATE_CONFIG \
	"listeners = (\n" \
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"file\", \"compute\" ]; },\n" \
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"chat\" ]; }\n" \
	");\n"
enum { LATE_FILES, LATE_CHAT };

/* False: the limit was over for one of them before the daemon was stopped, so that this machine needs a longer one. */
typedef bool (*late_fn)(unsigned reactors, unsigned limit_msec);

static void late_try(unsigned reactors, late_fn fn)
{
	for (unsigned limit_msec = 400; !fn(reactors, limit_msec); limit_msec *= 4)
		if (limit_msec > 20000)
			harness_fail("%u ms are not enough here.", limit_msec);
}

static struct daemon *late_start(unsigned reactors, const char *fmt, unsigned limit_msec)
{
	g_autofree char *limit = g_strdup_printf("%ums", limit_msec);
	g_auto(GStrv) parts = g_strsplit(fmt, "LIMIT", 2);
	g_autofree char *config = g_strconcat(LATE_CONFIG, parts[0], limit, parts[1], NULL);

	return daemon_start(reactors, config);
}

static void late_stop(struct daemon *d)
{
	siginfo_t si;

	daemon_signal(d, SIGSTOP);
	g_assert_cmpint(waitid(P_PID, (id_t)d->pid, &si, WSTOPPED), ==, 0);
}

/* Whether the daemon has closed it, or has said something. */
static bool late_has_received(const struct client *c)
{
	char byte;

	return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

/* The time is over that a client has. */
static void late_go_on(struct daemon *d, unsigned limit_msec)
{
	g_usleep((limit_msec + 100) * 1000UL);
	daemon_signal(d, SIGCONT);
}

/* More of them than the daemon looks at in one go. */
static bool late_idle(unsigned reactors, unsigned limit_msec)
{
	struct daemon *d = late_start(reactors, "limits = { idle = \"LIMIT\"; };\n", limit_msec);
	struct client *c[300], *silent = client_new(d, LATE_FILES);
	bool in_time = true;

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		c[i] = client_new(d, LATE_FILES);
	/* The last one says that all are there. */
	client_ask(c[G_N_ELEMENTS(c) - 1], "PING", "PONG");
	late_stop(d);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		in_time = in_time && !late_has_received(c[i]);
	for (unsigned i = 0; in_time && i < G_N_ELEMENTS(c); i++)
		client_puts(c[i], "PING\n");
	late_go_on(d, limit_msec);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		if (in_time)
			client_expect(c[i], "PONG");
		client_free(c[i]);
	}
	client_expect_eof(silent);
	client_free(silent);
	daemon_finish(d);
	return in_time;
}

static void late_idle_all(unsigned reactors)
{
	late_try(reactors, late_idle);
}

static struct client *late_begin(struct daemon *d, const char *half)
{
	struct client *c = client_new(d, LATE_FILES);

	client_printf(c, "PING\n%s", half);
	client_expect(c, "PONG");
	return c;
}

/* A short one, and one that is longer than what is read in one go. */
static bool late_line(unsigned reactors, unsigned limit_msec)
{
	struct daemon *d = late_start(reactors, "limits = { line_time = \"LIMIT\"; line = \"1M\"; };\n", limit_msec);
	struct client *brief = late_begin(d, "PI"), *longer = late_begin(d, "PING,"), *half = late_begin(d, "PI");
	g_autofree char *text = g_strnfill(300000, 'x'), *pong = g_strdup_printf("PONG,%s", text);
	bool in_time;

	late_stop(d);
	in_time = !late_has_received(brief) && !late_has_received(longer);
	if (in_time) {
		client_puts(brief, "NG,1\n");
		client_printf(longer, "%s\n", text);
	}
	late_go_on(d, limit_msec);
	if (in_time) {
		client_expect(brief, "PONG,1");
		client_expect(longer, pong);
	}
	client_expect_eof(half);
	client_free(half);
	client_free(brief);
	client_free(longer);
	daemon_finish(d);
	return in_time;
}

static void late_line_all(unsigned reactors)
{
	late_try(reactors, late_line);
}

#define LATE_LARGE (8U << 20)

/* Takes all that is on its way. */
static void late_take(struct client *c)
{
	static char bytes[65536];
	ssize_t n;

	while (harness_poll(c->fd, POLLIN, g_get_monotonic_time() + 50 * 1000)) {
		n = recv(c->fd, bytes, sizeof(bytes), 0);
		g_assert_cmpint(n, >, 0);
		(void)g_string_append_len(c->in, bytes, n);
	}
}

/* A body that came, and answers that were taken, while nobody looked. */
static bool late_stall(unsigned reactors, unsigned limit_msec)
{
	struct daemon *d = late_start(reactors, "limits = { stall_time = \"LIMIT\"; };\n", limit_msec);
	struct client *writer = client_new(d, LATE_FILES), *reader = client_new(d, LATE_FILES);
	g_autofree char *path = g_build_filename(d->files, "large", NULL), *noise = harness_noise(LATE_LARGE, 7);
	bool in_time;

	harness_write_file(path, noise, LATE_LARGE);
	client_puts(reader, "READ,large\n");
	client_expect(reader, "8388608");
	client_puts(writer, "PING\nWRITE,small,10\n12345");
	client_expect(writer, "PONG");
	late_stop(d);
	late_take(reader);
	in_time = !late_has_received(writer);
	if (in_time)
		client_puts(writer, "67890");
	late_go_on(d, limit_msec);
	if (in_time) {
		g_autofree char *got = client_bytes(reader, LATE_LARGE);

		g_assert_true(memcmp(got, noise, LATE_LARGE) == 0);
		client_expect(writer, "OK,received,10");
	}
	client_free(writer);
	client_free(reader);
	daemon_finish(d);
	return in_time;
}

static void late_stall_all(unsigned reactors)
{
	late_try(reactors, late_stall);
}

/* Silence is what an old client ends a command with: what was not read yet is no silence. */
static bool late_quiet(unsigned reactors, unsigned limit_msec)
{
	struct daemon *d = late_start(reactors, "legacy_wait = \"LIMIT\";\n", limit_msec);
	struct client *list = client_new(d, LATE_FILES), *hello = client_new(d, LATE_CHAT), *old = client_new(d, LATE_CHAT);
	g_autofree char *hii = NULL;
	bool in_time;

	client_puts(list, "LIST");
	daemon_wait_sessions(d, 3);
	late_stop(d);
	in_time = !late_has_received(list) && !late_has_received(hello);
	client_puts(list, ",no-such-folder\nPING\n");
	client_puts(hello, "HELLO\n");
	late_go_on(d, limit_msec);
	if (in_time) {
		client_expect_error(list, "not-found");
		client_expect(list, "PONG");
		client_expect(hello, "HI");
	}
	hii = client_bytes(old, 3);
	g_assert_cmpstr(hii, ==, "Hii");
	client_free(list);
	client_free(hello);
	client_free(old);
	daemon_finish(d);
	return in_time;
}

static void late_quiet_all(unsigned reactors)
{
	late_try(reactors, late_quiet);
}

static void add_tests(void)
{
	harness_add("late/idle", late_idle_all);
	harness_add("late/line", late_line_all);
	harness_add("late/stall", late_stall_all);
	harness_add("late/quiet", late_quiet_all);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, add_tests);
}
