/* SPDX-License-Identifier: MIT */
/* Messages: none lost, none twice, each pusher's in his order, and a wake-up only where one is needed. */

#include "loop/inbox.h"
#include "base/macro.h"

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "unit/fixture/run.h"

static struct inbox inbox;

struct note {
	struct msg msg;
	unsigned from, number;
};

static unsigned received[64], n_received;

static void setup(void)
{
	ck_assert_int_eq(inbox_init(&inbox), 0);
}

static void teardown(void)
{
	inbox_done(&inbox);
	inbox_done(&inbox);
}

static bool is_awake(int timeout_msec)
{
	struct pollfd p = { .fd = inbox.fd, .events = POLLIN };

	return poll(&p, 1, timeout_msec) == 1;
}

/* How often the reader was woken since it ran last; takes that away. */
static uint64_t wake_ups(void)
{
	uint64_t n = 0;

	return read(inbox.fd, &n, sizeof(n)) == (ssize_t)sizeof(n) ? n : 0;
}

static void note_receive(struct msg *m)
{
	received[n_received++] = container_of(m, struct note, msg)->number;
}

START_TEST(comes_in_order)
{
	struct note notes[64];

	for (unsigned i = 0; i < ELEMENTSOF(notes); i++) {
		notes[i] = (struct note){ .msg.act = note_receive, .number = i };
		inbox_push(&inbox, &notes[i].msg);
	}
	ck_assert_uint_eq(n_received, 0);
	inbox_run(&inbox);
	ck_assert_uint_eq(n_received, ELEMENTSOF(notes));
	for (unsigned i = 0; i < ELEMENTSOF(notes); i++)
		ck_assert_uint_eq(received[i], i);
	inbox_run(&inbox);
	ck_assert_uint_eq(n_received, ELEMENTSOF(notes));
}
END_TEST

START_TEST(wakes_once_for_many)
{
	struct note notes[10];

	ck_assert(!is_awake(0));
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < ELEMENTSOF(notes); i++) {
			notes[i] = (struct note){ .msg.act = note_receive };
			inbox_push(&inbox, &notes[i].msg);
		}
		ck_assert(is_awake(0));
		ck_assert_uint_eq(wake_ups(), 1);
		inbox_run(&inbox);
		ck_assert(!is_awake(0));
	}
}
END_TEST

static void note_push_again(struct msg *m)
{
	struct note *n = container_of(m, struct note, msg);

	n_received++;
	if (n->number-- > 0)
		inbox_push(&inbox, m);
}

/* A message from within a message waits for the next turn, and asks for it: no turn is endless, none is lost. */
START_TEST(what_is_pushed_meanwhile_waits_and_wakes)
{
	struct note n = { .msg.act = note_push_again, .number = 3 };

	inbox_push(&inbox, &n.msg);
	for (unsigned turn = 1; turn <= 4; turn++) {
		ck_assert(is_awake(0));
		inbox_run(&inbox);
		ck_assert_uint_eq(n_received, turn);
	}
	ck_assert(!is_awake(0));
}
END_TEST

static void note_free(struct msg *m)
{
	n_received++;
	free(container_of(m, struct note, msg));
}

START_TEST(the_receiver_may_free_it)
{
	for (unsigned i = 0; i < 10; i++) {
		struct note *n = calloc(1, sizeof(*n));

		n->msg.act = note_free;
		inbox_push(&inbox, &n->msg);
	}
	inbox_run(&inbox);
	ck_assert_uint_eq(n_received, 10);
}
END_TEST

#define PUSHERS 8
#define PUSHES  20000

static unsigned expected[PUSHERS], total;

static void note_count(struct msg *m)
{
	struct note *n = container_of(m, struct note, msg);

	if (n->number != expected[n->from]++)
		ck_abort_msg("a message of pusher %u is lost or out of order", n->from);
	total++;
	free(n);
}

static void *push_many(void *arg)
{
	unsigned from = *(unsigned *)arg;

	for (unsigned i = 0; i < PUSHES; i++) {
		struct note *n = malloc(sizeof(*n));

		*n = (struct note){ .msg.act = note_count, .from = from, .number = i };
		inbox_push(&inbox, &n->msg);
	}
	return NULL;
}

/* The reader sleeps whenever it is not woken: one wake-up too few, and it sleeps for ever. */
START_TEST(many_threads_lose_nothing)
{
	pthread_t threads[PUSHERS];
	unsigned from[PUSHERS];

	for (unsigned i = 0; i < PUSHERS; i++) {
		from[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, push_many, &from[i]), 0);
	}
	while (total < PUSHERS * PUSHES) {
		if (!is_awake(30000))
			ck_abort_msg("asleep after %u messages", total);
		inbox_run(&inbox);
	}
	for (unsigned i = 0; i < PUSHERS; i++)
		(void)pthread_join(threads[i], NULL);
	inbox_run(&inbox);
	ck_assert_uint_eq(total, PUSHERS * PUSHES);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("inbox");
	TCase *tc = tcase_create("inbox");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, comes_in_order);
	tcase_add_test(tc, wakes_once_for_many);
	tcase_add_test(tc, what_is_pushed_meanwhile_waits_and_wakes);
	tcase_add_test(tc, the_receiver_may_free_it);
	tcase_add_test(tc, many_threads_lose_nothing);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
