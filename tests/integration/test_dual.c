/* SPDX-License-Identifier: MIT */
/* Which of IPv4 and IPv6 a listener serves, over reloads, and with sockets that the service manager passes in. */

#include "client.h"
#include "tool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DUAL_AT(address, port, role) "{ address = \"" address "\"; port = " port "; roles = [ \"" role "\" ]; }"

static union dual_address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
} dual_address(const char *text, uint16_t port)
{
	union dual_address a = { 0 };

	if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
		a.in.sin_port = htons(port);
	} else {
		g_assert_cmpint(inet_pton(AF_INET6, text, &a.in6.sin6_addr), ==, 1);
		a.in6.sin6_family = AF_INET6;
		a.in6.sin6_port = htons(port);
	}
	return a;
}

/* NULL: refused. */
static struct client *dual_connect(const char *address, uint16_t port)
{
	union dual_address a = dual_address(address, port);
	int fd = socket(a.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_assert_cmpint(fd, >=, 0);
	if (connect(fd, &a.sa, a.sa.sa_family == AF_INET ? sizeof(a.in) : sizeof(a.in6)) == 0)
		return client_new_fd(fd);
	g_assert_true(errno == ECONNREFUSED || errno == ECONNRESET);
	(void)close(fd);
	return NULL;
}

static bool dual_is(uint16_t port, const char *address, const char *name, const char *doubled)
{
	struct client *c = dual_connect(address, port);
	g_autofree char *answer = NULL, *hi = NULL, *called = NULL;
	bool is;

	if (!c)
		return !name;
	if (!name) {
		client_free(c);
		return false;
	}
	(void)send(c->fd, "21\nHELLO,ioe/1\n", strlen("21\nHELLO,ioe/1\n"), MSG_NOSIGNAL);
	/* It may have come to a socket that was about to go. */
	if (!client_try_line(c, harness_deadline(), &answer) || !client_try_line(c, harness_deadline(), &hi)) {
		client_free(c);
		return false;
	}
	called = g_strdup_printf(",%s,", name);
	is = doubled ? strcmp(answer, doubled) == 0 : g_str_has_prefix(answer, "ERROR: ");
	if (!strstr(hi, called))
		harness_fail("Not called %s: %s", name, hi);
	client_free(c);
	return is;
}

/* Who comes there is called so, and is answered like that. NULL: is refused. Soon, since a reload has only been
 * begun. */
static void dual_expect(uint16_t port, const char *address, const char *name, const char *doubled)
{
	gint64 deadline = harness_deadline();

	while (!dual_is(port, address, name, doubled))
		if (g_get_monotonic_time() > deadline)
			harness_fail("Who comes to %s is not served as he is to be.", address);
}

static bool dual_has_ipv6(void)
{
	union dual_address a = dual_address("::1", 0);
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && bind(fd, &a.sa, sizeof(a.in6)) == 0;

	if (fd >= 0)
		(void)close(fd);
	if (!has)
		g_test_skip("this machine has no IPv6");
	return has;
}

static char *dual_config(uint16_t port, const char *listeners)
{
	g_autofree char *text = g_strdup_printf("%u", port);
	g_auto(GStrv) parts = g_strsplit(listeners, "PORT", 0);
	g_autofree char *with = g_strjoinv(text, parts);

	return g_strdup_printf("listeners = ( %s );\n", with);
}

static void dual_reload(struct daemon *d, const char *listeners, const char *says)
{
	g_autofree char *config = dual_config(d->ports[0], listeners);

	g_free(daemon_take_log(d));
	daemon_write_config(d, config);
	daemon_signal(d, SIGHUP);
	daemon_wait_log(d, says);
}

#define DUAL_RELOADED "reloaded the configuration"

/* A listener with an IPv4 address comes and goes beside the one at ::, which follows. */
static void dual_listeners(unsigned reactors)
{
	struct daemon *d;
	struct client *old;
	uint16_t port;

	if (!dual_has_ipv6())
		return;
	d = daemon_start(reactors, "listeners = ( " DUAL_AT("::", "0", "compute") " );\n");
	port = d->ports[0];
	dual_expect(port, "::1", "::1", "42");
	dual_expect(port, "127.0.0.1", "127.0.0.1", "42");
	old = dual_connect("127.0.0.3", port);
	client_ask(old, "21", "42");
	for (unsigned i = 0; i < 3; i++) {
		dual_reload(d, DUAL_AT("127.0.0.1", "PORT", "file") "," DUAL_AT("::", "PORT", "compute"), DUAL_RELOADED);
		dual_expect(port, "::1", "::1", "42");
		dual_expect(port, "127.0.0.1", "127.0.0.1", NULL);
		dual_expect(port, "127.0.0.2", NULL, NULL);
		dual_reload(d, DUAL_AT("::", "PORT", "compute") "," DUAL_AT("0.0.0.0", "PORT", "file"), DUAL_RELOADED);
		dual_expect(port, "::1", "::1", "42");
		dual_expect(port, "127.0.0.2", "127.0.0.1", NULL);
		dual_reload(d, DUAL_AT("::", "PORT", "compute"), DUAL_RELOADED);
		dual_expect(port, "::1", "::1", "42");
		dual_expect(port, "127.0.0.2", "127.0.0.1", "42");
	}
	/* One with another port is not in the way, nor is one of IPv6. */
	dual_reload(d, DUAL_AT("::", "PORT", "compute") "," DUAL_AT("127.0.0.1", "0", "file"), DUAL_RELOADED);
	dual_expect(port, "127.0.0.1", "127.0.0.1", "42");
	dual_reload(d, DUAL_AT("::1", "PORT", "compute"), DUAL_RELOADED);
	dual_expect(port, "127.0.0.1", NULL, NULL);
	dual_expect(port, "::1", "::1", "42");
	client_ask(old, "21", "42");
	client_free(old);
	daemon_finish(d);
}

/* What cannot be had changes nothing. */
static void dual_refused(unsigned reactors)
{
	struct daemon *d;
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_autofree char *listeners = NULL;

	if (!dual_has_ipv6())
		return;
	g_assert_cmpint(bind(taken, (struct sockaddr *)&sa, sizeof(sa)), ==, 0);
	g_assert_cmpint(listen(taken, 1), ==, 0);
	g_assert_cmpint(getsockname(taken, (struct sockaddr *)&sa, &len), ==, 0);
	d = daemon_start(reactors, "listeners = ( " DUAL_AT("::", "0", "compute") " );\n");
	listeners = g_strdup_printf(DUAL_AT("::", "PORT", "compute") "," DUAL_AT("127.0.0.2", "PORT", "file")
				    ", { address = \"::\"; port = %u; roles = [ \"file\" ]; }", ntohs(sa.sin_port));
	dual_reload(d, listeners, "is in use by another program");
	dual_expect(d->ports[0], "127.0.0.2", "127.0.0.1", "42");
	dual_expect(d->ports[0], "::1", "::1", "42");
	(void)close(taken);
	dual_reload(d, listeners, DUAL_RELOADED);
	dual_expect(d->ports[0], "127.0.0.2", "127.0.0.1", NULL);
	daemon_finish(d);
}

/* A daemon that is given sockets as the service manager gives them. */

#define DUAL_PASSED_MAX 2

struct dual_passed {
	int fds[DUAL_PASSED_MAX];
	unsigned n;
};

static void dual_pass(void *data)
{
	const struct dual_passed *p = data;

	for (unsigned i = 0; i < p->n; i++)
		(void)dup2(p->fds[i], 3 + (int)i);
}

static int dual_socket(const char *address, uint16_t port, int ipv6_only)
{
	union dual_address a = dual_address(address, port);
	int fd = socket(a.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	/* Out of the way of the numbers that they get. */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	g_assert_cmpint(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), ==, 0);
	if (a.sa.sa_family == AF_INET6)
		g_assert_cmpint(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &ipv6_only, sizeof(ipv6_only)), ==, 0);
	g_assert_cmpint(bind(fd, &a.sa, a.sa.sa_family == AF_INET ? sizeof(a.in) : sizeof(a.in6)), ==, 0);
	g_assert_cmpint(listen(fd, 10), ==, 0);
	return fd;
}

