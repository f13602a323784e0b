/* SPDX-License-Identifier: MIT */
/* The wheel beside a plain array: never early, never lost, in order, and asleep while there is nothing to do. */

#include "loop/timer.h"
#include "base/clock.h"
#include "base/macro.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

#include "unit/fixture/run.h"

#define START_USEC (12345678901ULL * USEC_PER_MSEC + 678)

/* What 64^5 ms are: further away than this, the wheel has to look again. */
#define HORIZON_USEC ((1ULL << 30) * USEC_PER_MSEC)

struct probe {
	struct timer timer;
	uint64_t due_msec; /* by the model; 0: not armed */
	unsigned fired;
};

static struct wheel wheel;
static uint64_t now_usec;

static void probe_fire(struct timer *t)
{
	struct probe *p = container_of(t, struct probe, timer);

	ck_assert(!timer_is_armed(t));
	p->fired++;
}

static void setup(void)
{
	now_usec = START_USEC;
	wheel_init(&wheel, now_usec);
}

static void run_at(uint64_t usec)
{
	now_usec = usec;
	wheel_run(&wheel, usec);
}

START_TEST(an_empty_wheel_wants_no_wake_up)
{
	struct probe p = { .timer.fire = probe_fire };

	ck_assert_int_eq(wheel_wait_msec(&wheel, now_usec), -1);
	timer_arm(&wheel, &p.timer, now_usec + 5000);
	ck_assert_int_ge(wheel_wait_msec(&wheel, now_usec), 0);
	timer_disarm(&wheel, &p.timer);
	ck_assert_int_eq(wheel_wait_msec(&wheel, now_usec), -1);
	timer_disarm(&wheel, &p.timer);
	run_at(now_usec + HORIZON_USEC);
	ck_assert_int_eq(wheel_wait_msec(&wheel, now_usec), -1);
	ck_assert_uint_eq(p.fired, 0);

	timer_arm(&wheel, &p.timer, now_usec);
	run_at(now_usec + 2 * USEC_PER_MSEC);
	ck_assert_uint_eq(p.fired, 1);
	ck_assert_int_eq(wheel_wait_msec(&wheel, now_usec), -1);
}
END_TEST

/* To the microsecond, at every distance that changes the level, from a start at every corner of a turn. */
START_TEST(is_never_early_and_at_most_a_millisecond_late)
{
	static const uint64_t starts[] = { 0, 1, 999, 1000, 63999, 64000, (1ULL << 30) * 1000 - 1, (1ULL << 30) * 1000,
					   START_USEC };

	for (size_t s = 0; s < ELEMENTSOF(starts); s++)
		for (unsigned shift = 0; shift < 44; shift++)
			for (int off = -1; off <= 1; off++) {
				uint64_t at = starts[s] + (1ULL << shift) + (uint64_t)off;
				struct probe p = { .timer.fire = probe_fire };

				wheel_init(&wheel, starts[s]);
				timer_arm(&wheel, &p.timer, at);
				run_at(at - (at > starts[s]));
				if (at > starts[s])
					ck_assert_uint_eq(p.fired, 0);
				run_at(at + USEC_PER_MSEC);
				ck_assert_uint_eq(p.fired, 1);
				run_at(at + 10 * USEC_PER_SEC);
				ck_assert_uint_eq(p.fired, 1);
			}
}
END_TEST

/* Who sleeps as long as the wheel says is there in time, and has not been woken for nothing all the way. */
START_TEST(sleeping_as_ordered_is_in_time)
{
	for (uint64_t distance = 1; distance < 3 * HORIZON_USEC; distance = distance * 3 + 7) {
		struct probe p = { .timer.fire = probe_fire };
		uint64_t at = now_usec + distance;
		unsigned wake_ups = 0;

		timer_arm(&wheel, &p.timer, at);
		while (!p.fired) {
			int wait = wheel_wait_msec(&wheel, now_usec);

			ck_assert_int_ge(wait, wake_ups > 0 ? 1 : 0);
			ck_assert_int_le(wait, 3600 * 1000);
			run_at(now_usec + (uint64_t)wait * USEC_PER_MSEC);
			wake_ups++;
		}
		ck_assert_uint_ge(now_usec, at);
		ck_assert_uint_le(now_usec, at + 2 * USEC_PER_MSEC);
		ck_assert_uint_le(wake_ups, 10 + distance / (3600 * USEC_PER_SEC));
	}
}
END_TEST

