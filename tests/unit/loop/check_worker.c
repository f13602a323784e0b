/* SPDX-License-Identifier: MIT */
/* Jobs: started in order, done in the thread they came from, and an end that waits no longer than it was told to. */

#include "loop/worker.h"
#include "base/clock.h"
#include "base/macro.h"

#include <check.h>
#include <pthread.h>
#include <semaphore.h>

#include "unit/fixture/run.h"

static struct loop loop;
static pthread_t home;

struct task {
	struct job job;
	unsigned number;
	bool ran;
	unsigned again;
};

static unsigned started[1000], n_started, done[1000], n_done;

static void setup(void)
{
	ck_assert_int_eq(loop_init(&loop), 0);
	home = pthread_self();
}

static void teardown(void)
{
	loop_done(&loop);
}

static void task_run(struct job *j)
{
	struct task *t = container_of(j, struct task, job);

	ck_assert(!pthread_equal(pthread_self(), home));
	t->ran = true;
	started[n_started++] = t->number; /* of one worker at a time */
}

static void task_done(struct job *j)
{
	struct task *t = container_of(j, struct task, job);

	ck_assert(pthread_equal(pthread_self(), home));
	ck_assert(t->ran);
	done[n_done++] = t->number;
}

static void pass_until(const unsigned *n, unsigned want)
{
	while (*n < want)
		ck_assert_int_eq(loop_pass(&loop, -1), 0);
}

START_TEST(jobs_start_in_order_and_come_home)
{
	struct task tasks[500] = {};
	struct worker_pool *p;

	ck_assert_int_eq(worker_pool_new(&p, 1, NULL), 0);
	for (unsigned i = 0; i < ELEMENTSOF(tasks); i++) {
		tasks[i] = (struct task){ .job = { .run = task_run, .on_complete = task_done }, .number = i };
		worker_submit(p, &loop, &tasks[i].job);
	}
	pass_until(&n_done, ELEMENTSOF(tasks));
	for (unsigned i = 0; i < ELEMENTSOF(tasks); i++) {
		ck_assert_uint_eq(started[i], i);
		ck_assert_uint_eq(done[i], i);
	}
	ck_assert_uint_eq(worker_pool_stop(p, clock_usec() + 10 * USEC_PER_SEC), 0);
}
END_TEST

static struct worker_pool *again_pool;

static void again_run(struct job *j)
{
	container_of(j, struct task, job)->ran = true;
}

static void again_done(struct job *j)
{
	struct task *t = container_of(j, struct task, job);

	ck_assert(t->ran);
	t->ran = false;
	if (++t->again < 1000)
		worker_submit(again_pool, &loop, j);
	else
		n_done++;
}

/* A job that is done is its owner's again at once: the worker has let go of it. */
START_TEST(a_job_may_be_submitted_again_when_done)
{
	struct task tasks[8] = {};

	ck_assert_int_eq(worker_pool_new(&again_pool, 4, NULL), 0);
	for (unsigned i = 0; i < ELEMENTSOF(tasks); i++) {
		tasks[i].job = (struct job){ .run = again_run, .on_complete = again_done };
		worker_submit(again_pool, &loop, &tasks[i].job);
	}
	pass_until(&n_done, ELEMENTSOF(tasks));
	ck_assert_uint_eq(worker_pool_stop(again_pool, clock_usec() + 10 * USEC_PER_SEC), 0);
}
END_TEST

static sem_t begun, release;

static void stuck_run(_unused_ struct job *j)
{
	(void)sem_post(&begun);
	(void)sem_wait(&release);
}

static void stuck_done(_unused_ struct job *j)
{
	n_done++;
}

static struct worker_pool *stuck_pool(unsigned threads, struct task *stuck)
{
	struct worker_pool *p;

	(void)sem_init(&begun, 0, 0);
	(void)sem_init(&release, 0, 0);
	ck_assert_int_eq(worker_pool_new(&p, threads, NULL), 0);
	stuck->job = (struct job){ .run = stuck_run, .on_complete = stuck_done };
	worker_submit(p, &loop, &stuck->job);
	(void)sem_wait(&begun);
	return p;
}

START_TEST(a_stuck_job_is_reported_and_left_behind)
{
	struct task stuck = {};
	struct worker_pool *p = stuck_pool(2, &stuck);
	uint64_t before = clock_usec(), now;

	ck_assert_uint_ge(worker_pool_stuck_usec(p, before + 60 * USEC_PER_SEC), 59 * USEC_PER_SEC);
	ck_assert_uint_eq(worker_pool_stop(p, before + 50 * USEC_PER_MSEC), 1);
	now = clock_usec();
	ck_assert_uint_ge(now, before + 50 * USEC_PER_MSEC);
	ck_assert_uint_le(now, before + 10 * USEC_PER_SEC);
	/* A deadline that is over is none to wait for. */
	ck_assert_uint_eq(worker_pool_stop(p, 0), 1);

	/* Not stuck for ever: then nothing is left behind. */
	(void)sem_post(&release);
	ck_assert_uint_eq(worker_pool_stop(p, clock_usec() + 30 * USEC_PER_SEC), 0);
	pass_until(&n_done, 1);
}
END_TEST

