/* SPDX-License-Identifier: MIT */
/* What gets through, what is told of the rest, and when. The clock is the loop's, and is turned here. */

#include "log/ratelimit.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/macro.h"
#include "loop/loop.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

#define BURST    3
#define INTERVAL (10 * USEC_PER_SEC)

static struct loop loop;
static struct log_ratelimit flood;
static unsigned n_reported;
static char reported[8192]; /* what was told of, an LF behind each */

static void sink(enum log_level level _unused_, const struct log_field *fields, size_t n_fields, const char *text)
{
	size_t len = strlen(reported);

	n_reported++;
	len += (size_t)snprintf(reported + len, sizeof(reported) - len, "%s", text);
	for (size_t i = 0; i < n_fields; i++)
		if (strcmp(fields[i].name, LOG_FIELD_ID) != 0)
			len += (size_t)snprintf(reported + len, sizeof(reported) - len, " %s=%s", fields[i].name,
						fields[i].value);
	(void)snprintf(reported + len, sizeof(reported) - len, "\n");
}

static void setup(void)
{
	log_set_sink(sink);
	log_set_level(LOG_LEVEL_INFO);
	ck_assert_int_eq(loop_init(&loop), 0);
	loop.now_usec = 1000 * USEC_PER_SEC;
	wheel_init(&loop.wheel, loop.now_usec);
	log_ratelimit_set_limits(BURST, INTERVAL);
	log_ratelimit_init(&flood, &loop);
	n_reported = 0;
	reported[0] = '\0';
}

static void teardown(void)
{
	log_ratelimit_done(&flood);
	loop_done(&loop);
}

static void turn_clock(uint64_t usec)
{
	loop.now_usec += usec;
	wheel_run(&loop.wheel, loop.now_usec);
}

static struct address address(const char *text)
{
	struct address a = {};

	if (strchr(text, ':')) {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &a.ip), 1);
	} else {
		a.ip.s6_addr[10] = a.ip.s6_addr[11] = 0xff;
		ck_assert_int_eq(inet_pton(AF_INET, text, &a.ip.s6_addr[12]), 1);
	}
	return a;
}

/* How many of @n events get through. */
static unsigned pass(enum log_event e, const char *from, unsigned n)
{
	struct address a = address(from);
	unsigned passed = 0;

	while (n-- > 0)
		passed += log_ratelimit_pass(&flood, e, &a);
	return passed;
}

START_TEST(burst_gets_through_and_the_rest_is_reported_once)
{
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", 1000), BURST);
	turn_clock(INTERVAL - 2 * USEC_PER_MSEC);
	ck_assert_uint_eq(n_reported, 0);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", 1), 0);
	turn_clock(4 * USEC_PER_MSEC);
	ck_assert_str_eq(reported, "A session was closed because it was too slow: 998 more like this from 192.0.2.1 "
				   "left out in 10 s (log.burst) IOE_LEFT_OUT=998 IOE_PEER=192.0.2.1\n");
	turn_clock(100 * INTERVAL);
	ck_assert_uint_eq(n_reported, 1);
	ck_assert_int_eq(wheel_wait_msec(&loop.wheel, loop.now_usec), -1);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", BURST), BURST);
}
END_TEST

START_TEST(what_fits_is_reported_no_more)
{
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", BURST), BURST);
	turn_clock(2 * INTERVAL);
	ck_assert_uint_eq(n_reported, 0);
}
END_TEST

START_TEST(peers_and_events_are_counted_apart)
{
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", 1000), BURST);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.2", 2), 2);
	ck_assert_uint_eq(pass(LOG_EVENT_LIMIT_ADDRESS, "192.0.2.1", 2), 2);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "127.0.0.1", 2), 2);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "::1", 2), 2);
}
END_TEST

/* Who has a whole network to send from is one peer. */
START_TEST(network_of_ipv6_is_one)
{
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "2001:db8::1", 2), 2);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "2001:db8::ffff:ffff:ffff:ffff", 9), BURST - 2);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "2001:db8:0:1::1", 2), 2);
	turn_clock(INTERVAL + USEC_PER_SEC);
	ck_assert_ptr_nonnull(strstr(reported, "8 more like this from 2001:db8::/64 left out"));
}
END_TEST

