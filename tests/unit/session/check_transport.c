/* SPDX-License-Identifier: MIT */
/*
 * Sessions over a transport that is not TCP, with the real roles: all that is said comes out as over TCP, in any pieces
 * and however often the transport has to be called again; and wherever it breaks, nothing is left of the session.
 */

#include "base/macro.h"
#include "ioed/roles.h"
#include "session/session-private.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/fixture/fake_transport.h"
#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"

static int transport_new(_unused_ struct listener *l, struct transport **ret)
{
	return fake_transport_new(ret);
}

struct ways {
	unsigned ways, break_at;
	bool tcp;
};

/* In reactor 0, which accepts. */
static void use(_unused_ struct reactor *r, void *arg)
{
	const struct ways *w = arg;

	fake_transport_set(w->ways, w->break_at);
	serve_server()->listeners[0]->transport_new = w->tcp ? NULL : transport_new;
}

static void start(bool raw, unsigned ways)
{
	serve_start(&ioed_schema, ioed_roles,
		    raw ? "listeners = ( { port = 0; roles = [ \"file\", \"relay\" ]; raw = true; } );\n"
			  "state_dir = \"%s/state\"; runtime_dir = \"%s/run\"; file = { sync = false; };\n" :
			  "listeners = ( { port = 0; roles = [ \"file\", \"relay\" ]; raw = false; } );\n"
			  "state_dir = \"%s/state\"; runtime_dir = \"%s/run\"; file = { sync = false; };\n");
	serve_call(0, use, &(struct ways){ .ways = ways });
}

static void stop(void)
{
	serve_until_sessions(0);
	ck_assert_uint_eq(fake_transport_count(), 0);
	serve_stop();
}

START_TEST(goodbye_is_the_last_answer)
{
	int c;

	start(false, (unsigned)_i);
	c = serve_connect();
	serve_say(c, "PING,1\nPING,2\nBYE\nPING,3\n");
	serve_expect(c, "PONG,1\nPONG,2\nBYE\n");
	serve_expect_end(c);
	/* The peer ends first. */
	c = serve_connect();
	serve_say(c, "PING,1\nPI");
	serve_end(c);
	serve_expect(c, "PONG,1\n");
	serve_expect_end(c);
	ck_assert_uint_gt(fake_transport_count_calls(), 0);
	stop();
}
END_TEST

/* Those that take long go some of the ways only. */
static const unsigned long_ways[] = { FAKE_SENDFILE, FAKE_SLOW | FAKE_KEEP };

/* Bob's, to whom ann has sent two messages. */
static int connect_bob(void)
{
	int ann = serve_connect(), bob = serve_connect();
	char line[400];

	serve_say(ann, "HELLO,ioe/1\n");
	(void)serve_line(ann, line, sizeof(line));
	serve_nick(ann, "ann");
	serve_nick(bob, "bob");
	serve_say(ann, "SEND,bob,one\nSEND,bob,two\n");
	for (unsigned i = 0; i < 2; i++)
		(void)serve_line(ann, line, sizeof(line));
	serve_close(ann);
	return bob;
}

static void fetch(int bob)
{
	char line[100];

	serve_say(bob, "FETCH\n");
	serve_expect(bob, "ann: one\nann: two\nOK,2,0\n");
	/* They are removed once the peer's TCP has all of it, which is looked at from time to time. */
	do {
		serve_say(bob, "MAILBOX\n");
		(void)serve_line(bob, line, sizeof(line));
	} while (strcmp(line, "OK,0,0,0") != 0);
	serve_say(bob, "BYE\n");
	serve_expect(bob, "BYE\n");
	serve_expect_end(bob);
}

START_TEST(mail_is_fetched)
{
	start(false, long_ways[_i]);
	fetch(connect_bob());
	stop();
}
END_TEST

static bool has_kept(struct reactor *r, _unused_ void *arg)
{
	const struct session *s;

	if (list_is_empty(&r->sessions))
		return false;
	s = container_of(r->sessions.next, const struct session, link);
	return s->conn.kept && outq_is_empty(&s->conn.out);
}

/* What lies in the transport has not come: mail that is lost with it is still in the mailbox. */
START_TEST(mail_that_is_kept_back_is_not_gone)
{
	int bob;

	start(false, FAKE_KEEP);
	bob = connect_bob();
	serve_until_sessions(1);
	fake_transport_hold(true);
	serve_say(bob, "FETCH\n");
	serve_until(has_kept, NULL);
	(void)usleep(20000); /* several looks at whether the peer has it */
	serve_reset(bob);
	serve_until_sessions(0);
	fake_transport_hold(false);
	bob = serve_connect();
	serve_nick(bob, "bob");
	fetch(bob);
	stop();
}
END_TEST

