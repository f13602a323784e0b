/* SPDX-License-Identifier: MIT */
/* A loop in a thread: its hooks, its steps to the end, and what its owner is told. No thread here has sessions. */

#include "loop/thread.h"
#include "base/clock.h"
#include "base/macro.h"

#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

struct subject {
	struct loop loop;
	struct thread thread;
	pthread_t self;
	int work;       /* what is_empty() waits for; the thread's own */
	char calls[16]; /* a letter a hook, in their order; the thread's until it is joined */
	int error;
	unsigned turns;
	unsigned empty, done; /* the owner's */
	struct msg end_work, hold;
	sem_t held, go;
};

static struct loop home;
static pthread_t home_self;
static struct subject subject;

static struct subject *subject_of(struct thread *t)
{
	return container_of(t, struct subject, thread);
}

static void called(struct thread *t, char letter)
{
	struct subject *u = subject_of(t);
	size_t n = strlen(u->calls);

	ck_assert(letter == 'b' || pthread_equal(pthread_self(), u->self));
	ck_assert_uint_lt(n + 1, sizeof(u->calls));
	u->calls[n] = letter;
}

static void begin(struct thread *t)
{
	subject_of(t)->self = pthread_self();
	ck_assert(!pthread_equal(pthread_self(), home_self));
	called(t, 'b');
}

static void turn(struct thread *t)
{
	ck_assert(pthread_equal(pthread_self(), subject_of(t)->self));
	subject_of(t)->turns++;
}

static void leave(struct thread *t)
{
	called(t, 'l');
}

static void drop(struct thread *t)
{
	subject_of(t)->work = 0;
	called(t, 'd');
}

static bool is_empty(struct thread *t)
{
	ck_assert(pthread_equal(pthread_self(), subject_of(t)->self));
	ck_assert(t->leaving);
	return subject_of(t)->work == 0;
}

static void done(struct thread *t, int error)
{
	subject_of(t)->error = error;
	called(t, 'e');
}

static void on_empty(struct thread *t)
{
	ck_assert(pthread_equal(pthread_self(), home_self));
	subject_of(t)->empty++;
}

static void on_done(struct thread *t)
{
	ck_assert(pthread_equal(pthread_self(), home_self));
	subject_of(t)->done++;
}

static const struct thread_ops ops = {
	.begin = begin,
	.turn = turn,
	.leave = leave,
	.drop = drop,
	.is_empty = is_empty,
	.done = done,
};
static const struct thread_ops no_ops = {};
static const struct thread_owner owner = { .loop = &home, .on_empty = on_empty, .on_done = on_done };

/* A piece of work has ended in the thread. */
static void end_work(struct msg *m)
{
	struct subject *u = container_of(m, struct subject, end_work);

	u->work--;
	thread_check_empty(&u->thread);
}

static void hold(struct msg *m)
{
	struct subject *u = container_of(m, struct subject, hold);

	(void)sem_post(&u->held);
	while (sem_wait(&u->go) < 0)
		;
}

static void subject_init(struct subject *u, const struct thread_ops *with, const struct thread_owner *reported)
{
	*u = (struct subject){ .end_work.act = end_work, .hold.act = hold };
	ck_assert_int_eq(loop_init(&u->loop), 0);
	(void)sem_init(&u->held, 0, 0);
	(void)sem_init(&u->go, 0, 0);
	thread_init(&u->thread, &u->loop, with, reported);
}

static void subject_done(struct subject *u)
{
	(void)sem_destroy(&u->held);
	(void)sem_destroy(&u->go);
	loop_done(&u->loop);
}

static void setup(void)
{
	ck_assert_int_eq(loop_init(&home), 0);
	home_self = pthread_self();
	subject_init(&subject, &ops, &owner);
}

static void teardown(void)
{
	subject_done(&subject);
	loop_done(&home);
}

static void pass_until(const unsigned *n, unsigned want)
{
	while (*n < want)
		ck_assert_int_eq(loop_pass(&home, -1), 0);
}

