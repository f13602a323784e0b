/* SPDX-License-Identifier: MIT */
/* What a server is asked: many at once, with a body, and one that does not listen. */
#include "peer/peer.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "unit/fixture/fake_server.h"
#include "unit/fixture/run.h"

START_TEST(requests_are_encoded)
{
	const struct fake_play play = { .answers = (const char *[]){ FAKE_HI, "OK\n", NULL }, .stay = true };
	struct field fields[] = { { (char *)"WRITE", 5 }, { (char *)"a,b%c\n\x7f\xc3\xa9", 9 }, { (char *)"", 0 } };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	ck_assert_int_eq(peer_request_raw(p, "LIST\nBYE", 8), -EINVAL);
	ck_assert_int_eq(peer_request(p, fields, ELEMENTSOF(fields)), 0);
	ck_assert_int_eq(peer_reply(p, &reply), 0);
	ck_assert_str_eq(f.received, "WRITE,a%2Cb%25c%0A%7F\xc3\xa9,");
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

/* All requests are sent before the first answer is read; digits are a size or a number as the request has it. */
START_TEST(pipelined)
{
	static const char *answers[PEER_OPEN_MAX + 2] = { FAKE_HI };
	const struct fake_play play = { .answers = answers, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };
	char c;

	for (unsigned i = 0; i < PEER_OPEN_MAX; i++)
		answers[i + 1] = i % 3 == 0 ? "1\n5" : "1\n";
	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	for (unsigned i = 0; i < PEER_OPEN_MAX; i++)
		ck_assert_int_eq(peer_request_raw(p, i % 3 == 0 ? "READ,f" : "DOUBLE", 6), 0);
	ck_assert_int_eq(peer_request_raw(p, "PING", 4), -EBUSY);
	for (unsigned i = 0; i < PEER_OPEN_MAX; i++) {
		ck_assert_int_eq(peer_reply(p, &reply), 0);
		ck_assert_int_eq(reply.kind, i % 3 == 0 ? PEER_REPLY_SIZED : PEER_REPLY_LINE);
		if (reply.kind != PEER_REPLY_SIZED)
			continue;
		if (i == 0)
			ck_assert_int_eq(peer_request_raw(p, "PING", 4), -EBUSY);
		ck_assert_int_eq(peer_read_body(p, &c, 1), 1);
		ck_assert_int_eq(c, '5');
	}
	/* No request is open. */
	ck_assert_int_eq(peer_reply(p, &reply), -EBUSY);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static void serve_refuses_body(struct fake *f, int fd)
{
	static const char answer[] = "ERROR: too-large: 104857600 bytes are more than file.max_size\n";

	(void)fake_receive(f, fd);
	fake_say(fd, FAKE_HI, strlen(FAKE_HI), 0);
	(void)fake_receive(f, fd);
	/* GOAWAY is no answer. */
	fake_say(fd, "GOAWAY,drain%2C soon\n", 21, 0);
	/* To close now is a reset, which would throw away what the kernel has not sent yet: so not in pieces. */
	fake_say(fd, answer, strlen(answer), f->play->reset ? 0 : 1);
	/* Else nothing more is read: the client must notice while its sending is stuck. */
	if (!f->play->reset)
		fake_wait(f);
}

START_TEST(answer_before_the_body_is_sent)
{
	const struct fake_play play = { .reset = _i };
	_cleanup_(freep) char *piece = calloc(1, 1 << 20);
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct fake f = { .play = &play };
	struct peer_reply reply;
	int r = 0;

	fake_start(&f, serve_refuses_body);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, FAKE_LONG_USEC, FAKE_LONG_USEC), 0);
	ck_assert_int_eq(peer_request_raw(p, "WRITE,f,104857600", 17), 0);
	for (unsigned i = 0; i < 100 && r == 0; i++)
		r = peer_send(p, piece, 1 << 20);
	ck_assert_int_eq(r, PEER_E_ANSWERED);
	ck_assert_int_eq(peer_send(p, piece, 1), PEER_E_ANSWERED);
	ck_assert_int_eq(peer_reply(p, &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_ERROR);
	ck_assert_int_eq(reply.code, ERROR_TOO_LARGE);
	ck_assert_str_eq(peer_goaway(p), "drain, soon");
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static void serve_deaf(struct fake *f, int fd)
{
	(void)fake_receive(f, fd);
	fake_say(fd, FAKE_HI, strlen(FAKE_HI), 0);
	fake_wait(f);
}

START_TEST(server_that_takes_no_more)
{
	_cleanup_(freep) char *piece = calloc(1, 1 << 20);
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct fake f = { 0 };
	int r = 0;

	fake_start(&f, serve_deaf);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, FAKE_LONG_USEC, FAKE_LONG_USEC), 0);
	peer_set_timeout(p, FAKE_SHORT_USEC);
	ck_assert_int_eq(peer_request_raw(p, "WRITE,f,104857600", 17), 0);
	for (unsigned i = 0; i < 100 && r == 0; i++)
		r = peer_send(p, piece, 1 << 20);
	ck_assert_int_eq(r, -ETIMEDOUT);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("peer_request");
	TCase *tc = tcase_create("peer_request");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, requests_are_encoded);
	tcase_add_test(tc, pipelined);
	tcase_add_loop_test(tc, answer_before_the_body_is_sent, 0, 2);
	tcase_add_test(tc, server_that_takes_no_more);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