static uint16_t dual_port(int fd)
{
	union dual_address a;
	socklen_t len = sizeof(a);

	g_assert_cmpint(getsockname(fd, &a.sa, &len), ==, 0);
	return ntohs(a.sa.sa_family == AF_INET ? a.in.sin_port : a.in6.sin6_port);
}

/* Who it is for is known only once it runs. */
static void dual_write_starter(struct daemon *d, unsigned n)
{
	g_autofree char *path = g_build_filename(d->dir, "passed", NULL);
	g_autofree char *text = g_strdup_printf("#!/bin/sh\nLISTEN_PID=$$ LISTEN_FDS=%u exec '%s' \"$@\"\n", n,
						harness_program("IOED"));

	harness_write_file(path, text, strlen(text));
	g_assert_cmpint(chmod(path, 0755), ==, 0);
	g_assert_true(g_setenv("IOED", path, TRUE));
}

/* It ends at once, and says this. */
static void dual_expect_end(struct daemon *d, const char *const *says)
{
	g_autofree char *log = NULL;

	daemon_spawn(d);
	g_assert_cmpint(WEXITSTATUS(daemon_wait_exit(d)), ==, 1);
	log = daemon_take_log(d);
	for (; *says; says++)
		if (!strstr(log, *says))
			harness_fail("Not '%s', but: %s", *says, log);
	g_assert_null(strstr(log, "another program"));
}

