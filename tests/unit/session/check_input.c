/* SPDX-License-Identifier: MIT */
/* Bytes to requests: lines and bodies in any pieces, and what is none. With one reactor and with four. */

#include "base/macro.h"
#include "session/session-private.h"
#include "wire/foreign.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"
#include "unit/fixture/session_fixture.h"

/* Bodies */

START_TEST(a_body_comes_in_any_pieces)
{
	static const unsigned rooms[] = { 1, 3, 64 }, pieces[] = { 1, 2, 7, 100, 100000 };
	char *body = session_fixture_body_of(1000), text[3000];
	int c;

	session_fixture_start(_i, "");
	c = serve_connect();
	(void)snprintf(text, sizeof(text), "PING,0\nEAT,1000\n%sPING,1\nEAT,0\nEAT,1000\n%sPING,2\n", body, body);
	for (size_t r = 0; r < ELEMENTSOF(rooms); r++)
		for (size_t k = 0; k < ELEMENTSOF(pieces); k++) {
			atomic_store(&session_fixture_body_room, rooms[r]);
			for (size_t at = 0; at < strlen(text); at += pieces[k])
				serve_say_n(c, text + at, MIN(pieces[k], strlen(text) - at));
			serve_expect(c, "PONG,0\neaten\nPONG,1\neaten\neaten\nPONG,2\n");
		}
	free(body);
	serve_close(c);
	serve_stop();
}
END_TEST

static bool body_was_asked(_unused_ struct reactor *r, _unused_ void *arg)
{
	return atomic_load(&session_fixture_body_asked) > 0;
}