START_TEST(arming_again_moves_it)
{
	struct probe p = { .timer.fire = probe_fire };

	timer_arm(&wheel, &p.timer, now_usec + 1000 * USEC_PER_SEC);
	timer_arm(&wheel, &p.timer, now_usec + 1 * USEC_PER_SEC);
	run_at(now_usec + 2 * USEC_PER_SEC);
	ck_assert_uint_eq(p.fired, 1);
	timer_arm(&wheel, &p.timer, now_usec + 1 * USEC_PER_SEC);
	timer_arm(&wheel, &p.timer, now_usec + 1000 * USEC_PER_SEC);
	run_at(now_usec + 999 * USEC_PER_SEC);
	ck_assert_uint_eq(p.fired, 1);
	run_at(now_usec + 2 * USEC_PER_SEC);
	ck_assert_uint_eq(p.fired, 2);
}
END_TEST

START_TEST(never_is_never)
{
	struct probe p = { .timer.fire = probe_fire };

	timer_arm(&wheel, &p.timer, USEC_NEVER);
	for (unsigned i = 0; i < 100; i++)
		run_at(now_usec + HORIZON_USEC / 2);
	ck_assert_uint_eq(p.fired, 0);
	ck_assert(timer_is_armed(&p.timer));
}
END_TEST

struct pair {
	struct timer timer;
	struct pair *other;
	unsigned fired;
};

static void pair_fire_disarm(struct timer *t)
{
	struct pair *p = container_of(t, struct pair, timer);

	p->fired++;
	timer_disarm(&wheel, &p->other->timer);
}

/* Both are due in the same run, in the same slot or not: who fires first takes the other back. */
START_TEST(a_due_sibling_may_be_disarmed)
{
	for (uint64_t apart = 0; apart < 3000; apart += 500) {
		struct pair a = { .timer.fire = pair_fire_disarm }, b = { .timer.fire = pair_fire_disarm };

		a.other = &b;
		b.other = &a;
		timer_arm(&wheel, &a.timer, now_usec + 100 * USEC_PER_MSEC);
		timer_arm(&wheel, &b.timer, now_usec + 100 * USEC_PER_MSEC + apart);
		run_at(now_usec + 1 * USEC_PER_SEC);
		ck_assert_uint_eq(a.fired, 1);
		ck_assert_uint_eq(b.fired, 0);
		ck_assert_int_eq(wheel_wait_msec(&wheel, now_usec), -1);
	}
}
END_TEST

static void pair_fire_free(struct timer *t)
{
	struct pair *p = container_of(t, struct pair, timer);

	timer_disarm(&wheel, &p->other->timer);
	free(p->other);
	free(p);
}

START_TEST(firing_may_free_itself_and_a_sibling)
{
	struct pair *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));

	a->timer.fire = b->timer.fire = pair_fire_free;
	a->other = b;
	b->other = a;
	timer_arm(&wheel, &a->timer, now_usec);
	timer_arm(&wheel, &b->timer, now_usec);
	run_at(now_usec + 1 * USEC_PER_SEC);
	ck_assert_uint_eq(wheel.n, 0);
}
END_TEST

static unsigned past_fired;

static void past_fire(struct timer *t)
{
	past_fired++;
	timer_arm(&wheel, t, 0);
}

/* What arms itself for the past fires once a millisecond, not for ever in one run. */
START_TEST(the_past_is_not_an_endless_loop)
{
	struct timer t = { .fire = past_fire };

	timer_arm(&wheel, &t, 0);
	run_at(now_usec + 100 * USEC_PER_MSEC);
	ck_assert_uint_ge(past_fired, 1);
	ck_assert_uint_le(past_fired, 102);
	past_fired = 0;
	run_at(now_usec + 1 * USEC_PER_MSEC);
	ck_assert_uint_eq(past_fired, 1);
}
END_TEST

