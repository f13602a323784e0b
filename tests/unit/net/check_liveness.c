/* SPDX-License-Identifier: MIT */
/* When a peer is thought to be gone, out of what the kernel knows of it, and what the kernel is told. */

#include "net/liveness.h"
#include "base/clock.h"
#include "base/macro.h"
#include "net/conn.h"

#include <check.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/fixture/run.h"

#define TIMEOUT (120 * USEC_PER_SEC)
#define SECONDS(n) ((n) * USEC_PER_SEC)

static struct liveness l;
static uint64_t now_usec;

static void setup(void)
{
	l = (struct liveness){ .check_usec = USEC_NEVER };
	now_usec = SECONDS(1000);
}

/* The next look, when it has come. */
static bool look(bool outstanding, bool unanswered, uint64_t idle_usec)
{
	const struct tcp_peer p = { .outstanding = outstanding, .unanswered = unanswered, .idle_usec = idle_usec };

	ck_assert_uint_ne(l.check_usec, USEC_NEVER);
	now_usec = l.check_usec;
	return liveness_judge(&l, &p, now_usec, TIMEOUT);
}

/* Something is sent to a peer that was silent until then. */
static void begin(uint64_t idle_usec)
{
	const struct tcp_peer p = { .idle_usec = idle_usec };

	liveness_begin(&l, &p, now_usec, TIMEOUT);
	ck_assert(!l.doubted);
	ck_assert_uint_ge(l.check_usec, now_usec + SECONDS(5));
}

START_TEST(what_was_taken_is_looked_at_once)
{
	begin(0);
	ck_assert_uint_eq(l.check_usec, now_usec + SECONDS(110));
	ck_assert(look(false, false, 0));
	ck_assert_uint_eq(l.check_usec, USEC_NEVER);
	/* However long it has been silent, and even if the kernel asks (keepalive): that is not ours. */
	begin(SECONDS(1000));
	ck_assert(look(false, true, SECONDS(1000)));
	ck_assert_uint_eq(l.check_usec, USEC_NEVER);
}
END_TEST

/* It vanished as that was sent, or so many seconds before: in two minutes of its last sign of life it is gone. */
START_TEST(who_vanished_is_gone_in_two_minutes)
{
	static const uint64_t before[] = { 0, 1, 30, 59, 60, 100, 109, 110 };
	uint64_t event_reader_usec = now_usec - SECONDS(before[_i]);

	begin(SECONDS(before[_i]));
	while (look(true, true, l.check_usec - event_reader_usec))
		ck_assert_uint_le(now_usec - event_reader_usec, TIMEOUT);
	ck_assert_uint_ge(now_usec - event_reader_usec, SECONDS(110));
	ck_assert_uint_le(now_usec - event_reader_usec, TIMEOUT);
}
END_TEST

/* Its window is full. The kernel asks at intervals of up to two minutes, and it answers each time, after a while. */
START_TEST(who_answers_is_there_however_seldom_he_is_asked)
{
	static const uint64_t intervals[] = { 1, 5, 60, 102, 109, 110, 115, 120, 300 };
	uint64_t interval_usec = SECONDS(intervals[_i]), answered_usec = now_usec, asked_usec = now_usec;

	begin(0);
	for (unsigned i = 0; i < 100000; i++) {
		bool waits;

		while (asked_usec + interval_usec <= l.check_usec)
			asked_usec += interval_usec;
		/* Four seconds there and back: a bad way. */
		answered_usec = MAX(answered_usec, asked_usec + SECONDS(4) <= l.check_usec ? asked_usec + SECONDS(4) :
				    asked_usec - MIN(interval_usec - MIN(interval_usec, SECONDS(4)), asked_usec));
		waits = asked_usec > answered_usec;
		ck_assert(look(true, waits, l.check_usec - answered_usec));
	}
}
END_TEST

/* The clock of a machine jumps while it is suspended: nobody was asked. */
START_TEST(silence_alone_proves_nothing)
{
	begin(0);
	for (unsigned i = 0; i < 100; i++)
		ck_assert(look(true, false, SECONDS(100000)));
	/* It is asked now, and has had no time to answer. */
	ck_assert(look(true, true, SECONDS(100000)));
	ck_assert(look(true, false, SECONDS(1)));
	/* Once more from the start. */
	ck_assert(look(true, true, SECONDS(120)));
	ck_assert(!look(true, true, SECONDS(125)));
}
END_TEST

START_TEST(the_looks_are_few)
{
	unsigned n = 0;

	begin(0);
	/* It is there, and has something on its way for an hour. */
	for (uint64_t end = now_usec + SECONDS(3600); now_usec < end; n++)
		ck_assert(look(true, false, 0));
	ck_assert_uint_le(n, 3600 / 100);
}
END_TEST

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	ck_assert_int_eq(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

START_TEST(keepalive_keeps_the_bound)
{
	static const unsigned timeouts[] = { 2, 3, 4, 5, 12, 13, 59, 60, 119, 120, 121, 600, 3600 };

	for (unsigned i = 0; i < ELEMENTSOF(timeouts); i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), idle, interval, count;

		liveness_set_timeout(fd, SECONDS(timeouts[i]));
		ck_assert_int_eq(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
		idle = option(fd, IPPROTO_TCP, TCP_KEEPIDLE);
		interval = option(fd, IPPROTO_TCP, TCP_KEEPINTVL);
		count = option(fd, IPPROTO_TCP, TCP_KEEPCNT);
		ck_assert_int_ge(idle, 1);
		ck_assert_int_ge(interval, 1);
		ck_assert_int_ge(count, 1);
		ck_assert_int_le(idle + interval * count, (int)timeouts[i]);
		ck_assert_int_ge(2 * (idle + interval * count), (int)timeouts[i]);
		(void)close(fd);
	}
}
END_TEST

START_TEST(what_is_no_tcp_is_left_alone)
{
	struct conn c = {};
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	conn_carry(&c, fds[0]);
	liveness_sent(&l, &c, false, now_usec, TIMEOUT);
	ck_assert(liveness_check(&l, &c, now_usec, TIMEOUT));
	ck_assert_uint_eq(l.check_usec, USEC_NEVER);
	(void)close(fds[0]);
	(void)close(fds[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("liveness");
	TCase *tc = tcase_create("liveness");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, what_was_taken_is_looked_at_once);
	tcase_add_loop_test(tc, who_vanished_is_gone_in_two_minutes, 0, 8);
	tcase_add_loop_test(tc, who_answers_is_there_however_seldom_he_is_asked, 0, 9);
	tcase_add_test(tc, silence_alone_proves_nothing);
	tcase_add_test(tc, the_looks_are_few);
	tcase_add_test(tc, keepalive_keeps_the_bound);
	tcase_add_test(tc, what_is_no_tcp_is_left_alone);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
