/* SPDX-License-Identifier: MIT */
/* A pass of the loop: who is called in it, how often, and who is not any more. */

#include "loop/loop.h"
#include "base/clock.h"
#include "base/macro.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "unit/fixture/run.h"

static struct loop loop;

/* A watched eventfd that is readable from the start and stays so. */
struct probe {
	struct watch watch;
	struct probe *other;
	unsigned calls;
	uint32_t events;
};

static void probe_ready(struct watch *w, uint32_t events)
{
	struct probe *p = container_of(w, struct probe, watch);

	p->calls++;
	p->events |= events;
}

static void probe_init(struct probe *p, void (*ready)(struct watch *w, uint32_t events))
{
	*p = (struct probe){ .watch = { .fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK), .ready = ready } };
	ck_assert_int_ge(p->watch.fd, 0);
	ck_assert_int_eq(loop_watch(&loop, &p->watch, EPOLLIN), 0);
}

static void probe_done(struct probe *p)
{
	if (p->watch.fd < 0)
		return;
	loop_unwatch(&loop, &p->watch);
	(void)close(p->watch.fd);
	p->watch.fd = -1;
}

static void setup(void)
{
	ck_assert_int_eq(loop_init(&loop), 0);
}

static void teardown(void)
{
	loop_done(&loop);
	loop_done(&loop);
}

static void pass(void)
{
	ck_assert_int_eq(loop_pass(&loop, 0), 0);
}

START_TEST(each_ready_watch_is_called_once_a_pass)
{
	struct probe p[3];

	for (unsigned i = 0; i < ELEMENTSOF(p); i++)
		probe_init(&p[i], probe_ready);
	for (unsigned n = 1; n <= 3; n++) {
		pass();
		for (unsigned i = 0; i < ELEMENTSOF(p); i++)
			ck_assert_uint_eq(p[i].calls, n);
	}
	ck_assert_uint_eq(p[0].events, EPOLLIN);
	probe_done(&p[1]);
	pass();
	ck_assert_uint_eq(p[0].calls, 4);
	ck_assert_uint_eq(p[1].calls, 3);
	probe_done(&p[0]);
	probe_done(&p[2]);
}
END_TEST

/* More than one pass takes: nobody waits for more than a turn of the others. */
START_TEST(a_crowd_starves_nobody)
{
	struct probe p[300];
	unsigned most = 0;

	for (unsigned i = 0; i < ELEMENTSOF(p); i++)
		probe_init(&p[i], probe_ready);
	for (unsigned n = 0; n < 50; n++)
		pass();
	for (unsigned i = 0; i < ELEMENTSOF(p); i++)
		most = MAX(most, p[i].calls);
	for (unsigned i = 0; i < ELEMENTSOF(p); i++) {
		ck_assert_uint_ge(p[i].calls + 1, most);
		probe_done(&p[i]);
	}
}
END_TEST

static void probe_take_other(struct watch *w, uint32_t events)
{
	struct probe *p = container_of(w, struct probe, watch);

	probe_ready(w, events);
	probe_done(p->other);
}

START_TEST(a_watch_removed_in_the_pass_is_not_called)
{
	struct probe a, b;

	probe_init(&a, probe_take_other);
	probe_init(&b, probe_take_other);
	a.other = &b;
	b.other = &a;
	pass();
	ck_assert_uint_eq(a.calls + b.calls, 1);
	pass();
	ck_assert_uint_eq(a.calls + b.calls, 2);
	probe_done(&a);
	probe_done(&b);
}
END_TEST

struct taker {
	struct timer timer;
	struct msg msg;
	struct probe *victim;
};

static void taker_fire(struct timer *t)
{
	probe_done(container_of(t, struct taker, timer)->victim);
}

static void taker_act(struct msg *m)
{
	probe_done(container_of(m, struct taker, msg)->victim);
}

/* What is ready has its turn first. */
START_TEST(a_watch_removed_by_a_timer_is_not_called_again)
{
	struct probe p;
	struct taker t = { .timer.fire = taker_fire, .victim = &p };

	probe_init(&p, probe_ready);
	loop_timer(&loop, &t.timer, 0);
	pass();
	ck_assert_int_eq(p.watch.fd, -1);
	ck_assert_uint_eq(p.calls, 1);
	pass();
	ck_assert_uint_eq(p.calls, 1);
}
END_TEST

