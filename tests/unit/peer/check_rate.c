/* SPDX-License-Identifier: MIT */
/* How long a server may take: a time for each answer as a whole, and a pace for what is longer. */
#include "peer/peer-private.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/fixture/fake_server.h"
#include "unit/fixture/run.h"

/* What this process stood still for is no time of the other's. */
START_TEST(stopped_time_is_not_counted)
{
	struct countdown c;

	countdown_start(&c, 100 * USEC_PER_SEC);
	c.at_usec -= 50 * USEC_PER_SEC;
	ck_assert_uint_eq(countdown_left(&c), 100 * USEC_PER_SEC - COUNTDOWN_STEP_USEC);
	c.at_usec -= USEC_PER_SEC;
	ck_assert_uint_le(countdown_left(&c), 99 * USEC_PER_SEC - COUNTDOWN_STEP_USEC);
	countdown_start(&c, 10);
	c.at_usec -= 11;
	ck_assert_uint_eq(countdown_left(&c), 0);
	ck_assert_uint_eq(countdown_left(&c), 0);
	ck_assert_int_eq(countdown_slice_msec(0), 0);
	ck_assert_int_eq(countdown_slice_msec(1), 1);
	ck_assert_int_eq(countdown_slice_msec(UINT64_MAX), 1000);
}
END_TEST

/* Over with nothing left of it: what has come is looked at, once. */
START_TEST(what_came_in_time_is_taken)
{
	struct peer p = { .timeout_usec = 0, .line.max = PEER_LINE_MAX, .decoded.max = PEER_LINE_MAX };
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	p.fd = pair[0];
	ck_assert_int_eq(send(pair[1], "SAID,r,1,1,a,b\nOK\nP", 19, 0), 19);
	ck_assert_int_eq(reply_wait_line(&p, PEER_LINE_MAX), 0);
	ck_assert_str_eq(p.line.data, "OK");
	ck_assert_int_eq(reply_wait_line(&p, PEER_LINE_MAX), -ETIMEDOUT);
	ck_assert_int_eq(send(pair[1], "\n", 1, 0), 1);
	ck_assert_int_eq(reply_wait_line(&p, PEER_LINE_MAX), 0);
	ck_assert_str_eq(p.line.data, "P");
	line_reader_done(&p.reader);
	buf_done(&p.line);
	buf_done(&p.decoded);
	(void)close(pair[0]);
	(void)close(pair[1]);
}
END_TEST

/* In each time limit at least so much; one less is too slow, also where there is always something. */
START_TEST(pace)
{
	struct peer p = { .timeout_usec = 50 * USEC_PER_MSEC };
	const uint64_t least = p.timeout_usec * PEER_RATE_MIN / USEC_PER_SEC;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	p.fd = pair[0];
	rate_begin(&p);
	for (unsigned i = 0; i < 3; i++) {
		rate_add(&p, least);
		ck_assert_int_eq(rate_wait(&p, POLLIN), 0);
		ck_assert_uint_eq(p.rate_bytes, 0);
	}
	rate_add(&p, least - 1);
	ck_assert_int_eq(rate_wait(&p, POLLIN), -ETIMEDOUT);

	rate_begin(&p);
	rate_add(&p, least - 1);
	for (unsigned n = 0;; n++) {
		int r = rate_wait(&p, POLLOUT);

		if (r < 0) {
			ck_assert_int_eq(r, -ETIMEDOUT);
			ck_assert(p.is_late);
			break;
		}
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
}
END_TEST

static const struct {
	const char *request, *begin, *drop;
} slow[] = {
	{ "PING", "", "x" },                         /* a line without end */
	{ "PING", "", "SAID,r,1,1,a,b\n" },          /* events, and no answer */
	{ "READ,f", "999999999999999999\n", "" },    /* a body that does not come */
	/* A body that comes too slowly: a byte at the end of each time limit. */
	{ "LIST", "999999999999999999\n", NULL },
};

/* A drop whenever 5 ms have passed without the client going away. */
static void serve_drops(struct fake *f, int fd)
{
	struct pollfd gone = { .fd = fd, .events = POLLRDHUP };
	size_t i = (size_t)f->play->piece;

	(void)fake_receive(f, fd);
	fake_say(fd, FAKE_HI, strlen(FAKE_HI), 0);
	(void)fake_receive(f, fd);
	fake_say(fd, slow[i].begin, strlen(slow[i].begin), 0);
	while (poll(&gone, 1, slow[i].drop ? 5 : 50) == 0)
		fake_say(fd, slow[i].drop ? slow[i].drop : "x", strlen(slow[i].drop ? slow[i].drop : "x"), 0);
}

START_TEST(who_is_never_silent_and_never_done)
{
	const struct fake_play play = { .piece = (size_t)_i };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct fake f = { .play = &play };
	struct peer_reply reply;
	ssize_t k = 1;
	char c;
	int r;

	fake_start(&f, serve_drops);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, FAKE_LONG_USEC, FAKE_LONG_USEC), 0);
	peer_set_timeout(p, slow[_i].drop ? FAKE_SHORT_USEC : 2 * FAKE_SHORT_USEC);
	r = fake_ask(p, slow[_i].request, &reply);
	if (r == 0)
		while ((k = peer_read_body(p, &c, 1)) > 0)
			;
	ck_assert_int_eq(r == 0 ? k : r, -ETIMEDOUT);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

/* Events as fast as they go: neither the wait for an answer, nor that for room, nor the look at what has come, is held
 * up. */
static void serve_events(struct fake *f, int fd)
{
	static char flood[65536];
	size_t n = 0;

	for (; n + 16 <= sizeof(flood); n += 15)
		memcpy(flood + n, "SAID,r,1,1,a,b\n", 15);
	(void)fake_receive(f, fd);
	fake_say(fd, FAKE_HI, strlen(FAKE_HI), 0);
	while (send(fd, flood, n, MSG_NOSIGNAL) > 0)
		;
}

START_TEST(nothing_but_events)
{
	_cleanup_(freep) char *piece = calloc(1, 1 << 20);
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct fake f = { 0 };
	struct peer_reply reply;
	int r = 0;

	fake_start(&f, serve_events);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, FAKE_LONG_USEC, FAKE_LONG_USEC), 0);
	peer_set_timeout(p, FAKE_SHORT_USEC);
	for (unsigned i = 0; i < 10; i++)
		ck_assert_int_ge(peer_receive(p), 0);
	ck_assert_int_eq(peer_request_raw(p, "WRITE,f,104857600", 17), 0);
	for (unsigned i = 0; _i && i < 100 && r == 0; i++)
		r = peer_send(p, piece, 1 << 20);
	if (r == 0)
		r = peer_reply(p, &reply);
	ck_assert_int_eq(r, -ETIMEDOUT);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("peer_pace");
	TCase *tc = tcase_create("peer_pace");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, stopped_time_is_not_counted);
	tcase_add_test(tc, what_came_in_time_is_taken);
	tcase_add_test(tc, pace);
	tcase_add_loop_test(tc, who_is_never_silent_and_never_done, 0, (int)ELEMENTSOF(slow));
	tcase_add_loop_test(tc, nothing_but_events, 0, 2);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
