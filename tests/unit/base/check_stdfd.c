/* SPDX-License-Identifier: MIT */
#include "base/stdfd.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/fixture/run.h"

/* Each test has a process of its own. What fails shows as an exit status: there may be no stderr. */

static int is_null(int fd)
{
	struct stat here, null;

	return fstat(fd, &here) == 0 && stat("/dev/null", &null) == 0 && here.st_rdev == null.st_rdev;
}

/* Every set of them, by its bits. */
START_TEST(closed_ones_are_opened)
{
	struct stat before[3], after;
	char byte = 0;
	int fd;

	for (fd = 0; fd < 3; fd++)
		if (fstat(fd, &before[fd]) < 0)
			_exit(10);
	for (fd = 0; fd < 3; fd++)
		if (_i & 1 << fd)
			(void)close(fd);
	if (stdfd_open() < 0)
		_exit(11);
	for (fd = 0; fd < 3; fd++) {
		if (fstat(fd, &after) < 0)
			_exit(12);
		if (!(_i & 1 << fd) && (after.st_dev != before[fd].st_dev || after.st_ino != before[fd].st_ino))
			_exit(13);
		if (_i & 1 << fd && !is_null(fd))
			_exit(14);
		if (_i & 1 << fd && (fcntl(fd, F_GETFD) & FD_CLOEXEC))
			_exit(15);
	}
	if (_i & 1 && (read(0, &byte, 1) >= 0 || errno != EBADF))
		_exit(16);
	if (_i & 2 && (write(1, &byte, 1) >= 0 || errno != EBADF))
		_exit(17);
	if (_i & 4 && (write(2, &byte, 1) >= 0 || errno != EBADF))
		_exit(18);
	/* The next one is none of them. */
	if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 3)
		_exit(19);
	_exit(0);
}
END_TEST

START_TEST(flush_says_what_failed)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), before = dup(1), first, second;

	ck_assert_int_eq(stdfd_flush(), 0);
	(void)dup2(full, 1);
	(void)printf("lost");
	first = stdfd_flush();
	second = stdfd_flush(); /* and it is not forgotten */
	(void)dup2(before, 1);
	ck_assert_int_eq(first, -ENOSPC);
	ck_assert_int_lt(second, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("stdfd");
	TCase *t = tcase_create("stdfd");

	tcase_add_loop_exit_test(t, closed_ones_are_opened, 0, 0, 8);
	tcase_add_test(t, flush_says_what_failed);
	suite_add_tcase(s, t);
	return run_suite(s);
}
