/* SPDX-License-Identifier: MIT */
/*
 * Sessions from both ends: clients are plain sockets, and the role (session_fixture.h) puts its answers off for as
 * long, and gives them in the order, that a test wants. With one reactor and with four.
 */

#include "base/clock.h"
#include "base/macro.h"
#include "session/deadline.h"
#include "session/session-private.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"
#include "unit/fixture/session_fixture.h"

/* Order */

START_TEST(answers_leave_in_the_order_of_the_requests)
{
	static const unsigned order[] = { 3, 9, 1, 4, 8, 0, 7, 2, 6, 5 };
	int c;

	session_fixture_start(_i, "");
	c = serve_connect();
	for (unsigned i = 0; i < 10; i++) {
		char text[40];

		(void)snprintf(text, sizeof(text), "PARK,%u\nPING,%u\n", i, i);
		serve_say(c, text);
	}
	session_fixture_until_parked(10);
	for (unsigned i = 0; i < 10; i++) {
		if (i < 6)
			serve_expect_nothing(c); /* the oldest is not answered yet */
		ck_assert(session_fixture_answer(order[i]));
	}
	for (unsigned i = 0; i < 10; i++) {
		char text[40];

		(void)snprintf(text, sizeof(text), "%u\nPONG,%u\n", i, i);
		serve_expect(c, text);
	}
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(what_is_answered_leaves_at_once)
{
	int c;

	session_fixture_start(_i, "");
	c = serve_connect();
	serve_say(c, "PING,0\nPARK,1\nPARK,2\nPARK,3\n");
	serve_expect(c, "PONG,0\n");
	session_fixture_until_parked(3);
	(void)session_fixture_answer(1);
	serve_expect_nothing(c);
	(void)session_fixture_answer(0);
	serve_expect(c, "1\n2\n");
	serve_expect_nothing(c);
	(void)session_fixture_answer(2);
	serve_expect(c, "3\n");
	serve_close(c);
	serve_stop();
}
END_TEST

/* Workers end in any order; several clients at once. */
START_TEST(workers_do_not_change_the_order)
{
	int c[6];
	char text[64];

	session_fixture_start(_i, "");
	for (unsigned k = 0; k < ELEMENTSOF(c); k++)
		c[k] = serve_connect();
	for (unsigned i = 0; i < 300; i++)
		for (unsigned k = 0; k < ELEMENTSOF(c); k++) {
			(void)snprintf(text, sizeof(text), i % 7 ? "WORK,%u of %u\n" : "PING,%u of %u\n", i, k);
			serve_say(c[k], text);
		}
	for (unsigned k = 0; k < ELEMENTSOF(c); k++) {
		for (unsigned i = 0; i < 300; i++) {
			(void)snprintf(text, sizeof(text), i % 7 ? "%u of %u\n" : "PONG,%u of %u\n", i, k);
			serve_expect(c[k], text);
		}
		serve_close(c[k]);
	}
	serve_stop();
}
END_TEST

START_TEST(a_barrier_waits_and_holds)
{
	int c;

	session_fixture_start(_i, "");
	c = serve_connect();
	serve_say(c, "PARK,a\nPARK,b\nHOLD,c\nPARK,d\nPING\n");
	session_fixture_until_parked(2);
	session_fixture_flush();
	ck_assert_uint_eq(session_fixture_count_parked(), 2);
	(void)session_fixture_answer(1);
	ck_assert_uint_eq(session_fixture_count_parked(), 2); /* one before it is still open */
	(void)session_fixture_answer(0);
	serve_expect(c, "a\nb\n");
	session_fixture_until_parked(3);
	session_fixture_flush();
	ck_assert_uint_eq(session_fixture_count_parked(), 3);
	serve_expect_nothing(c);
	(void)session_fixture_answer(2);
	session_fixture_until_parked(4);
	serve_expect(c, "c\n");
	(void)session_fixture_answer(3);
	serve_expect(c, "d\nPONG\n");
	serve_close(c);
	serve_stop();
}
END_TEST

/* Bounds */

START_TEST(so_many_requests_and_no_more)
{
	int c;

	session_fixture_start(_i, "limits = { pipeline = 4; };");
	c = serve_connect();
	for (unsigned i = 0; i < 12; i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "PARK,%u\n", i);
		serve_say(c, text);
	}
	for (unsigned i = 0; i < 12; i++) {
		char text[16];

		session_fixture_until_parked(MIN(i + 4, 12U));
		session_fixture_flush();
		ck_assert_uint_eq(session_fixture_count_parked(), MIN(i + 4, 12U));
		(void)session_fixture_answer(i);
		(void)snprintf(text, sizeof(text), "%u\n", i);
		serve_expect(c, text);
	}
	serve_close(c);
	serve_stop();
}
END_TEST

