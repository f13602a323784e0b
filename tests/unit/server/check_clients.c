/* SPDX-License-Identifier: MIT */
/* Walks over a running server's sessions, while others come and go, and the end of single ones. */
#include "server/clients.h"

#include "base/clock.h"
#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"

#define STAYING 900

static const struct role test_role = { .name = "test" };
static const struct role *const roles[] = { &test_role, NULL };

static unsigned on_arrival;

static void on_came(_unused_ struct server_task *e)
{
	on_arrival++;
}

/* With one reactor and with four. */
static void start(int four)
{
	char config[512];

	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ \"test\" ]; } ); limits = { connections = 4000; };\n"
		       "state_dir = \"%%s/state\"; runtime_dir = \"%%s/run\"; reactors = %d;\n",
		       four ? 4 : 1);
	serve_start(&serve_schema, roles, config);
	on_arrival = 0;
}

/* Main's loop until the task has come back. */
static void await(void)
{
	uint64_t until = clock_usec() + 60 * USEC_PER_SEC;

	for (on_arrival = 0; on_arrival == 0;) {
		ck_assert_int_eq(loop_pass(serve_server()->args.loop, 10), 0);
		ck_assert_uint_lt(clock_usec(), until);
	}
}

static int connect_as(const char *nick)
{
	int fd = serve_connect();

	serve_nick(fd, nick);
	return fd;
}

/* Sessions come and go between the pages; @seen counts those that stay, by their names. */
static void walk(unsigned seen[STAYING], bool churn)
{
	struct clients *c = clients_new(serve_server(), on_came, NULL);
	int fds[50] = { 0 };
	unsigned n;

	do {
		for (size_t i = 0; churn && i < ELEMENTSOF(fds); i++) {
			if (fds[i])
				serve_reset(fds[i]);
			fds[i] = serve_connect();
		}
		clients_next(c);
		ck_assert(c->task.away);
		await();
		ck_assert(!c->task.away);
		ck_assert_uint_le(c->n, CLIENTS_PAGE);
		ck_assert(c->done || c->n == CLIENTS_PAGE);
		for (size_t i = 0; i < c->n; i++)
			if (sscanf(c->page[i].name, "stays%u", &n) == 1 && n < STAYING)
				seen[n]++;
	} while (!c->done);
	for (size_t i = 0; churn && i < ELEMENTSOF(fds); i++)
		serve_close(fds[i]);
	(void)server_task_free(&c->task);
}

START_TEST(test_walk)
{
	unsigned seen[STAYING] = { 0 };
	static int fds[STAYING];

	start(_i);
	walk(seen, false);
	for (unsigned i = 0; i < STAYING; i++) {
		char nick[NICK_MAX + 1];

		ck_assert_uint_eq(seen[i], 0);
		(void)snprintf(nick, sizeof(nick), "stays%u", i);
		fds[i] = connect_as(nick);
	}
	walk(seen, false);
	walk(seen, true);
	walk(seen, true);
	for (unsigned i = 0; i < STAYING; i++) {
		ck_assert_msg(seen[i] == 3, "stays%u was seen %u times in 3 walks", i, seen[i]);
		serve_close(fds[i]);
	}
	serve_stop();
}
END_TEST

/* The one session there is, as it is reported. */
static struct client only(void)
{
	struct clients *c = clients_new(serve_server(), on_came, NULL);
	struct client ret;

	clients_next(c);
	await();
	ck_assert(c->done);
	ck_assert_uint_eq(c->n, 1);
	ret = c->page[0];
	(void)server_task_free(&c->task);
	return ret;
}

START_TEST(test_fields)
{
	uint64_t before = clock_real_usec();
	struct client c;
	int fd;

	start(_i);
	fd = serve_connect();
	serve_until_sessions(1);
	c = only();
	ck_assert_str_eq(c.name, "");
	ck_assert_int_eq(c.dialect, DIALECT_UNDECIDED);
	ck_assert_int_eq(c.state, CLIENT_IDLE);
	ck_assert(address_is_loopback(&c.address));
	ck_assert_str_eq(c.listener, serve_server()->listeners[0]->address);
	ck_assert_uint_eq(c.bytes_in, 0);
	ck_assert_uint_eq(c.bytes_out, 0);
	/* Two clocks: the difference of what they show may be a little off. */
	ck_assert_uint_ge(c.connected_usec + USEC_PER_SEC, before);
	ck_assert_uint_le(c.connected_usec, clock_real_usec() + USEC_PER_SEC);
	ck_assert_uint_lt(c.idle_usec, 60 * USEC_PER_SEC);
	serve_say(fd, "HELLO,ioe/1\n");
	(void)serve_line(fd, (char[512]){ 0 }, 512);
	c = only();
	ck_assert_int_eq(c.dialect, DIALECT_IOE1);
	ck_assert_uint_eq(c.bytes_in, strlen("HELLO,ioe/1\n"));
	ck_assert_uint_gt(c.bytes_out, 3);
	serve_close(fd);
	serve_stop();
}
END_TEST