/* What says nothing of a peer has one count for all of them. */
START_TEST(events_of_the_daemon_are_counted_together)
{
	char from[32];
	unsigned passed = 0;

	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(from, sizeof(from), "192.0.2.%u", i);
		passed += pass(LOG_EVENT_DISK_FULL, from, 1);
	}
	ck_assert_uint_eq(passed, BURST);
	ck_assert(!log_ratelimit_pass(&flood, LOG_EVENT_DISK_FULL, NULL));
	turn_clock(INTERVAL + USEC_PER_SEC);
	ck_assert_str_eq(reported,
			 "The disk is full: 98 more like this left out in 10 s (log.burst) IOE_LEFT_OUT=98\n");
}
END_TEST

/* An attacker with many addresses gets what the table holds and one more count, however many there are. */
START_TEST(addresses_without_end_do_not_grow)
{
	char from[32];
	unsigned passed = 0;

	for (unsigned i = 0; i < 50000; i++) {
		(void)snprintf(from, sizeof(from), "10.0.%u.%u", i / 256, i % 256);
		passed += pass(LOG_EVENT_SLOW_SESSION, from, 1);
	}
	ck_assert_uint_eq(passed, LOG_RATELIMIT_ENTRIES + BURST);
	turn_clock(INTERVAL + USEC_PER_SEC);
	ck_assert_uint_eq(n_reported, 1);
	ck_assert_ptr_nonnull(strstr(reported, ": 49933 more like this left out"));
	/* And there is room again. */
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", 1000), BURST);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.2", 1000), BURST);
}
END_TEST

/* A loop that was held up fires its timers late: the next interval begins all the same. */
START_TEST(late_timer_loses_nothing)
{
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", 5), BURST);
	loop.now_usec += 3 * INTERVAL;
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", 5), BURST);
	ck_assert_ptr_nonnull(strstr(reported, ": 2 more like this from 192.0.2.1 "));
	turn_clock(INTERVAL + USEC_PER_SEC);
	ck_assert_uint_eq(n_reported, 2);
}
END_TEST

START_TEST(end_reports_the_rest)
{
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", 5), BURST);
	log_ratelimit_done(&flood);
	ck_assert_uint_eq(n_reported, 1);
	ck_assert_int_eq(wheel_wait_msec(&loop.wheel, loop.now_usec), -1);
}
END_TEST

/* Where nobody wants to hear of it, there is nothing to count either. */
START_TEST(unwanted_level_is_not_counted)
{
	log_set_level(LOG_LEVEL_ERR);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", 1000), 0);
	log_set_level(LOG_LEVEL_INFO);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", 1), 1);
	turn_clock(2 * INTERVAL);
	ck_assert_uint_eq(n_reported, 0);
}
END_TEST

START_TEST(new_limits_are_for_what_begins)
{
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", 1), 1);
	log_ratelimit_set_limits(100, USEC_PER_SEC);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", 1000), BURST - 1);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.2", 1000), 100);
	turn_clock(USEC_PER_SEC + INTERVAL);
	ck_assert_uint_eq(pass(LOG_EVENT_SLOW_SESSION, "192.0.2.1", 1000), 100);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("flood");
	TCase *tc = tcase_create("flood");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, burst_gets_through_and_the_rest_is_reported_once);
	tcase_add_test(tc, what_fits_is_reported_no_more);
	tcase_add_test(tc, peers_and_events_are_counted_apart);
	tcase_add_test(tc, network_of_ipv6_is_one);
	tcase_add_test(tc, events_of_the_daemon_are_counted_together);
	tcase_add_test(tc, addresses_without_end_do_not_grow);
	tcase_add_test(tc, late_timer_loses_nothing);
	tcase_add_test(tc, end_reports_the_rest);
	tcase_add_test(tc, unwanted_level_is_not_counted);
	tcase_add_test(tc, new_limits_are_for_what_begins);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