/* Neither side goes on: the socket is full, and nothing is read. */
static bool is_held_up(struct reactor *r, void *arg)
{
	uint64_t *ret_bytes = arg;

	for (struct list *n = r->sessions.next; n != &r->sessions; n = n->next) {
		struct session *s = container_of(n, struct session, link);

		*ret_bytes = s->conn.out.bytes;
		if (s->conn.paused && s->conn.full)
			return true;
	}
	return false;
}

/* Who does not read his answers is not read either; once he does, all of them come. */
START_TEST(output_is_bounded)
{
	uint64_t bytes = 0;
	int c;

	session_fixture_start(_i, "limits = { output = \"64K\"; };");
	c = serve_connect_small();
	for (unsigned i = 0; i < 400; i++)
		serve_say(c, "BIG,50000\n");
	serve_until(is_held_up, &bytes);
	/* Some of it may have drained since. */
	ck_assert_uint_le(bytes, (64 << 10) + 50010);
	for (unsigned i = 0; i < 400; i++) {
		serve_expect(c, "50000\n");
		serve_expect_n(c, session_fixture_bytes, 50000);
	}
	serve_say(c, "PING\n");
	serve_expect(c, "PONG\n");
	serve_close(c);
	serve_stop();
}
END_TEST

static bool pool_has_room(struct reactor *r, _unused_ void *arg)
{
	return !chunk_pool_is_over(&r->pool);
}

/* The client asks for more than there is memory for and does not read it. */
static void fill_pool(int greedy)
{
	while (!chunk_pool_is_over(&serve_server()->reactors.at[0].pool)) {
		serve_say(greedy, "BIG,1048576\n");
		session_fixture_flush();
	}
}

/*
 * One client takes all the memory there is by not reading. Others are told so, and stay in step even where they have
 * bytes to send with it; what costs nothing still works; and all is well once he is gone.
 */
