/* SPDX-License-Identifier: MIT */
/* Listeners come, go and change while the daemon runs: at once or not at all, and nobody on the others notices. */

#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RELOAD_A(roles) "{ address = \"127.0.0.1\"; port = 0; roles = [ " roles " ]; }"
#define RELOAD_B(roles) "{ address = \"127.0.0.2\"; port = 0; roles = [ " roles " ]; }"

/* A connection to where Status says that @address listens; -1: refused, or not listed. */
static int reload_connect(struct daemon *d, const char *address)
{
	g_autofree char *status = daemon_varlink(d, "{\"method\":\"org.ioe.control.Status\"}");
	g_autofree char *key = g_strdup_printf("\"%s:", address);
	struct sockaddr_in sa = { .sin_family = AF_INET };
	const char *at = strstr(status, key);
	int fd;

	if (!at)
		return -1;
	g_assert_cmpint(inet_pton(AF_INET, address, &sa.sin_addr), ==, 1);
	sa.sin_port = htons((uint16_t)g_ascii_strtoull(at + strlen(key), NULL, 10));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(fd, >=, 0);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static void reload(struct daemon *d, const char *listeners, const char *says)
{
	g_autofree char *config = g_strdup_printf("listeners = ( %s );\n", listeners);

	g_free(daemon_take_log(d));
	daemon_write_config(d, config);
	daemon_signal(d, SIGHUP);
	daemon_wait_log(d, says);
}

static void reload_listeners(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, "listeners = ( " RELOAD_A("\"file\"") " );\n");
	struct client *first = client_new(d, 0), *second, *third;
	uint16_t port = d->ports[0];
	int fd;

	client_ask(first, "PING", "PONG");
	reload(d, RELOAD_A("\"file\"") ", " RELOAD_B("\"compute\""), "reloaded the configuration");
	client_ask(first, "PING", "PONG");
	fd = reload_connect(d, "127.0.0.2");
	g_assert_cmpint(fd, >=, 0);
	second = client_new_fd(fd);
	client_ask(second, "21", "42");

	/* One goes, one changes: who is there stays, and keeps what he came to. */
	reload(d, RELOAD_A("\"file\", \"compute\""), "reloaded the configuration");
	client_ask(second, "21", "42");
	client_refused(first, "21", "bad-command");
	g_assert_cmpint(reload_connect(d, "127.0.0.2"), ==, -1);
	g_assert_cmpuint(daemon_status(d, "accepted"), >=, 1);
	third = client_new(d, 0);
	client_ask(third, "21", "42");
	g_assert_cmpuint(port, ==, d->ports[0]);
	client_free(first);
	client_free(second);
	client_free(third);
	daemon_finish(d);
}

/* A port that somebody else has: all stays as it was, and the log says so. */
static void reload_refused(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, "listeners = ( " RELOAD_A("\"file\"") " );\n");
	struct client *first = client_new(d, 0), *later;
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_autofree char *listeners = NULL;

	g_assert_cmpint(bind(taken, (struct sockaddr *)&sa, sizeof(sa)), ==, 0);
	g_assert_cmpint(listen(taken, 1), ==, 0);
	g_assert_cmpint(getsockname(taken, (struct sockaddr *)&sa, &len), ==, 0);
	listeners = g_strdup_printf(RELOAD_A("\"file\", \"compute\"") ", " RELOAD_B("\"file\"")
				    ", { address = \"127.0.0.1\"; port = %u; roles = [ \"file\" ]; }",
				    ntohs(sa.sin_port));
	reload(d, listeners, "is in use by another program");
	client_ask(first, "PING", "PONG");
	g_assert_cmpint(reload_connect(d, "127.0.0.2"), ==, -1);
	later = client_new(d, 0);
	client_refused(later, "21", "bad-command");
	(void)close(taken);
	reload(d, listeners, "reloaded the configuration");
	client_free(later);
	later = client_new(d, 0);
	client_ask(later, "21", "42");
	client_free(first);
	client_free(later);
	daemon_finish(d);
}

/* Sessions that ask all the time, and new ones that come, while listeners change around them. */
static void reload_busy(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, "listeners = ( " RELOAD_A("\"compute\"") " );\n");
	struct client *clients[200];

	for (size_t i = 0; i < G_N_ELEMENTS(clients); i++)
		clients[i] = client_new(d, 0);
	for (unsigned round = 0; round < 20; round++) {
		for (size_t i = 0; i < G_N_ELEMENTS(clients); i++)
			client_puts(clients[i], "21\n4\n");
		reload(d, round % 2 ? RELOAD_A("\"compute\"") : RELOAD_A("\"compute\", \"file\"") ", " RELOAD_B("\"file\""),
		       "reloaded the configuration");
		for (size_t i = 0; i < G_N_ELEMENTS(clients); i++) {
			client_expect(clients[i], "42");
			client_expect(clients[i], "8");
		}
		client_free(clients[round]);
		clients[round] = client_new(d, 0);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(clients); i++)
		client_free(clients[i]);
	daemon_wait_sessions(d, 0);
	daemon_finish(d);
}

static void add(void)
{
	harness_add("/reload/listeners", reload_listeners);
	harness_add("/reload/refused", reload_refused);
	harness_add("/reload/busy", reload_busy);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, add);
}