/* Until the thread has answered a poke: what was sent to it before is done. */
static void until_poked(struct subject *u)
{
	while (!thread_poke(&u->thread))
		(void)sched_yield();
	while (!thread_poke(&u->thread))
		(void)sched_yield();
}

static void stop_and_join(struct subject *u)
{
	thread_stop(&u->thread);
	ck_assert(thread_join(&u->thread, USEC_NEVER));
}

START_TEST(the_steps_come_in_order)
{
	ck_assert_int_eq(thread_start(&subject.thread), 0);
	thread_leave(&subject.thread);
	pass_until(&subject.empty, 1);
	thread_stop(&subject.thread);
	pass_until(&subject.done, 1);
	ck_assert(thread_join(&subject.thread, USEC_NEVER));
	ck_assert_str_eq(subject.calls, "ble");
	ck_assert_int_eq(subject.error, 0);
	ck_assert_uint_eq(subject.empty, 1);
	ck_assert(thread_join(&subject.thread, USEC_NEVER)); /* nothing is left to wait for */
}
END_TEST

START_TEST(a_stop_alone_ends_it)
{
	ck_assert_int_eq(thread_start(&subject.thread), 0);
	stop_and_join(&subject);
	pass_until(&subject.done, 1);
	ck_assert_str_eq(subject.calls, "be");
	ck_assert_uint_eq(subject.empty, 0); /* it did not leave */
}
END_TEST

START_TEST(messages_before_the_start_wait_for_it)
{
	thread_leave(&subject.thread);
	thread_stop(&subject.thread);
	ck_assert_int_eq(thread_start(&subject.thread), 0);
	pass_until(&subject.done, 1);
	ck_assert(thread_join(&subject.thread, USEC_NEVER));
	ck_assert_str_eq(subject.calls, "ble");
	ck_assert_uint_eq(subject.empty, 1); /* the pass of the stop still runs what was deferred */
}
END_TEST

START_TEST(each_pass_has_its_turn)
{
	ck_assert_int_eq(thread_start(&subject.thread), 0);
	for (unsigned i = 0; i < 10; i++)
		until_poked(&subject);
	stop_and_join(&subject);
	/* A poke is answered within a pass; the pass of the stop has its turn, too. */
	ck_assert_uint_ge(subject.turns, 11);
}
END_TEST

START_TEST(it_is_empty_when_its_work_has_ended)
{
	subject.work = 2;
	ck_assert_int_eq(thread_start(&subject.thread), 0);
	thread_leave(&subject.thread);
	until_poked(&subject);
	inbox_push(&subject.loop.inbox, &subject.end_work);
	until_poked(&subject);
	ck_assert_int_eq(loop_pass(&home, 0), 0);
	ck_assert_uint_eq(subject.empty, 0);
	inbox_push(&subject.loop.inbox, &subject.end_work);
	pass_until(&subject.empty, 1);
	until_poked(&subject);

	/* That is reported once, whatever ends later. */
	inbox_push(&subject.loop.inbox, &subject.end_work);
	until_poked(&subject);
	ck_assert_int_eq(loop_pass(&home, 0), 0);
	ck_assert_uint_eq(subject.empty, 1);
	stop_and_join(&subject);
}
END_TEST

START_TEST(work_that_ends_before_the_leave_is_not_reported)
{
	subject.work = 1;
	ck_assert_int_eq(thread_start(&subject.thread), 0);
	inbox_push(&subject.loop.inbox, &subject.end_work);
	until_poked(&subject);
	ck_assert_int_eq(loop_pass(&home, 0), 0);
	ck_assert_uint_eq(subject.empty, 0);
	thread_leave(&subject.thread);
	pass_until(&subject.empty, 1);
	stop_and_join(&subject);
}
END_TEST

START_TEST(a_drop_ends_the_work)
{
	subject.work = 1000;
	ck_assert_int_eq(thread_start(&subject.thread), 0);
	thread_leave(&subject.thread);
	until_poked(&subject);
	ck_assert_int_eq(loop_pass(&home, 0), 0);
	ck_assert_uint_eq(subject.empty, 0);
	thread_drop(&subject.thread);
	pass_until(&subject.empty, 1);
	stop_and_join(&subject);
	ck_assert_str_eq(subject.calls, "blde");
}
END_TEST

