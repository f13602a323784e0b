/* SPDX-License-Identifier: MIT */
/* The server as a whole: how it starts, reloads, stops, and what it tells of itself. With one reactor and with four. */

#include "base/clock.h"
#include "base/macro.h"
#include "server/status.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"
#include "unit/fixture/session_fixture.h"

/* The server as a whole */

/* Each reactor hears of the stop by itself; @arg is a bit for each that has. */
static bool all_are_leaving(struct reactor *r, void *arg)
{
	unsigned *received = arg;

	if (r->thread.leaving)
		*received |= 1U << r->index;
	return *received == (1U << r->set->n) - 1;
}

START_TEST(stopping_answers_what_is_open)
{
	unsigned received = 0;
	char line[500];
	int plain, ioe, idle;

	session_fixture_start(_i, "");
	idle = serve_connect();
	plain = serve_connect();
	ioe = serve_connect();
	serve_say(idle, "PING\n");
	serve_expect(idle, "PONG\n");
	serve_say(plain, "PARK,a\n");
	serve_say(ioe, "HELLO,ioe/1\nPARK,b\n");
	(void)serve_line(ioe, line, sizeof(line));
	session_fixture_until_parked(2);
	serve_stop_begin();

	serve_expect_end(idle);
	serve_expect(ioe, "GOAWAY,the test is over\n");
	serve_until(all_are_leaving, &received);
	serve_say(plain, "PING\n"); /* too late */
	(void)session_fixture_answer(0);
	(void)session_fixture_answer(1);
	serve_expect(plain, "a\n");
	serve_expect(ioe, "b\n");
	serve_expect_end(plain);
	serve_expect_end(ioe);
	serve_stop_wait();
}
END_TEST

START_TEST(stopping_does_not_wait_for_ever)
{
	char c;
	int fd;

	session_fixture_start(_i, "stop_timeout = \"100ms\";");
	fd = serve_connect();
	serve_say(fd, "PARK,a\n");
	session_fixture_until_parked(1);
	serve_stop_begin();
	/* The loop that keeps the time is the test's: until the session has been reset. */
	while (recv(fd, &c, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN)
		ck_assert_int_eq(loop_pass(serve_server()->args.loop, 10), 0);
	serve_close(fd);
	(void)session_fixture_answer(0);
	serve_stop_wait();
}
END_TEST

/* Clients come, ask and go while the server stops. */
static atomic_bool stop_storm;

static void *storm(void *arg)
{
	struct sockaddr_storage sa = *(struct sockaddr_storage *)arg;

	while (!atomic_load(&stop_storm)) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		char got[100];

		if (connect(fd, (struct sockaddr *)&sa, sizeof(struct sockaddr_in)) == 0) {
			(void)send(fd, "NICK,storm\nWORK,x\nPING\nBYE\n", 27, MSG_NOSIGNAL);
			while (recv(fd, got, sizeof(got), 0) > 0)
				;
		}
		(void)close(fd);
	}
	return NULL;
}

START_TEST(stopping_and_reloading_in_a_storm)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	struct status st;
	pthread_t threads[4];
	char more[100];

	session_fixture_start(_i, "");
	ck_assert_int_eq(getsockname(serve_server()->listeners[0]->watch.fd, (struct sockaddr *)&sa, &len), 0);
	for (unsigned i = 0; i < ELEMENTSOF(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, storm, &sa), 0);
	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(more, sizeof(more), "limits = { memory = \"%uM\"; pipeline = %u; };", i + 1, i + 1);
		serve_reload(session_fixture_configure(_i, more));
		(void)server_poke(serve_server());
		ck_assert_int_eq(server_status(serve_server(), &st), 0);
		ck_assert_uint_eq(st.memory_limit, (i + 1ULL) << 20);
		status_done(&st);
		session_fixture_flush();
	}
	serve_stop_begin();
	atomic_store(&stop_storm, true);
	for (unsigned i = 0; i < ELEMENTSOF(threads); i++)
		(void)pthread_join(threads[i], NULL);
	serve_stop_wait();
}
END_TEST