START_TEST(without_memory_requests_are_refused_in_step)
{
	int greedy, c;

	session_fixture_start(2 * _i, "limits = { memory = \"1M\"; output = \"2M\"; };");
	greedy = serve_connect_small();
	c = serve_connect();
	serve_say(c, "PING\n");
	serve_expect(c, "PONG\n");
	fill_pool(greedy);

	serve_say(c, "PING,a\nBIG,1\nPARK,x\nPING,b\n");
	serve_expect(c, "PONG,a\n");
	serve_expect_error(c, "busy");
	serve_expect_error(c, "busy");
	serve_expect(c, "PONG,b\n");
	/* The bytes of a body are no requests. */
	serve_say(c, "SKIP,10\nPING\nPING\nPING,c\n");
	serve_expect_error(c, "denied");
	serve_expect(c, "PONG,c\n");

	serve_reset(greedy);
	serve_until(pool_has_room, NULL);
	serve_say(c, "BIG,1\n");
	serve_expect(c, "1\n");
	serve_expect_n(c, session_fixture_bytes, 1);
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(without_memory_unfinished_lines_end)
{
	int greedy, c, idle;

	session_fixture_start(2 * _i, "limits = { memory = \"1M\"; output = \"2M\"; };");
	idle = serve_connect();
	greedy = serve_connect_small();
	c = serve_connect();
	fill_pool(greedy);
	serve_say(c, "PING,half a li");
	serve_expect_end(c);
	/* New ones are told. */
	c = serve_connect();
	serve_expect_error(c, "limit");
	serve_expect_end(c);
	serve_say(idle, "PING\n");
	serve_expect(idle, "PONG\n");
	serve_reset(greedy);
	serve_close(idle);
	serve_stop();
}
END_TEST

START_TEST(so_many_sessions_and_no_more)
{
	int a, b, c;

	session_fixture_start(_i, "limits = { connections = 2; };");
	a = serve_connect();
	b = serve_connect();
	serve_until_sessions(2);
	c = serve_connect();
	serve_expect_error(c, "limit");
	serve_expect_end(c);
	serve_close(a);
	serve_until_sessions(1);
	session_fixture_flush(); /* reactor 0 has heard of it */
	a = serve_connect();
	serve_say(a, "PING\n");
	serve_expect(a, "PONG\n");
	serve_close(a);
	serve_close(b);
	serve_stop();
}
END_TEST

/* Ends */

START_TEST(the_end_of_requests_is_not_the_end_of_answers)
{
	int c;

	session_fixture_start(_i, "limits = { pipeline = 2; };");
	c = serve_connect();
	serve_say(c, "PING\nPARK,a\nPARK,b\nPARK,c\nHOLD,d\nPING,last\nPING,unfinished");
	serve_end(c);
	serve_expect(c, "PONG\n");
	session_fixture_until_parked(2);
	(void)session_fixture_answer(1);
	(void)session_fixture_answer(0);
	serve_expect(c, "a\nb\n");
	session_fixture_until_parked(3);
	(void)session_fixture_answer(2);
	session_fixture_until_parked(4);
	serve_expect(c, "c\n");
	(void)session_fixture_answer(3);
	serve_expect(c, "d\nPONG,last\n");
	serve_expect_end(c);
	serve_stop();
}
END_TEST

START_TEST(an_end_without_a_request)
{
	int c;

	session_fixture_start(_i, "");
	c = serve_connect();
	serve_end(c);
	serve_expect_end(c);
	c = serve_connect();
	serve_say(c, "PING");
	serve_end(c);
	serve_expect_end(c);
	serve_stop();
}
END_TEST

START_TEST(goodbye_is_the_last_answer)
{
	static const char *const words[] = { "BYE", "quit", "Exit" };
	int c;

	session_fixture_start(_i, "");
	for (unsigned i = 0; i < ELEMENTSOF(words); i++) {
		char text[60];

		(void)snprintf(text, sizeof(text), "PING\nPARK,x\n%s\nPING\nPARK,y\n", words[i]);
		c = serve_connect();
		serve_say(c, text);
		session_fixture_until_parked(i + 1);
		(void)session_fixture_answer(i);
		serve_expect(c, "PONG\nx\nBYE\n");
		serve_expect_end(c);
	}
	ck_assert_uint_eq(session_fixture_count_parked(), ELEMENTSOF(words));
	serve_stop();
}
END_TEST

/* Whoever put it off answers in any case; what the answer was, nobody hears. */
START_TEST(a_request_may_outlive_its_session)
{
	int c;

	session_fixture_start(_i, "");
	for (unsigned i = 0; i < 3; i++) {
		c = serve_connect();
		serve_say(c, "PARK,a\nPARK,b\nPARK,c\nPING\nHOLD,d\n");
		session_fixture_until_parked(3 * (i + 1));
		(void)session_fixture_answer(3 * i + 1); /* answered, but behind one that is not */
		serve_reset(c);
		serve_until_sessions(0);
		ck_assert(!session_fixture_answer(3 * i + 2));
		ck_assert(!session_fixture_answer(3 * i));
	}
	serve_stop();
}
END_TEST

START_TEST(a_session_that_is_found_again_is_not_the_same)
{
	int c;

	session_fixture_start(0, "");
	c = serve_connect();
	serve_say(c, "PARK,old\n");
	session_fixture_until_parked(1);
	serve_reset(c);
	serve_until_sessions(0);
	c = serve_connect(); /* takes over the slot */
	serve_say(c, "PARK,new\n");
	session_fixture_until_parked(2);
	ck_assert(!session_fixture_answer(0));
	ck_assert(session_fixture_answer(1));
	serve_expect(c, "new\n");
	serve_expect_nothing(c);
	serve_close(c);
	serve_stop();
}
END_TEST

/* Names */

#define RIVALS 16

START_TEST(one_of_many_gets_the_name)
{
	char line[200];
	int c[RIVALS];

	session_fixture_start(_i, "");
	for (unsigned i = 0; i < RIVALS; i++)
		c[i] = serve_connect();
	for (unsigned round = 0; round < 20; round++) {
		unsigned holders = 0;

		for (unsigned i = 0; i < RIVALS; i++)
			serve_say(c[i], i % 2 ? "NICK,Somebody\n" : "NICK,sOMEBODY\n");
		for (unsigned i = 0; i < RIVALS; i++) {
			(void)serve_line(c[i], line, sizeof(line));
			if (strncmp(line, "OK,", 3) == 0)
				holders++;
			else
				ck_assert_msg(strncmp(line, "ERROR: taken: ", 14) == 0, "%s", line);
		}
		ck_assert_uint_eq(holders, 1);
		/* All change to a name of their own; the old one is free again. */
		for (unsigned i = 0; i < RIVALS; i++) {
			(void)snprintf(line, sizeof(line), "NICK,own-%u\n", i);
			serve_say(c[i], line);
			(void)snprintf(line, sizeof(line), "OK,own-%u\n", i);
			serve_expect(c[i], line);
		}
		session_fixture_flush();
	}
	for (unsigned i = 0; i < RIVALS; i++)
		serve_close(c[i]);
	serve_stop();
}
END_TEST

/* A claim and the end of its session cross each other: no name stays behind (serve_stop() looks). */
START_TEST(a_name_is_free_when_its_session_ends)
{
	char line[200];
	int c;

	session_fixture_start(_i, "");
	for (unsigned i = 0; i < 300; i++) {
		c = serve_connect();
		(void)snprintf(line, sizeof(line), "NICK,a%u\nNICK,A%u\nNICK,b%u\nNICK,a%u\n", i, i, i, i % 7);
		serve_say(c, line);
		serve_reset(c);
	}
	serve_until_sessions(0);
	session_fixture_flush();
	session_fixture_flush();
	c = serve_connect();
	serve_say(c, "NICK,a1\n");
	serve_expect(c, "OK,a1\n");
	serve_say(c, "HELLO,ioe/1\n");
	(void)serve_line(c, line, sizeof(line));
	ck_assert_ptr_nonnull(strstr(line, ",test+other,a1,"));
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(names_that_nobody_may_have)
{
	static const char *const denied[] = { "ok", "ERROR", "hi", "Hii", "127.0.0.1", "1.2", "ping", "Park", "BYE", "later" };
	static const char *const bad[] = { "", "a b", "a,b", "\303\244", "a:b", "123456789012345678901234567890123", "::1" };
	char line[200];
	int c;

	session_fixture_start(_i, "");
	c = serve_connect();
	for (size_t i = 0; i < ELEMENTSOF(denied) + ELEMENTSOF(bad); i++) {
		bool is_bad = i >= ELEMENTSOF(denied);

		(void)snprintf(line, sizeof(line), "NICK,%s\n", is_bad ? bad[i - ELEMENTSOF(denied)] : denied[i]);
		serve_say(c, line);
		serve_expect_error(c, is_bad ? "bad-argument" : "denied");
	}
	serve_close(c);
	serve_stop();
}
END_TEST

/* A role that is told a name in words of its own claims it as NICK does. */
START_TEST(a_role_claims_a_name)
{
	int c[2];

	session_fixture_start(_i, "");
	c[0] = serve_connect();
	c[1] = serve_connect();
	serve_say(c[0], "!hush\n@Anna\nPARK,a\n!hush\n@no name\n=x\n");
	serve_expect(c[0], "MINE,Anna\n");
	serve_say(c[1], "@anna\n@ping\n@\nNICK,ANNA\n@Bert\n");
	serve_expect_error(c[1], "taken");
	serve_expect_error(c[1], "denied");
	serve_expect_error(c[1], "bad-argument");
	serve_expect_error(c[1], "taken");
	serve_expect(c[1], "MINE,Bert\n");
	session_fixture_until_parked(1);
	serve_expect_nothing(c[0]);
	ck_assert(session_fixture_answer(0));
	serve_expect(c[0], "a\n");
	serve_expect_error(c[0], "bad-argument");
	serve_expect(c[0], "=x\n");
	serve_close(c[0]);
	serve_close(c[1]);
	serve_stop();
}
END_TEST

/* Time */

START_TEST(time_ends_sessions)
{
	static const struct {
		const char *config, *say;
	} rows[] = {
		{ "limits = { idle = \"100ms\"; };", "" },
		{ "limits = { idle = \"100ms\"; };", "PING\n" },
		{ "limits = { line_time = \"100ms\"; };", "PING\nhalf" },
		{ "limits = { line_time = \"100ms\"; line = 64; };",
		  "PING\n123456789012345678901234567890123456789012345678901234567890123456789" },
		{ "limits = { stall_time = \"100ms\"; };", "PING\nEAT,100\nw" },
		{ "limits = { stall_time = \"100ms\"; };", "PING\nSKIP,100\nz" },
	};
	char line[500];
	uint64_t before;
	int c;

	session_fixture_start(0, rows[_i].config);
	before = clock_usec();
	c = serve_connect();
	serve_say(c, rows[_i].say);
	if (*rows[_i].say)
		serve_expect(c, "PONG\n");
	if (strlen(rows[_i].say) > 64)
		serve_expect_error(c, "too-long");
	if (strstr(rows[_i].say, "SKIP"))
		serve_expect_error(c, "denied");
	/* Closed by the server, and not by the patience of this side. */
	ck_assert_msg(recv(c, line, sizeof(line), 0) == 0 || errno == ECONNRESET, "the session is still there");
	ck_assert_uint_ge(clock_usec(), before + 100 * USEC_PER_MSEC);
	serve_close(c);
	serve_until_sessions(0);
	serve_stop();
}
END_TEST

/* Who takes nothing of what he asked for is not waited for; in the pass in which time is up he may begin to. */
START_TEST(who_does_not_read_is_not_kept)
{
	uint64_t before = clock_usec();
	int c[8];

	session_fixture_start(_i, "limits = { stall_time = \"100ms\"; output = \"8M\"; memory = \"1G\"; };");
	for (unsigned i = 0; i < ELEMENTSOF(c); i++) {
		c[i] = serve_connect_small();
		serve_say(c[i], "BIG,1048576\nBIG,1048576\nBIG,1048576\nBIG,1048576\nBIG,1048576\nBIG,1048576\n");
		serve_expect(c[i], "1048576\n"); /* it is there, and has begun to answer */
	}
	serve_until_sessions(0);
	/* For the time of the option, and not for another reason. */
	ck_assert_uint_ge(clock_usec(), before + 100 * USEC_PER_MSEC);
	for (unsigned i = 0; i < ELEMENTSOF(c); i++)
		serve_close(c[i]);
	serve_stop();
}
END_TEST

struct away {
	bool away;       /* this process was; else the client was late */
	unsigned received;  /* sessions */
};

/* As if so much time had gone by since it said something. */
#define AWAY_USEC (100 * USEC_PER_SEC)

static void go_away(struct reactor *r, void *arg)
{
	struct away *a = arg;

	for (struct list *n = r->sessions.next; n != &r->sessions; n = n->next) {
		struct session *s = container_of(n, struct session, link);

		s->active_usec -= AWAY_USEC;
		s->line_usec -= AWAY_USEC;
		s->sent_seen = (uint32_t)s->conn.sent;
		deadline_touch(s);
		a->received++;
	}
	if (a->away)
		r->loop.back_usec = r->loop.now_usec;
}

/* A body that was announced, a line that was begun, nothing at all: who was waited for by nobody begins anew. */
START_TEST(who_could_not_be_in_time_gets_his_time_anew)
{
	static const struct {
		const char *say, *more, *answer;
	} rows[] = {
		{ "PING\nPI", "NG,x\n", "PONG,x\n" },
		{ "PING\nSKIP,3\nw", "wwPING,y\n", "PONG,y\n" },
		{ "PING\n", "PING,z\n", "PONG,z\n" },
	};
	struct away a = { .away = _i % 2 };
	int c;

	session_fixture_start(0, "limits = { idle = \"50s\"; line_time = \"50s\"; stall_time = \"50s\"; };");
	c = serve_connect();
	serve_say(c, rows[_i / 2].say);
	serve_expect(c, "PONG\n");
	if (strstr(rows[_i / 2].say, "SKIP"))
		serve_expect_error(c, "denied");
	serve_call(0, go_away, &a);
	ck_assert_uint_eq(a.received, 1);
	session_fixture_flush();
	if (a.away) {
		serve_say(c, rows[_i / 2].more);
		serve_expect(c, rows[_i / 2].answer);
		serve_close(c);
	} else {
		serve_expect_end(c);
	}
	serve_stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("session");
	TCase *tc = tcase_create("session");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, answers_leave_in_the_order_of_the_requests, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, what_is_answered_leaves_at_once, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, workers_do_not_change_the_order, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, a_barrier_waits_and_holds, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, so_many_requests_and_no_more, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, output_is_bounded, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, without_memory_requests_are_refused_in_step, 0, 2);
	tcase_add_loop_test(tc, without_memory_unfinished_lines_end, 0, 2);
	tcase_add_loop_test(tc, so_many_sessions_and_no_more, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, the_end_of_requests_is_not_the_end_of_answers, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, an_end_without_a_request, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, goodbye_is_the_last_answer, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, a_request_may_outlive_its_session, 0, SESSION_FIXTURE_WAYS);
	tcase_add_test(tc, a_session_that_is_found_again_is_not_the_same);
	tcase_add_loop_test(tc, one_of_many_gets_the_name, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, a_name_is_free_when_its_session_ends, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, a_role_claims_a_name, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, names_that_nobody_may_have, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, time_ends_sessions, 0, 6);
	tcase_add_loop_test(tc, who_does_not_read_is_not_kept, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, who_could_not_be_in_time_gets_his_time_anew, 0, 6);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