static bool kick(struct handle h, const char *why)
{
	struct clients_kick *k = clients_kick_new(serve_server(), h, why, on_came, NULL);
	bool found;

	await();
	found = k->found;
	(void)server_task_free(&k->task);
	return found;
}

START_TEST(test_kick)
{
	struct handle h;
	int fd, other;

	start(_i);
	fd = connect_as("one");
	h = only().handle;
	other = serve_connect();
	ck_assert(!kick((struct handle){ h.reactor, h.slot, h.generation + 1 }, ""));
	ck_assert(!kick((struct handle){ h.reactor, UINT32_MAX, h.generation }, ""));
	ck_assert(!kick((struct handle){ UINT32_MAX, h.slot, h.generation }, ""));
	ck_assert(kick(h, "nothing that line is told"));
	serve_expect_end(fd);
	ck_assert(!kick(h, "again"));
	/* The name is free, nobody else was touched, and an ioe/1 client is told why, as a field. */
	serve_say(other, "HELLO,ioe/1\nNICK,one\n");
	(void)serve_line(other, (char[512]){ 0 }, 512);
	serve_expect(other, "OK,one\n");
	ck_assert(kick(only().handle, "go, away\n100%"));
	serve_expect(other, "GOAWAY,kicked: go%2C away?100%25\n");
	serve_expect_end(other);
	serve_stop();
}
END_TEST

/* The longest why, all of it bytes that are encoded, still ends its line. */
START_TEST(test_kick_long)
{
	char why[200], want[300] = "GOAWAY,kicked: ";
	int fd;

	start(_i);
	memset(why, ',', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	for (size_t i = 0; i < ADMIN_WHY_MAX; i++)
		memcpy(want + strlen("GOAWAY,kicked: ") + 3 * i, "%2C", 3);
	want[strlen("GOAWAY,kicked: ") + 3 * ADMIN_WHY_MAX] = '\n';
	fd = serve_connect();
	serve_say(fd, "HELLO,ioe/1\n");
	(void)serve_line(fd, (char[512]){ 0 }, 512);
	ck_assert(kick(only().handle, why));
	serve_expect(fd, want);
	serve_expect_end(fd);
	serve_stop();
}
END_TEST

/* What was forgotten does not call back; what never came back is freed with the server. */
START_TEST(test_forgotten)
{
	struct clients *c;

	start(_i);
	c = clients_new(serve_server(), on_came, NULL);
	clients_next(c);
	(void)server_task_free(&c->task);
	(void)server_task_free(NULL);
	c = clients_new(serve_server(), on_came, NULL);
	clients_next(c);
	await();
	ck_assert_uint_eq(on_arrival, 1);
	ck_assert(c->done);
	(void)server_task_free(&c->task);
	/* Away when the server stops. */
	c = clients_new(serve_server(), on_came, NULL);
	clients_next(c);
	(void)server_task_free(&c->task);
	for (unsigned reactor = 0; reactor < 2; reactor++) {
		struct clients_kick *k;

		k = clients_kick_new(serve_server(), (struct handle){ 99 * reactor, 0, 1 }, "", on_came, NULL);
		(void)server_task_free(&k->task);
	}
	on_arrival = 0;
	serve_stop();
	ck_assert_uint_eq(on_arrival, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("clients");
	TCase *t = tcase_create("clients");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_walk, 0, 2);
	tcase_add_loop_test(t, test_fields, 0, 2);
	tcase_add_loop_test(t, test_kick, 0, 2);
	tcase_add_loop_test(t, test_kick_long, 0, 2);
	tcase_add_loop_test(t, test_forgotten, 0, 2);
	return run_suite(s);
}