START_TEST(a_stuck_job_holds_up_no_other_thread)
{
	struct task stuck = {}, other = { .job = { .run = task_run, .on_complete = task_done } };
	struct worker_pool *p = stuck_pool(2, &stuck);

	worker_submit(p, &loop, &other.job);
	pass_until(&n_done, 1);
	ck_assert(other.ran);
	(void)sem_post(&release);
	pass_until(&n_done, 2);
	ck_assert_uint_eq(worker_pool_stop(p, clock_usec() + 30 * USEC_PER_SEC), 0);
}
END_TEST

/* What was submitted is done, even where the end has been ordered meanwhile: nobody waits for an answer for ever. */
START_TEST(the_end_comes_behind_the_last_job)
{
	struct task stuck = {}, tasks[20] = {};
	struct worker_pool *p = stuck_pool(1, &stuck);

	for (unsigned i = 0; i < ELEMENTSOF(tasks); i++) {
		tasks[i] = (struct task){ .job = { .run = task_run, .on_complete = task_done }, .number = i };
		worker_submit(p, &loop, &tasks[i].job);
	}
	ck_assert_uint_eq(worker_pool_stop(p, 0), 1);
	(void)sem_post(&release);
	ck_assert_uint_eq(worker_pool_stop(p, clock_usec() + 30 * USEC_PER_SEC), 0);
	pass_until(&n_done, 1 + ELEMENTSOF(tasks));
}
END_TEST

START_TEST(an_idle_pool_is_not_stuck)
{
	struct task t = { .job = { .run = task_run, .on_complete = task_done } };
	struct worker_pool *p;

	ck_assert_int_eq(worker_pool_new(&p, 3, NULL), 0);
	ck_assert_uint_eq(worker_pool_stuck_usec(p, USEC_NEVER), 0);
	worker_submit(p, &loop, &t.job);
	pass_until(&n_done, 1);
	ck_assert_uint_eq(worker_pool_stop(p, clock_usec() + 10 * USEC_PER_SEC), 0);
}
END_TEST

#define HOMES 4
#define JOBS  2000

struct home {
	struct loop loop;
	struct worker_pool *pool;
	pthread_t thread;
	unsigned done;
};

struct home_task {
	struct job job;
	struct home *home;
	unsigned value;
};

static void home_run(struct job *j)
{
	container_of(j, struct home_task, job)->value++;
}

static void home_done(struct job *j)
{
	struct home_task *t = container_of(j, struct home_task, job);

	if (t->value != 1 || !pthread_equal(pthread_self(), t->home->thread))
		ck_abort_msg("a job was not run, or came to a foreign home");
	t->home->done++;
}

static void *home_main(void *arg)
{
	static _Thread_local struct home_task tasks[JOBS];
	struct home *h = arg;

	h->thread = pthread_self();
	for (unsigned i = 0; i < JOBS; i++) {
		tasks[i] = (struct home_task){ .job = { .run = home_run, .on_complete = home_done }, .home = h };
		worker_submit(h->pool, &h->loop, &tasks[i].job);
	}
	while (h->done < JOBS)
		(void)loop_pass(&h->loop, -1);
	return NULL;
}

START_TEST(many_homes_share_a_pool)
{
	struct home homes[HOMES] = {};
	pthread_t threads[HOMES];
	struct worker_pool *p;

	ck_assert_int_eq(worker_pool_new(&p, 3, NULL), 0);
	for (unsigned i = 0; i < HOMES; i++) {
		homes[i].pool = p;
		ck_assert_int_eq(loop_init(&homes[i].loop), 0);
		ck_assert_int_eq(pthread_create(&threads[i], NULL, home_main, &homes[i]), 0);
	}
	for (unsigned i = 0; i < HOMES; i++) {
		(void)pthread_join(threads[i], NULL);
		loop_done(&homes[i].loop);
		ck_assert_uint_eq(homes[i].done, JOBS);
	}
	ck_assert_uint_eq(worker_pool_stop(p, clock_usec() + 10 * USEC_PER_SEC), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("worker");
	TCase *tc = tcase_create("worker");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, jobs_start_in_order_and_come_home);
	tcase_add_test(tc, a_job_may_be_submitted_again_when_done);
	tcase_add_test(tc, a_stuck_job_is_reported_and_left_behind);
	tcase_add_test(tc, a_stuck_job_holds_up_no_other_thread);
	tcase_add_test(tc, the_end_comes_behind_the_last_job);
	tcase_add_test(tc, an_idle_pool_is_not_stuck);
	tcase_add_test(tc, many_homes_share_a_pool);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