START_TEST(a_thread_that_stands_still_is_noticed)
{
	ck_assert_int_eq(thread_start(&subject.thread), 0);
	ck_assert(thread_poke(&subject.thread)); /* nobody was asked before */
	until_poked(&subject);

	inbox_push(&subject.loop.inbox, &subject.hold);
	while (sem_wait(&subject.held) < 0)
		;
	(void)thread_poke(&subject.thread);
	for (unsigned i = 0; i < 100; i++)
		ck_assert(!thread_poke(&subject.thread));
	thread_stop(&subject.thread);
	ck_assert(!thread_join(&subject.thread, clock_usec()));
	ck_assert(!thread_join(&subject.thread, clock_usec() + 10 * USEC_PER_MSEC));

	(void)sem_post(&subject.go);
	ck_assert(thread_join(&subject.thread, USEC_NEVER));
	ck_assert_str_eq(subject.calls, "be");
}
END_TEST

START_TEST(hooks_and_owner_are_optional)
{
	struct subject u;

	subject_init(&u, &no_ops, NULL);
	ck_assert(thread_join(&u.thread, 0)); /* it was never started */
	ck_assert_int_eq(thread_start(&u.thread), 0);
	thread_leave(&u.thread);
	thread_drop(&u.thread);
	stop_and_join(&u);
	ck_assert(u.thread.empty);
	subject_done(&u);
}
END_TEST

/* Threads that send each other messages until all are empty: none is lost. */

#define RING   4
#define ROUNDS 2000

struct baton {
	struct msg msg;
	unsigned at, left;
};

static struct subject ring[RING];

static void baton_pass(struct msg *m)
{
	struct baton *b = container_of(m, struct baton, msg);
	struct subject *u = &ring[b->at];

	if (b->left-- > 0) {
		b->at = (b->at + 1) % RING;
		inbox_push(&ring[b->at].loop.inbox, m);
		return;
	}
	u->work--;
	thread_check_empty(&u->thread);
}

START_TEST(no_message_between_threads_is_lost)
{
	static struct baton batons[RING];
	unsigned empty = 0;

	for (unsigned i = 0; i < RING; i++) {
		subject_init(&ring[i], &ops, &owner);
		ring[i].work = 1;
		batons[i] = (struct baton){ .msg.act = baton_pass, .at = i, .left = ROUNDS };
	}
	for (unsigned i = 0; i < RING; i++) {
		ck_assert_int_eq(thread_start(&ring[i].thread), 0);
		inbox_push(&ring[i].loop.inbox, &batons[i].msg);
	}
	for (unsigned i = 0; i < RING; i++)
		thread_leave(&ring[i].thread);
	while (empty < RING) {
		ck_assert_int_eq(loop_pass(&home, -1), 0);
		empty = 0;
		for (unsigned i = 0; i < RING; i++)
			empty += ring[i].empty;
	}
	for (unsigned i = 0; i < RING; i++)
		thread_stop(&ring[i].thread);
	for (unsigned i = 0; i < RING; i++) {
		pass_until(&ring[i].done, 1);
		ck_assert(thread_join(&ring[i].thread, USEC_NEVER));
		ck_assert_int_eq(ring[i].work, 0);
		subject_done(&ring[i]);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("thread");
	TCase *tc = tcase_create("thread");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_steps_come_in_order);
	tcase_add_test(tc, a_stop_alone_ends_it);
	tcase_add_test(tc, messages_before_the_start_wait_for_it);
	tcase_add_test(tc, each_pass_has_its_turn);
	tcase_add_test(tc, it_is_empty_when_its_work_has_ended);
	tcase_add_test(tc, work_that_ends_before_the_leave_is_not_reported);
	tcase_add_test(tc, a_drop_ends_the_work);
	tcase_add_test(tc, a_thread_that_stands_still_is_noticed);
	tcase_add_test(tc, hooks_and_owner_are_optional);
	tcase_add_test(tc, no_message_between_threads_is_lost);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