struct dual_case {
	const char *passed[DUAL_PASSED_MAX]; /* addresses */
	int ipv6_only;
	const char *listeners;
	const char *says[4]; /* none: it serves, */
	const char *ipv4;    /* by IPv4 so */
};

static const struct dual_case dual_cases[] = {
	/* What README.md would have with the socket unit as it comes. */
	{ { "127.0.0.1" }, 0, DUAL_AT("0.0.0.0", "PORT", "compute"),
	  { "of ioe@1.socket", "systemctl disable --now ioe@1.socket", "ListenStream=0.0.0.0:" }, NULL },
	{ { "127.0.0.1" }, 0, DUAL_AT("::", "PORT", "compute"), { "of ioe@1.socket", "ListenStream=[::]:" }, NULL },
	{ { "127.0.0.1" }, 0, DUAL_AT("127.0.0.1", "0", "compute"), { "of ioe@1.socket", "or add the listener" }, NULL },
	{ { "::" }, 1, DUAL_AT("::", "PORT", "compute"), { "for IPv6 alone", "ioe@1.socket", "BindIPv6Only=both" }, NULL },
	{ { "::" }, 0, DUAL_AT("::", "PORT", "compute") "," DUAL_AT("127.0.0.1", "PORT", "file"),
	  { "for IPv4 as well", "ioe@1.socket", "BindIPv6Only=ipv6-only" }, NULL },
	{ { "::" }, 0, DUAL_AT("::", "PORT", "compute"), { NULL }, "42" },
	{ { "127.0.0.1" }, 0, DUAL_AT("127.0.0.1", "PORT", "compute"), { NULL }, "42" },
	{ { "127.0.0.1" }, 0, DUAL_AT("::", "PORT", "file") "," DUAL_AT("127.0.0.1", "PORT", "compute"), { NULL }, "42" },
	{ { "::", "127.0.0.1" }, 1, DUAL_AT("127.0.0.1", "PORT", "compute") "," DUAL_AT("::", "PORT", "file"), { NULL }, "42" },
};

static void dual_try(struct daemon *d, const struct dual_case *x)
{
	struct dual_passed passed = { 0 };
	g_autofree char *config = NULL;
	uint16_t port = 0;

	for (; passed.n < DUAL_PASSED_MAX && x->passed[passed.n]; passed.n++) {
		passed.fds[passed.n] = dual_socket(x->passed[passed.n], port, x->ipv6_only);
		port = dual_port(passed.fds[passed.n]);
	}
	config = dual_config(port, x->listeners);
	daemon_write_config(d, config);
	dual_write_starter(d, passed.n);
	d->setup = dual_pass;
	d->setup_data = &passed;
	if (x->says[0]) {
		dual_expect_end(d, x->says);
	} else {
		daemon_spawn(d);
		daemon_wait_ready(d);
		dual_expect(port, "127.0.0.1", "127.0.0.1", x->ipv4);
		/* It would stay with the manager, and nobody would accept there. */
		g_free(daemon_take_log(d));
		daemon_write_config(d, "listeners = ( " DUAL_AT("127.0.0.7", "0", "file") " );\n");
		daemon_signal(d, SIGHUP);
		daemon_wait_log(d, "systemctl disable --now ioe@1.socket");
		dual_expect(port, "127.0.0.1", "127.0.0.1", x->ipv4);
		daemon_stop(d);
	}
	for (unsigned i = 0; i < passed.n; i++)
		(void)close(passed.fds[i]);
}

static void dual_passed(unsigned reactors)
{
	g_autofree char *program = g_strdup(harness_program("IOED"));

	if (!dual_has_ipv6())
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(dual_cases); i++) {
		struct daemon *d = daemon_new(reactors, "");

		dual_try(d, &dual_cases[i]);
		(void)daemon_free(d);
		g_assert_true(g_setenv("IOED", program, TRUE));
	}
}

static void add_tests(void)
{
	harness_add("dual/listeners", dual_listeners);
	harness_add("dual/refused", dual_refused);
	harness_add("dual/passed", dual_passed);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, add_tests);
}
