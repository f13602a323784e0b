/* SPDX-License-Identifier: MIT */
/* SIGINT at a prompt ends the wait, whether it comes in it or on the way there. */
#include "client/interrupt.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "unit/run.h"

static struct pollfd quiet, ready;

static void setup(void)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	quiet = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	ready = (struct pollfd){ .fd = fds[1], .events = POLLOUT };
	interrupt_install(true);
}

START_TEST(one_on_the_way_is_not_lost)
{
	(void)raise(SIGINT);
	ck_assert(interrupt_is_seen());
	ck_assert_int_eq(interrupt_poll(&quiet, 1, -1), -1);
	ck_assert_int_eq(errno, EINTR);
	interrupt_clear();
	ck_assert(!interrupt_is_seen());
	ck_assert_int_eq(interrupt_poll(&quiet, 1, 0), 0);
	ck_assert_int_eq(interrupt_poll(&quiet, 1, 1), 0);
	ck_assert_int_eq(interrupt_poll(&ready, 1, -1), 1);
	(void)raise(SIGINT);
	ck_assert_int_eq(interrupt_poll(&quiet, 1, -1), -1);
}
END_TEST

START_TEST(one_in_the_wait_ends_it)
{
	struct itimerspec soon = { .it_value.tv_nsec = 20 * 1000 * 1000 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGINT };
	timer_t timer;

	ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	ck_assert_int_eq(timer_settime(timer, 0, &soon, NULL), 0);
	ck_assert_int_eq(interrupt_poll(&quiet, 1, -1), -1);
	ck_assert_int_eq(errno, EINTR);
	(void)timer_delete(timer);
}
END_TEST

START_TEST(the_second_ends_the_program)
{
	(void)raise(SIGINT);
	(void)raise(SIGINT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("interrupt");
	TCase *tc = tcase_create("interrupt");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, one_on_the_way_is_not_lost);
	tcase_add_test(tc, one_in_the_wait_ends_it);
	tcase_add_exit_test(tc, the_second_ends_the_program, 9);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