/* A sink without room: the session is not read, so the client cannot send for ever; and not asked in a loop. */
START_TEST(a_full_sink_holds_the_client_up)
{
	size_t n = 32 << 20, sent = 0;
	char *body = session_fixture_body_of(n), line[40];
	unsigned asked;
	int c;

	session_fixture_start(2 * _i, "");
	c = serve_connect();
	atomic_store(&session_fixture_body_room, 0);
	(void)snprintf(line, sizeof(line), "EAT,%zu\n", n);
	serve_say(c, line);
	for (unsigned quiet = 0; quiet < 50;) {
		ssize_t k = send(c, body + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += k > 0 ? (size_t)k : 0;
		quiet = k > 0 ? 0 : quiet + 1;
		session_fixture_flush();
	}
	ck_assert_uint_lt(sent, n);
	ck_assert_uint_lt(chunk_pool_used(&serve_server()->reactors.at[0].pool), 200 << 10);
	serve_until(body_was_asked, NULL);
	asked = atomic_load(&session_fixture_body_asked);
	for (unsigned i = 0; i < 20; i++)
		session_fixture_flush();
	ck_assert_uint_eq(atomic_load(&session_fixture_body_asked), asked);

	/* Told that there is room, though there is none: asked once more. */
	serve_call(0, session_fixture_body_resume, NULL);
	session_fixture_flush();
	ck_assert_uint_ge(atomic_load(&session_fixture_body_asked), asked + 1);
	ck_assert_uint_le(atomic_load(&session_fixture_body_asked), asked + 2);

	atomic_store(&session_fixture_body_room, 64);
	serve_call(0, session_fixture_body_resume, NULL);
	serve_say_n(c, body + sent, n - sent);
	serve_say(c, "PING\n");
	serve_expect(c, "eaten\nPONG\n");
	free(body);
	serve_close(c);
	serve_stop();
}
END_TEST

/* The sink may be full with part of the body held already. */
START_TEST(what_is_held_of_a_body_is_not_lost)
{
	char *body = session_fixture_body_of(5000), text[6000];
	int c;

	session_fixture_start(2 * _i, "");
	c = serve_connect();
	for (unsigned round = 0; round < 20; round++) {
		atomic_store(&session_fixture_body_asked, 0);
		atomic_store(&session_fixture_body_room, 0);
		(void)snprintf(text, sizeof(text), "EAT,5000\n%sPING,%u\n", body, round);
		serve_say(c, text);
		serve_until(body_was_asked, NULL);
		atomic_store(&session_fixture_body_room, round + 1);
		serve_call(0, session_fixture_body_resume, NULL);
		(void)snprintf(text, sizeof(text), "eaten\nPONG,%u\n", round);
		serve_expect(c, text);
	}
	free(body);
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(a_refused_body_is_thrown_away)
{
	char *body = session_fixture_body_of(200000), line[60];
	int c;

	session_fixture_start(_i, "");
	c = serve_connect();
	for (size_t n = 0; n <= 200000; n = n * 10 + 2) {
		body[n] = '\0';
		for (unsigned spit = 0; spit < 2; spit++) {
			if (spit && n == 0)
				continue;
			(void)snprintf(line, sizeof(line), "%s,%zu\n", spit ? "SPIT" : "SKIP", n);
			serve_say(c, line);
			serve_say(c, body);
			serve_say(c, "PING\n");
			serve_expect_error(c, spit ? "no-space" : "denied");
			serve_expect(c, "PONG\n");
		}
		free(body);
		body = session_fixture_body_of(200000);
	}
	free(body);
	serve_close(c);
	serve_stop();
}
END_TEST

static bool body_has_gone(_unused_ struct reactor *r, void *arg)
{
	return atomic_load(&session_fixture_body_gone) == *(unsigned *)arg;
}

#define TEXT(s) s, sizeof(s) - 1

/* The request is refused before its verb has seen it, and its body is requests to look at. */
START_TEST(the_body_of_a_bad_request_is_thrown_away)
{
	static const struct {
		const char *say;
		size_t n;
		const char *code;
		bool skipped, ioe1;
	} rows[] = {
		{ TEXT("EAT,a%zz,5\n"), "bad-argument", true, true },
		{ TEXT("EAT,a,b%2,5\n"), "bad-argument", true, true },
		{ TEXT("EAT,%2C%zz,5\n"), "bad-argument", true, true },
		{ TEXT("EAT,a,5\n"), "bad-argument", true, true },
		{ TEXT("EAT,\0a,5\n"), "bad-command", true, false },
		{ TEXT("EAT,\0,5\n"), "bad-command", true, true },
		/* Its act breaks before it has claimed the bytes. */
		{ TEXT("SPOIL,5\n"), "busy", true, false },
		/* Nobody can tell how many. */
		{ TEXT("EAT,\n"), "bad-argument", false, false },
		{ TEXT("EAT,-5\n"), "bad-argument", false, false },
		{ TEXT("EAT,0000000000000000005\n"), "bad-argument", false, true },
		{ TEXT("EAT,a,%zz\n"), "bad-argument", false, true },
		{ TEXT("EAT,a%zz,-5\n"), "bad-argument", false, true },
		{ TEXT("EAT,\0a,5000000000000000000\n"), "bad-command", false, false },
		{ TEXT("EAT,5\0\n"), "bad-command", false, false },
		{ TEXT("PING,\0,5\n"), "bad-command", false, false },
		{ TEXT("PING,a%zz,5\n"), "bad-argument", false, true },
		{ TEXT("\0EAT,5\n"), "bad-command", false, false },
	};
	int c;

	session_fixture_start(_i, "");
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		c = serve_connect();
		if (rows[i].ioe1) {
			char hi[300];

			serve_say(c, "HELLO,ioe/1\n");
			(void)serve_line(c, hi, sizeof(hi));
		} else {
			serve_say(c, "PING\n");
			serve_expect(c, "PONG\n");
		}
		serve_say_n(c, rows[i].say, rows[i].n);
		serve_say(c, "PING\nPING,x\n");
		serve_expect_error(c, rows[i].code);
		serve_expect(c, rows[i].skipped ? "PONG,x\n" : "PONG\nPONG,x\n");
		serve_close(c);
	}
	serve_stop();
}
END_TEST

START_TEST(a_body_that_breaks_off_is_reported)
{
	char *body = session_fixture_body_of(1000);
	unsigned gone = 0;
	int c;

	session_fixture_start(_i, "");
	for (size_t n = 0; n < 1000; n += 333) {
		/* By the end of what is said: the answer can still be read. */
		c = serve_connect();
		serve_say(c, "PING\nEAT,1000\n");
		serve_say_n(c, body, n);
		serve_end(c);
		serve_expect(c, "PONG\n");
		serve_expect_error(c, "bad-argument");
		serve_expect_end(c);
		ck_assert_uint_eq(atomic_load(&session_fixture_body_gone), ++gone);

		/* By a reset; also while the sink has no room. */
		for (int full = 0; full < 2; full++) {
			atomic_store(&session_fixture_body_room, full ? 0 : 64);
			c = serve_connect();
			serve_say(c, "PING\nEAT,1000\n");
			serve_say_n(c, body, n);
			serve_expect(c, "PONG\n");
			serve_reset(c);
			gone++;
			serve_until(body_has_gone, &gone);
		}
		atomic_store(&session_fixture_body_room, 64);
	}
	free(body);
	serve_stop();
}
END_TEST

/* Lines */

START_TEST(any_pieces_give_the_same_answers)
{
	static const char say[] = "PING\r\nping,a,b\nnonsense\n\nPING,\n=echo\nPING,x,\nHELLO\nhello,ioe/1,me\nPING,%41\nPING,%%\n"
				  "PING,a,b\nBIG,0\nFAIL\nBYE,x\nLATER\nPING\n";
	static const unsigned pieces[] = { 1, 2, 3, 5, 137, 143, 1000 };
	char all[8192] = "", line[1024];
	int c;

	session_fixture_start(_i, "");
	for (size_t k = 0; k < ELEMENTSOF(pieces); k++) {
		size_t len = 0;

		c = serve_connect();
		for (size_t at = 0; at < sizeof(say) - 1; at += pieces[k])
			serve_say_n(c, say + at, MIN(pieces[k], sizeof(say) - 1 - at));
		do {
			(void)serve_line(c, line, sizeof(line));
			if (k == 0)
				(void)strncat(all, line, sizeof(all) - strlen(all) - 1);
			else
				ck_assert_msg(strncmp(all + len, line, strlen(line)) == 0, "'%s' at %zu", line, len);
			len += strlen(line);
		} while (strcmp(line, "PONG") != 0 || len < 200);
		serve_end(c);
		serve_expect_end(c);
	}
	ck_assert_ptr_nonnull(strstr(all, "PONG,a,b"));
	ck_assert_ptr_nonnull(strstr(all, "=echo"));
	ck_assert_ptr_nonnull(strstr(all, "HI,ioe/1,ioed/"));
	ck_assert_ptr_nonnull(strstr(all, "PONG,A"));
	ck_assert_ptr_nonnull(strstr(all, "ERROR: internal: "));
	ck_assert_ptr_nonnull(strstr(all, "ERROR: unavailable: "));
	serve_stop();
}
END_TEST

START_TEST(lines_of_all_lengths)
{
	char *line = malloc(70000);
	int c;

	session_fixture_start(_i, "limits = { line = 1000; };");
	c = serve_connect();
	memset(line, 'x', 70000);
	memcpy(line, "PING,", 5);
	for (size_t n = 5; n < 69990; n += n > 995 && n < 1005 ? 1 : 99) {
		bool crlf = n % 2;

		line[n] = crlf ? '\r' : '\n';
		line[n + 1] = '\n';
		serve_say_n(c, line, n + 1 + crlf);
		line[n] = line[n + 1] = 'x';
		if (n > 1000) {
			serve_expect_error(c, "too-long");
			continue;
		}
		serve_expect(c, "PONG,");
		serve_expect_n(c, line + 5, n - 5);
		serve_expect(c, "\n");
	}
	serve_say(c, "PING\n");
	serve_expect(c, "PONG\n");
	free(line);
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(bad_lines_are_errors_and_no_more)
{
	int c;

	session_fixture_start(_i, "");
	c = serve_connect();
	serve_say_n(c, "PING\nPING\0x\nPING\n", 17);
	serve_expect(c, "PONG\n");
	serve_expect_error(c, "bad-command");
	serve_expect(c, "PONG\n");
	serve_say(c, "\nPARK\nBYE,now\nNOMEM\nFAIL\nWHATEVER,1,2\nPINGPINGPINGPINGPING\n\1\2\3\377\376\n");
	serve_expect_error(c, "bad-command");
	serve_expect_error(c, "bad-argument");
	serve_expect_error(c, "bad-argument");
	serve_expect_error(c, "busy");
	serve_expect_error(c, "internal");
	for (unsigned i = 0; i < 3; i++)
		serve_expect_error(c, "bad-command");
	/* Telnet's words are taken out. */
	serve_say_n(c, "\377\373\001PI\377\361NG\377\375\003\r\n", 14);
	serve_expect(c, "PONG\n");
	serve_close(c);

	serve_stop();
}
END_TEST

static const char *const false_outcomes[] = { "SILENT\n", "PRETEND\n" };

/* An act that neither answers nor defers: an assert ends the process. */
START_TEST(an_act_must_answer_or_defer)
{
	int c;

	session_fixture_start(0, "");
	c = serve_connect();
	serve_say(c, "PING\n");
	serve_expect(c, "PONG\n");
	serve_say(c, false_outcomes[_i]);
	serve_expect(c, "nothing comes");
}
END_TEST

static const struct {
	const char *say;
	size_t n;
	enum foreign what;
} strangers[] = {
	{ TEXT("POST / HTTP/1.1\r\nHost: x\r\n\r\nPING\n"), FOREIGN_HTTP },
	{ TEXT("ping /a,b HTTP/1.0\nPING\n"), FOREIGN_HTTP },
	{ TEXT("PING,x HTTP/1.1\r\n\r\nPING\n"), FOREIGN_HTTP },
	{ TEXT("EAT,5 HTTP/1.1\nPING\nPING\nPING\n"), FOREIGN_HTTP },
	{ TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\nPING\n"), FOREIGN_HTTP },
	{ TEXT("\026\003\001\002\000\001\nPING\n"), FOREIGN_TLS },
	{ TEXT("\026\nPING\n"), FOREIGN_TLS },
	{ TEXT("\026"), FOREIGN_TLS },
	{ TEXT("\005\001\000\nPING\n"), FOREIGN_OTHER },
	{ TEXT("\000\000\000\205\377SMB\nPING\n"), FOREIGN_OTHER },
	{ TEXT("\200\056\001\003\001\000\025\nPING\n"), FOREIGN_OTHER },
	{ TEXT("PING,a\0b\nPING\n"), FOREIGN_OTHER },
	{ TEXT("PING\0"), FOREIGN_OTHER },
	{ TEXT("EAT,\0,5\nPING\nPING\n"), FOREIGN_OTHER },
	{ TEXT("\377\373\001PI\0NG\nPING\n"), FOREIGN_OTHER },
};

/* Whatever is behind it, and in whatever pieces it comes: one answer, in its own form, and the end. */
START_TEST(other_protocols_end_with_their_first_bytes)
{
	static const size_t pieces[] = { 1000, 1, 3 };
	const char *answer;
	size_t n;
	int c;

	session_fixture_start(_i, "legacy_wait = \"10s\";");
	for (size_t i = 0; i < ELEMENTSOF(strangers); i++)
		for (size_t k = 0; k < ELEMENTSOF(pieces); k++) {
			c = serve_connect();
			for (size_t at = 0; at < strangers[i].n; at += pieces[k])
				serve_say_n(c, strangers[i].say + at, MIN(pieces[k], strangers[i].n - at));
			n = foreign_answer(strangers[i].what, &answer);
			serve_expect_n(c, answer, n);
			serve_expect_end(c);
		}
	serve_stop();
}
END_TEST

/* So long that the end of its first line is not kept; with any method. */
START_TEST(a_long_line_of_a_browser_ends_it)
{
	static const char *const begins[] = { "GET /", "x-y /", "ALONGMETHODTHATAPAGEHASMADEUP /" };
	static const char *const harmless[] = { "GET,/", "text with a /", "/ /", "a: /", "GET  /", "GET" };
	const char *answer;
	char *line = malloc(3000);
	size_t n;
	int c;

	session_fixture_start(_i, "legacy_wait = \"10s\"; limits = { line = 1000; };");
	memset(line, 'x', 3000);
	for (size_t i = 0; i < ELEMENTSOF(begins); i++)
		for (unsigned split = 0; split <= strlen(begins[i]); split++) {
			c = serve_connect();
			serve_say_n(c, begins[i], split);
			session_fixture_flush();
			serve_say(c, begins[i] + split);
			serve_say_n(c, line, 3000);
			serve_say(c, " HTTP/1.1\nPING\n");
			n = foreign_answer(FOREIGN_HTTP, &answer);
			serve_expect_n(c, answer, n);
			serve_expect_end(c);
		}
	for (size_t i = 0; i < ELEMENTSOF(harmless); i++) {
		c = serve_connect();
		serve_say(c, harmless[i]);
		serve_say_n(c, line, 3000);
		serve_say(c, "\nPING\n");
		serve_expect_error(c, "too-long");
		serve_expect(c, "PONG\n");
		serve_close(c);
	}
	free(line);
	serve_stop();
}
END_TEST

/* Only the first line tells: behind it the same is somebody's text. And telnet may say what it likes in it. */
START_TEST(only_the_first_line_decides)
{
	int c;

	session_fixture_start(_i, "legacy_wait = \"10s\";");
	c = serve_connect();
	serve_say_n(c, "PING\nPING,x HTTP/1.1\n\26\nPING\0\nPING\n", 35);
	serve_expect(c, "PONG\nPONG,x HTTP/1.1\n");
	serve_expect_error(c, "bad-command");
	serve_expect_error(c, "bad-command");
	serve_expect(c, "PONG\n");
	serve_close(c);

	c = serve_connect();
	serve_say_n(c, "\377\373\0\377\375\0PING\n", 11);
	serve_expect(c, "PONG\n");
	serve_close(c);
	c = serve_connect();
	serve_say_n(c, "PI\377\373", 4);
	session_fixture_flush();
	serve_say_n(c, "\0NG\n", 4);
	serve_expect(c, "PONG\n");
	serve_close(c);
	serve_stop();
}
END_TEST

/* A line that has to wait and came with telnet's words in it, or in two pieces, is the same afterwards. */
START_TEST(a_held_line_is_not_changed)
{
	int c;

	session_fixture_start(2 * _i, "");
	c = serve_connect();
	serve_say(c, "PARK,a\n");
	session_fixture_until_parked(1);
	serve_say_n(c, "HO\377\361LD,b\r\nPING,be", 17);
	session_fixture_flush();
	serve_say(c, "hind\nHOLD");
	session_fixture_flush();
	serve_say(c, ",c\n");
	(void)session_fixture_answer(0);
	serve_expect(c, "a\n");
	session_fixture_until_parked(2);
	(void)session_fixture_answer(1);
	serve_expect(c, "b\nPONG,behind\n");
	session_fixture_until_parked(3);
	(void)session_fixture_answer(2);
	serve_expect(c, "c\n");
	serve_close(c);
	serve_stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("input");
	TCase *tc = tcase_create("input");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_body_comes_in_any_pieces, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, a_full_sink_holds_the_client_up, 0, 2);
	tcase_add_loop_test(tc, what_is_held_of_a_body_is_not_lost, 0, 2);
	tcase_add_loop_test(tc, a_refused_body_is_thrown_away, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, the_body_of_a_bad_request_is_thrown_away, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, a_body_that_breaks_off_is_reported, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, any_pieces_give_the_same_answers, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, lines_of_all_lengths, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, bad_lines_are_errors_and_no_more, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test_raise_signal(tc, an_act_must_answer_or_defer, SIGABRT, 0, ELEMENTSOF(false_outcomes));
	tcase_add_loop_test(tc, other_protocols_end_with_their_first_bytes, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, a_long_line_of_a_browser_ends_it, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, only_the_first_line_decides, 0, SESSION_FIXTURE_WAYS);
	tcase_add_loop_test(tc, a_held_line_is_not_changed, 0, 2);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