/* Longer than a chunk, than what is copied of a file at once, and than what the transport keeps. */
#define BODY 20000

START_TEST(bodies_in_both_directions)
{
	static char body[BODY + 1];
	int c;

	for (size_t i = 0; i < BODY; i++)
		body[i] = (char)('a' + (i * 2654435761U >> 7) % 26);
	start(false, (unsigned)_i);
	c = serve_connect();
	serve_say(c, "WRITE,f,20000\n");
	serve_say(c, body);
	serve_say(c, "WRITE,g,3\nabcPING\nREAD,g\nREAD,f\nPING\n");
	serve_expect(c, "OK,received,20000\nOK,received,3\nPONG\n3\nabc20000\n");
	serve_expect_n(c, body, BODY);
	serve_expect(c, "PONG\n");
	serve_close(c);
	stop();
}
END_TEST

START_TEST(an_old_client_is_answered_as_ever)
{
	static const struct {
		const char *say, *expect;
	} talk[] = {
		{ "WRITE,f,5", "" },
		{ "abcde", "OK,received,5" },
		{ "READ,f", "5                                                               abcde" },
		{ "PING", "PONG" },
		{ "LIST", "f" },
		{ "BYE", "BYE" },
	};
	int c;

	start(true, long_ways[_i]);
	c = serve_connect();
	for (size_t i = 0; i < ELEMENTSOF(talk); i++) {
		serve_say(c, talk[i].say);
		serve_expect(c, talk[i].expect);
	}
	serve_expect_end(c);
	stop();
}
END_TEST

START_TEST(a_transport_says_whether_a_password_may_pass)
{
	int c;

	start(false, 0);
	c = serve_connect();
	serve_say(c, "AUTH,a,b\n");
	serve_expect_error(c, "denied");
	serve_close(c);
	serve_call(0, use, &(struct ways){ .tcp = true });
	c = serve_connect();
	serve_say(c, "AUTH,a,b\n");
	serve_expect_error(c, "unavailable");
	serve_close(c);
	stop();
}
END_TEST

/* All that comes until the end, however that comes. Consumes the fd. */
static size_t take(int c, char *got, size_t size)
{
	size_t n = 0;
	ssize_t k;

	while (n < size && (k = recv(c, got + n, size - n, 0)) > 0)
		n += (size_t)k;
	ck_assert_uint_lt(n, size);
	serve_close(c);
	return n;
}

/* Each call in turn is the one that fails. What was answered before stands, and not a byte of anything else. */
START_TEST(it_breaks_at_every_step)
{
	static const char say[] = "PING\nWRITE,f,9\n123456789READ,f\nNICK,bob\nFETCH\nBYE\n",
			  want[] = "PONG\nOK,received,9\n9\n123456789OK,bob\nOK,0,0\nBYE\n";
	bool whole = false;

	start(false, long_ways[_i]);
	for (unsigned at = 1; !whole; at++) {
		char got[1000];
		size_t n;
		int c;

		ck_assert_uint_lt(at, 10000);
		serve_call(0, use, &(struct ways){ .ways = long_ways[_i], .break_at = at });
		c = serve_connect();
		(void)send(c, say, strlen(say), MSG_NOSIGNAL);
		n = take(c, got, sizeof(got));
		ck_assert_uint_le(n, strlen(want));
		ck_assert_msg(memcmp(got, want, n) == 0, "'%.*s' when call %u breaks", (int)n, got, at);
		whole = fake_transport_count_calls() < at;
		ck_assert(!whole || n == strlen(want));
		serve_until_sessions(0);
		ck_assert_uint_eq(fake_transport_count(), 0);
	}
	stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("transport");
	TCase *tc = tcase_create("transport");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, goodbye_is_the_last_answer, 0, FAKE_WAYS);
	tcase_add_loop_test(tc, mail_is_fetched, 0, ELEMENTSOF(long_ways));
	tcase_add_test(tc, mail_that_is_kept_back_is_not_gone);
	tcase_add_loop_test(tc, bodies_in_both_directions, 0, FAKE_WAYS);
	tcase_add_loop_test(tc, an_old_client_is_answered_as_ever, 0, ELEMENTSOF(long_ways));
	tcase_add_test(tc, a_transport_says_whether_a_password_may_pass);
	tcase_add_loop_test(tc, it_breaks_at_every_step, 0, ELEMENTSOF(long_ways));
	suite_add_tcase(s, tc);

	return run_suite(s);
}