START_TEST(a_watch_removed_by_a_message_is_not_called)
{
	struct probe p;
	struct taker t = { .msg.act = taker_act, .victim = &p };

	inbox_push(&loop.inbox, &t.msg);
	probe_init(&p, probe_ready); /* ready after the inbox, so behind it */
	pass();
	ck_assert_int_eq(p.watch.fd, -1);
	ck_assert_uint_eq(p.calls, 0);
}
END_TEST

static void probe_take_itself(struct watch *w, uint32_t events)
{
	probe_ready(w, events);
	probe_done(container_of(w, struct probe, watch));
}

START_TEST(a_watch_may_remove_itself)
{
	struct probe p;

	probe_init(&p, probe_take_itself);
	pass();
	pass();
	ck_assert_uint_eq(p.calls, 1);
}
END_TEST

START_TEST(rewatching_changes_what_is_asked)
{
	struct probe p = { .watch.ready = probe_ready };
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	p.watch.fd = fds[0];
	ck_assert_int_eq(loop_watch(&loop, &p.watch, EPOLLIN), 0);
	pass();
	ck_assert_uint_eq(p.calls, 0);

	ck_assert_int_eq(loop_rewatch(&loop, &p.watch, EPOLLOUT), 0);
	pass();
	ck_assert_uint_eq(p.calls, 1);
	ck_assert_uint_eq(p.events, EPOLLOUT);

	ck_assert_int_eq(loop_rewatch(&loop, &p.watch, 0), 0);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	pass();
	ck_assert_uint_eq(p.calls, 1);

	/* Errors are told even to who asked for nothing. */
	(void)close(fds[1]);
	pass();
	ck_assert_uint_eq(p.calls, 2);
	ck_assert(p.events & EPOLLHUP);
	probe_done(&p);
}
END_TEST

START_TEST(a_bad_fd_is_an_error)
{
	struct probe p = { .watch = { .fd = 1 << 20, .ready = probe_ready } };

	ck_assert_int_lt(loop_watch(&loop, &p.watch, EPOLLIN), 0);
	ck_assert_int_eq(loop_rewatch(&loop, &p.watch, 0), 0); /* no system call where nothing changes */
	ck_assert_int_lt(loop_rewatch(&loop, &p.watch, EPOLLIN), 0);
}
END_TEST

struct put_off {
	struct deferred later;
	struct put_off *other;
	unsigned runs;
	int again;
};

static void put_off_run(struct deferred *la)
{
	struct put_off *p = container_of(la, struct put_off, later);

	p->runs++;
	if (p->again-- > 0)
		loop_defer(&loop, la);
	if (p->other)
		loop_undefer(&p->other->later);
}

START_TEST(put_off_twice_runs_once)
{
	struct put_off p = { .later.run = put_off_run };

	loop_defer(&loop, &p.later);
	loop_defer(&loop, &p.later);
	ck_assert_uint_eq(p.runs, 0);
	pass();
	ck_assert_uint_eq(p.runs, 1);
	pass();
	ck_assert_uint_eq(p.runs, 1);
	loop_undefer(&p.later);

	loop_defer(&loop, &p.later);
	loop_undefer(&p.later);
	pass();
	ck_assert_uint_eq(p.runs, 1);
}
END_TEST

START_TEST(put_off_again_waits_for_the_next_pass)
{
	struct put_off p = { .later.run = put_off_run, .again = 2 };

	loop_defer(&loop, &p.later);
	for (unsigned n = 1; n <= 3; n++) {
		/* Without sleeping: there is something to do. */
		ck_assert_int_eq(loop_pass(&loop, -1), 0);
		ck_assert_uint_eq(p.runs, n);
	}
	pass();
	ck_assert_uint_eq(p.runs, 3);
}
END_TEST

START_TEST(what_is_put_off_may_take_back_another)
{
	struct put_off a = { .later.run = put_off_run }, b = { .later.run = put_off_run }, c = { .later.run = put_off_run };

	a.other = &b;
	c.other = &a; /* which has run: nothing happens */
	loop_defer(&loop, &a.later);
	loop_defer(&loop, &b.later);
	loop_defer(&loop, &c.later);
	pass();
	ck_assert_uint_eq(a.runs, 1);
	ck_assert_uint_eq(b.runs, 0);
	ck_assert_uint_eq(c.runs, 1);
	pass();
	ck_assert_uint_eq(b.runs, 0);
}
END_TEST

struct put_off_by_watch {
	struct probe probe;
	struct put_off put_off;
};

static void probe_put_off(struct watch *w, uint32_t events)
{
	struct put_off_by_watch *p = container_of(w, struct put_off_by_watch, probe.watch);

	probe_ready(w, events);
	ck_assert_uint_eq(p->put_off.runs, p->probe.calls - 1);
	loop_defer(&loop, &p->put_off.later);
}

