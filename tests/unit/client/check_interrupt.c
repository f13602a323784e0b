/* SPDX-License-Identifier: MIT */
/* SIGINT at a prompt ends the wait, whether it comes in it or on the way there; and what else ends the program. */
#include "client/interrupt.h"

#include "base/macro.h"
#include "client/partial.h"
#include "client/progress.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit/fixture/run.h"

static struct pollfd quiet, ready;

/* What ends a program, of which some are ignored where a shell has put the tests in the background. */
static const int ending[] = { SIGHUP, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF };

static void setup(void)
{
	int fds[2];

	(void)signal(SIGINT, SIG_DFL);
	for (size_t i = 0; i < ELEMENTSOF(ending); i++)
		(void)signal(ending[i], SIG_DFL);
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

/* Whatever ends it, a file that is not whole goes, and it ends as it should. */
START_TEST(each_removes_the_part)
{
	char dir[] = "/tmp/check_interrupt.XXXXXX", target[64];
	struct partial p = PARTIAL_INERT;
	int status;
	pid_t pid;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(target, sizeof(target), "%s/file", dir);
	pid = fork();
	if (pid == 0) {
		const struct rlimit none = { 0 };

		(void)setrlimit(RLIMIT_CORE, &none);
		if (partial_begin(&p, target) < 0)
			_exit(1);
		(void)raise(ending[_i]);
		_exit(2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status), "exit status %d", WEXITSTATUS(status));
	ck_assert_int_eq(WTERMSIG(status), ending[_i]);
	ck_assert_msg(rmdir(dir) == 0, "something is left in %s", dir);
}
END_TEST

/* What its caller had it ignore (nohup) does not end it. */
START_TEST(ignored_ones_stay_so)
{
	(void)signal(SIGHUP, SIG_IGN);
	interrupt_install(false);
	(void)raise(SIGHUP);
	_exit(0);
}
END_TEST

/* In a transfer SIGINT says what became of it, else nothing. */
START_TEST(words_of_the_last)
{
	char seen[256] = "";
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		const struct client c = { .label = "put f" };
		struct progress p;

		(void)dup2(ends[1], STDERR_FILENO);
		interrupt_install(false);
		progress_begin(&p, &c, "nothing was stored", 100);
		if (_i == 1)
			progress_wait(&p, "it may be stored");
		else if (_i == 2)
			progress_end(&p);
		(void)raise(SIGINT);
		_exit(1);
	}
	(void)close(ends[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	n = read(ends[0], seen, sizeof(seen) - 1);
	(void)close(ends[0]);
	seen[n > 0 ? n : 0] = '\0';
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 9);
	ck_assert_str_eq(seen, _i == 0 ? "ioe-client: put f: interrupted; nothing was stored\n" :
			       _i == 1 ? "ioe-client: put f: interrupted; it may be stored\n" : "");
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
	tcase_add_loop_test(tc, each_removes_the_part, 0, (int)(sizeof(ending) / sizeof(ending[0])));
	tcase_add_exit_test(tc, ignored_ones_stay_so, 0);
	tcase_add_loop_test(tc, words_of_the_last, 0, 3);
	tcase_add_exit_test(tc, the_second_ends_the_program, 9);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