#define PROBES 200

static struct probe probes[PROBES];
static uint64_t last_due_msec;
static unsigned model_fires;

static uint64_t random_wide(void)
{
	uint64_t r = (uint64_t)random() << 31 ^ (uint64_t)random();

	return r & ((1ULL << random() % 46) - 1);
}

static void model_arm(struct probe *p)
{
	uint64_t at = random() % 16 ? now_usec + random_wide() : random_wide();

	timer_arm(&wheel, &p->timer, at);
	p->due_msec = MAX(at / USEC_PER_MSEC + 1, wheel.now_msec);
}

static void model_disarm(struct probe *p)
{
	timer_disarm(&wheel, &p->timer);
	p->due_msec = 0;
}

static void model_fire(struct timer *t)
{
	struct probe *p = container_of(t, struct probe, timer);

	if (p->due_msec == 0)
		ck_abort_msg("a timer fired that is not armed");
	if (p->due_msec > now_usec / USEC_PER_MSEC)
		ck_abort_msg("a timer fired early");
	if (p->due_msec < last_due_msec)
		ck_abort_msg("timers fired out of order");
	last_due_msec = p->due_msec;
	p->due_msec = 0;
	model_fires++;
	/* Whoever fires may do anything to anybody. */
	switch (random() % 4) {
	case 0:
		model_arm(p);
		break;
	case 1:
		model_arm(&probes[random() % PROBES]);
		break;
	case 2:
		model_disarm(&probes[random() % PROBES]);
		break;
	}
}

static void model_compare(void)
{
	uint64_t now = now_usec / USEC_PER_MSEC, next = UINT64_MAX;
	int wait = wheel_wait_msec(&wheel, now_usec);
	size_t armed = 0;

	/* Each assertion is a system call; there are millions here. */
	for (size_t i = 0; i < PROBES; i++) {
		if (timer_is_armed(&probes[i].timer) != (probes[i].due_msec != 0))
			ck_abort_msg("a timer is lost, or fired and still armed");
		if (!probes[i].due_msec)
			continue;
		if (probes[i].due_msec <= now)
			ck_abort_msg("a timer is late by %llu ms", (unsigned long long)(now - probes[i].due_msec));
		next = MIN(next, probes[i].due_msec);
		armed++;
	}
	ck_assert_uint_eq(wheel.n, armed);
	if (armed == 0) {
		ck_assert_int_eq(wait, -1);
		return;
	}
	ck_assert_int_ge(wait, 1); /* 0 would be a loop that is busy */
	ck_assert_uint_le((uint64_t)wait, next - now);
}

START_TEST(is_as_a_plain_array)
{
	srandom(20240229);
	for (size_t i = 0; i < PROBES; i++)
		probes[i] = (struct probe){ .timer.fire = model_fire };
	for (unsigned round = 0; round < 60000; round++) {
		for (unsigned i = (unsigned)random() % 5; i > 0; i--)
			model_arm(&probes[random() % PROBES]);
		if (random() % 3 == 0)
			model_disarm(&probes[random() % PROBES]);
		last_due_msec = 0;
		if (random() % 4 == 0 && wheel.n > 0) {
			int wait = wheel_wait_msec(&wheel, now_usec);

			run_at(now_usec + (uint64_t)wait * USEC_PER_MSEC);
		} else {
			run_at(now_usec + random_wide() / 16);
		}
		model_compare();
	}
	ck_assert_uint_ge(model_fires, 10000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("timer");
	TCase *tc = tcase_create("timer");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, an_empty_wheel_wants_no_wake_up);
	tcase_add_test(tc, is_never_early_and_at_most_a_millisecond_late);
	tcase_add_test(tc, sleeping_as_ordered_is_in_time);
	tcase_add_test(tc, arming_again_moves_it);
	tcase_add_test(tc, never_is_never);
	tcase_add_test(tc, a_due_sibling_may_be_disarmed);
	tcase_add_test(tc, firing_may_free_itself_and_a_sibling);
	tcase_add_test(tc, the_past_is_not_an_endless_loop);
	tcase_add_test(tc, is_as_a_plain_array);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