START_TEST(what_a_watch_puts_off_runs_in_the_same_pass)
{
	struct put_off_by_watch p = { .put_off.later.run = put_off_run };

	probe_init(&p.probe, probe_put_off);
	pass();
	ck_assert_uint_eq(p.put_off.runs, 1);
	pass();
	ck_assert_uint_eq(p.put_off.runs, 2);
	probe_done(&p.probe);
}
END_TEST

struct alarm {
	struct timer timer;
	uint64_t at_usec;
	bool fired;
};

static void alarm_fire(struct timer *t)
{
	struct alarm *a = container_of(t, struct alarm, timer);

	ck_assert_uint_ge(clock_usec(), a->at_usec);
	ck_assert_uint_le(a->at_usec, loop.now_usec);
	a->fired = true;
}

/* Passes for a timer that is 100 ms ahead: two for each level of the wheel that it moves down from (the timers see the
 * time of the pass before), and one for a wait that ends within its millisecond. Usually it begins on level 1. */
static unsigned alarm_passes(uint64_t now_usec, uint64_t at_usec)
{
	uint64_t from = now_usec / USEC_PER_MSEC, to = at_usec / USEC_PER_MSEC + 1;
	unsigned n = 5;

	for (unsigned shift = 12; from >> shift != to >> shift; shift += 6)
		n += 2;
	return n;
}

/* The loop sleeps until the time has come: a handful of passes, and none too early. */
START_TEST(a_timer_wakes_it_once)
{
	struct alarm a = { .timer.fire = alarm_fire };
	unsigned passes = 0, most;

	a.at_usec = clock_usec() + 100 * USEC_PER_MSEC;
	most = alarm_passes(loop.now_usec, a.at_usec);
	loop_timer(&loop, &a.timer, a.at_usec);
	while (!a.fired) {
		ck_assert_int_eq(loop_pass(&loop, -1), 0);
		passes++;
	}
	ck_assert_uint_le(passes, most);

	a.fired = false;
	loop_timer(&loop, &a.timer, 0);
	loop_no_timer(&loop, &a.timer);
	pass();
	ck_assert(!a.fired);
}
END_TEST

/* Looks at who was called when it fires. */
struct judge {
	struct timer timer;
	struct probe *probes;
	unsigned n, fired, received;
	uint64_t seen_usec;
};

static void judge_fire(struct timer *t)
{
	struct judge *j = container_of(t, struct judge, timer);

	j->fired++;
	j->seen_usec = loop.seen_usec;
	for (unsigned i = 0; i < j->n; i++)
		j->received += j->probes[i].calls > 0;
}

static void judge_wait(uint64_t until_usec)
{
	while (clock_usec() <= until_usec)
		;
}

/* It came due while nobody looked, and so did what it would miss: a few, as many as a pass takes, and a crowd. */
START_TEST(a_late_timer_fires_behind_all_that_came_in_time)
{
	static const unsigned crowds[] = { 1, 63, 64, 65, 300, 1000 };
	struct probe p[1000];
	unsigned n = crowds[_i];
	struct judge j = { .timer.fire = judge_fire, .probes = p, .n = n };
	uint64_t at_usec;

	pass();
	at_usec = clock_usec() + 2 * USEC_PER_MSEC;
	loop_timer(&loop, &j.timer, at_usec);
	for (unsigned i = 0; i < n; i++)
		probe_init(&p[i], probe_ready);
	judge_wait(at_usec + 2 * USEC_PER_MSEC);
	/* The kernel is asked once before the time is known, and then until it has told of all. */
	for (unsigned i = 0; i < 2 * (n / 64 + 2) && j.fired == 0; i++)
		pass();
	ck_assert_uint_eq(j.fired, 1);
	ck_assert_uint_eq(j.received, n);
	ck_assert_uint_ge(j.seen_usec, at_usec);
	for (unsigned i = 0; i < n; i++)
		probe_done(&p[i]);
}
END_TEST

/* What came after the loop had asked, and before it knew how late it is, is not missed either. */
START_TEST(a_timer_does_not_fire_on_what_was_asked_before_it_was_due)
{
	struct judge j = { .timer.fire = judge_fire };
	uint64_t at_usec;

	pass();
	at_usec = clock_usec() + 2 * USEC_PER_MSEC;
	loop_timer(&loop, &j.timer, at_usec);
	judge_wait(at_usec + 2 * USEC_PER_MSEC);
	pass();
	ck_assert_uint_eq(j.fired, 0);
	pass();
	ck_assert_uint_eq(j.fired, 1);
}
END_TEST