START_TEST(each_reactor_gets_its_share)
{
	int c[12];

	session_fixture_start(1, "");
	for (unsigned i = 0; i < ELEMENTSOF(c); i++)
		c[i] = serve_connect();
	serve_until_sessions(ELEMENTSOF(c));
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(atomic_load(&serve_server()->reactors.at[i].counters.sessions), 3);
	for (unsigned i = 0; i < ELEMENTSOF(c); i++)
		serve_close(c[i]);
	serve_until_sessions(0);
	serve_stop();
}
END_TEST

static bool poked_again(_unused_ struct reactor *r, _unused_ void *arg)
{
	return server_poke(serve_server());
}

static void stand_still(_unused_ struct reactor *r, _unused_ void *arg)
{
	struct server *s = serve_server();

	/* This very reactor cannot finish a round now, so nobody feeds the watchdog. */
	(void)server_poke(s);
	ck_assert(!server_poke(s));
}

START_TEST(a_reactor_that_stands_still_is_noticed)
{
	session_fixture_start(_i, "");
	ck_assert(server_poke(serve_server()));
	serve_until(poked_again, NULL);
	for (unsigned i = 0; i < serve_server()->reactors.n; i++)
		serve_call(i, stand_still, NULL);
	serve_until(poked_again, NULL);
	session_fixture_flush();
	serve_stop();
}
END_TEST

START_TEST(the_status_counts)
{
	struct status st;
	char *more;
	int c;

	session_fixture_start(_i, "");
	c = serve_connect();
	serve_say(c, "PING\nPING\nnonsense\nBIG,1000\nFAIL\n");
	serve_expect(c, "PONG\nPONG\n");
	serve_expect_error(c, "bad-command");
	serve_expect(c, "1000\n");
	serve_expect_n(c, session_fixture_bytes, 1000);
	serve_expect_error(c, "internal");
	session_fixture_flush();
	ck_assert_int_eq(server_status(serve_server(), &st), 0);
	ck_assert_str_eq(st.state, "running");
	ck_assert_uint_eq(st.sessions, 1);
	ck_assert_uint_eq(st.accepted, 1);
	ck_assert_uint_eq(st.requests, 5);
	ck_assert_uint_eq(st.errors, 2);
	ck_assert_uint_eq(st.n_roles, 3);
	ck_assert_str_eq(st.roles[0].name, "test");
	ck_assert_uint_eq(st.roles[0].requests, 2);
	ck_assert_uint_eq(st.roles[0].errors, 1);
	ck_assert_uint_eq(st.roles[2].requests, 3);
	ck_assert_uint_eq(st.bytes_in, 33);
	ck_assert_uint_gt(st.bytes_out, 1015);
	ck_assert_uint_eq(st.workers, 4);
	status_done(&st);
	/* What takes a restart is told as it runs. */
	more = session_fixture_configure(_i, "limits = { connections = 77; };");
	strstr(more, "workers = 4")[10] = '7';
	serve_reload(more);
	ck_assert_int_eq(server_status(serve_server(), &st), 0);
	ck_assert_uint_eq(st.workers, 4);
	ck_assert_uint_eq(st.sessions_limit, 77);
	status_done(&st);
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(what_hinders_the_start_is_said)
{
	static const char config[] = "listeners = ( { port = 0; address = \"192.0.2.1\"; roles = [ \"test\" ]; } );\n"
				     "state_dir = \"%s/state\"; runtime_dir = \"%s/run\";\n";

	ck_assert_ptr_nonnull(strstr(serve_refuse(&serve_schema, session_fixture_roles, config),
				     "192.0.2.1 is no address of this machine"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("server");
	TCase *tc = tcase_create("server");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, stopping_answers_what_is_open, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, stopping_does_not_wait_for_ever, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, stopping_and_reloading_in_a_storm, 0, SESSION_FIXTURE_WAYS);
	tcase_add_test(tc, each_reactor_gets_its_share);
	tcase_add_loop_test(tc, a_reactor_that_stands_still_is_noticed, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, the_status_counts, 0, SESSION_FIXTURE_WAYS);
	tcase_add_test(tc, what_hinders_the_start_is_said);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