/* Who is ready all the time does not put them off for ever. */
START_TEST(a_crowd_does_not_hold_up_timers)
{
	struct probe p[200];
	struct judge j = { .timer.fire = judge_fire };

	for (unsigned i = 0; i < ELEMENTSOF(p); i++)
		probe_init(&p[i], probe_ready);
	/* Two rounds, and what is left of the one it comes into. */
	for (unsigned n = 1; n <= 20; n++) {
		loop_timer(&loop, &j.timer, loop.now_usec);
		judge_wait(loop.now_usec + 2 * USEC_PER_MSEC);
		for (unsigned i = 0; i < 3 * (ELEMENTSOF(p) / 64 + 1); i++)
			pass();
		ck_assert_uint_eq(j.fired, n);
	}
	for (unsigned i = 0; i < ELEMENTSOF(p); i++)
		probe_done(&p[i]);
}
END_TEST

START_TEST(it_knows_that_it_was_away)
{
	struct judge j = { .timer.fire = judge_fire };

	loop_timer(&loop, &j.timer, clock_usec() + 10 * USEC_PER_MSEC);
	while (j.fired == 0)
		ck_assert_int_eq(loop_pass(&loop, -1), 0);
	ck_assert_uint_eq(loop.back_usec, 0);
	/* As if the last pass had been long ago. */
	loop.now_usec -= 2 * USEC_PER_SEC;
	pass();
	ck_assert_uint_eq(loop.back_usec, loop.now_usec);
	pass();
	ck_assert_uint_lt(loop.back_usec, loop.now_usec);
}
END_TEST

struct stopper {
	struct msg msg;
	unsigned received;
};

static void stopper_act(struct msg *m)
{
	struct stopper *s = container_of(m, struct stopper, msg);

	s->received++;
	loop_stop(&loop);
}

START_TEST(a_message_stops_it)
{
	struct stopper s = { .msg.act = stopper_act };
	struct put_off p = { .later.run = put_off_run };

	inbox_push(&loop.inbox, &s.msg);
	loop_defer(&loop, &p.later);
	ck_assert_int_eq(loop_run(&loop), 0);
	ck_assert_uint_eq(s.received, 1);
	ck_assert_uint_eq(p.runs, 1); /* the pass is finished first */
}
END_TEST

static void alarm_ignore(_unused_ int sig)
{
}

START_TEST(a_signal_is_no_error)
{
	struct sigaction sa = { .sa_handler = alarm_ignore };
	struct itimerval in = { .it_value.tv_usec = 1000, .it_interval.tv_usec = 1000 };

	(void)sigaction(SIGALRM, &sa, NULL);
	(void)setitimer(ITIMER_REAL, &in, NULL);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(loop_pass(&loop, 30000), 0);
	in = (struct itimerval){};
	(void)setitimer(ITIMER_REAL, &in, NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("loop");
	TCase *tc = tcase_create("loop");

	tcase_set_timeout(tc, 20);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_ready_watch_is_called_once_a_pass);
	tcase_add_test(tc, a_crowd_starves_nobody);
	tcase_add_test(tc, a_watch_removed_in_the_pass_is_not_called);
	tcase_add_test(tc, a_watch_removed_by_a_timer_is_not_called_again);
	tcase_add_test(tc, a_watch_removed_by_a_message_is_not_called);
	tcase_add_test(tc, a_watch_may_remove_itself);
	tcase_add_test(tc, rewatching_changes_what_is_asked);
	tcase_add_test(tc, a_bad_fd_is_an_error);
	tcase_add_test(tc, put_off_twice_runs_once);
	tcase_add_test(tc, put_off_again_waits_for_the_next_pass);
	tcase_add_test(tc, what_is_put_off_may_take_back_another);
	tcase_add_test(tc, what_a_watch_puts_off_runs_in_the_same_pass);
	tcase_add_test(tc, a_timer_wakes_it_once);
	tcase_add_loop_test(tc, a_late_timer_fires_behind_all_that_came_in_time, 0, 6);
	tcase_add_test(tc, a_timer_does_not_fire_on_what_was_asked_before_it_was_due);
	tcase_add_test(tc, a_crowd_does_not_hold_up_timers);
	tcase_add_test(tc, it_knows_that_it_was_away);
	tcase_add_test(tc, a_message_stops_it);
	tcase_add_test(tc, a_signal_is_no_error);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
