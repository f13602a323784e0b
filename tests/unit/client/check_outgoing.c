/* SPDX-License-Identifier: MIT */
/* What is sent is what there was to read, whatever the file says of its size. */
#include "client/outgoing.h"

#include "base/io.h"
#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "unit/fixture/folder.h"
#include "unit/fixture/run.h"

#define SMALL (256U << 10) /* up to here it is in memory */

static struct outgoing o;
static char path[sizeof(folder_path) + 16];
static int error;

static void setup(void)
{
	folder_make();
	(void)snprintf(path, sizeof(path), "%s/file", folder_path);
	ck_assert_int_eq(setenv("TMPDIR", folder_path, 1), 0);
	o = OUTGOING_INERT;
	error = 0;
}

static void teardown(void)
{
	outgoing_done(&o);
	outgoing_done(&o);
	folder_remove();
}

static char at(uint64_t i)
{
	return (char)(i * 7 + i / 251);
}

static void fill(int fd, uint64_t from, uint64_t to)
{
	for (; from < to; from++) {
		char c = at(from);

		ck_assert_int_eq(write(fd, &c, 1), 1);
	}
}

static int make(uint64_t size)
{
	char *data = malloc(size + 1);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	for (uint64_t i = 0; i < size; i++)
		data[i] = at(i);
	ck_assert_int_eq(io_write_all(fd, data, size), 0);
	free(data);
	return fd;
}

/* All from byte @begin of the pattern on, in odd pieces. */
static void expect(uint64_t begin, uint64_t size)
{
	char piece[4099], wanted[sizeof(piece)];
	uint64_t done = 0;
	ssize_t k;

	ck_assert_uint_eq(o.size, size);
	while ((k = outgoing_read(&o, done, piece, sizeof(piece))) > 0) {
		for (ssize_t i = 0; i < k; i++)
			wanted[i] = at(begin + done++);
		ck_assert_mem_eq(piece, wanted, (size_t)k);
	}
	ck_assert_int_eq(k, 0);
	ck_assert_uint_eq(done, size);
}

static const uint64_t sizes[] = { 0, 1, 4096, SMALL - 1, SMALL, SMALL + 1, 3 * SMALL + 5 };

START_TEST(a_file)
{
	(void)close(make(sizes[_i]));
	ck_assert_int_eq(outgoing_open(&o, path, &error), 0);
	expect(0, sizes[_i]);
	ck_assert_uint_eq(folder_count("."), 1);
}
END_TEST

/* From where the descriptor stands, and it stays there. */
START_TEST(from_the_middle)
{
	int fd = make(sizes[_i]);
	off_t begin = (off_t)(sizes[_i] / 3);

	ck_assert_int_eq(lseek(fd, begin, SEEK_SET), begin);
	ck_assert_int_eq(outgoing_open_fd(&o, fd, &error), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), begin);
	expect((uint64_t)begin, sizes[_i] - (uint64_t)begin);
	outgoing_done(&o);
	/* Behind the end there is nothing. */
	ck_assert_int_ge(lseek(fd, 10, SEEK_END), 0);
	ck_assert_int_eq(outgoing_open_fd(&o, fd, &error), 0);
	expect(0, 0);
	(void)close(fd);
}
END_TEST

START_TEST(a_pipe)
{
	int ends[2];
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)close(ends[0]);
		for (uint64_t done = 0; done < sizes[_i];) {
			char piece[1000];
			size_t n = MIN(sizes[_i] - done, sizeof(piece));

			for (size_t i = 0; i < n; i++)
				piece[i] = at(done + i);
			if (io_write_all(ends[1], piece, n) < 0)
				_exit(1);
			done += n;
		}
		_exit(0);
	}
	(void)close(ends[1]);
	ck_assert_int_eq(outgoing_open_fd(&o, ends[0], &error), 0);
	expect(0, sizes[_i]);
	ck_assert_uint_eq(folder_count("."), 0); /* the temporary file has no name */
	(void)close(ends[0]);
}
END_TEST

START_TEST(proc_says_nothing_of_its_size)
{
	struct stat st;
	char text[64] = "";

	if (stat("/proc/self/stat", &st) < 0)
		return;
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_int_eq(outgoing_open(&o, "/proc/self/stat", &error), 0);
	ck_assert_uint_gt(o.size, 10);
	ck_assert_int_gt(outgoing_read(&o, 0, text, sizeof(text) - 1), 10);
	ck_assert_int_eq(strtol(text, NULL, 10), getpid());
}
END_TEST

/* /sys says 4096 of what has a few bytes. */
START_TEST(sys_says_too_much)
{
	struct stat st;

	if (stat("/sys/kernel/mm/transparent_hugepage/enabled", &st) < 0 &&
	    stat("/sys/kernel/profiling", &st) < 0)
		return;
	ck_assert_int_eq(outgoing_open(&o, access("/sys/kernel/profiling", R_OK) == 0 ?
					       "/sys/kernel/profiling" : "/sys/kernel/mm/transparent_hugepage/enabled",
				       &error), 0);
	ck_assert_uint_gt(o.size, 0);
	ck_assert_uint_lt(o.size, 4096);
}
END_TEST

START_TEST(one_that_grows_and_one_that_shrinks)
{
	uint64_t size = _i ? 2 * SMALL : 100;
	char byte;
	int fd = make(size);

	ck_assert_int_eq(outgoing_open(&o, path, &error), 0);
	ck_assert_int_ge(lseek(fd, 0, SEEK_END), 0);
	fill(fd, size, size + 50);
	expect(0, size);
	ck_assert_int_eq(ftruncate(fd, 10), 0);
	if (_i) /* what was in memory before is whole */
		ck_assert_int_eq(outgoing_read(&o, 10, &byte, 1), 0);
	else
		expect(0, size);
	(void)close(fd);
}
END_TEST

START_TEST(what_is_no_file)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	ck_assert_int_eq(outgoing_open(&o, folder_path, &error), OUTGOING_E_FOLDER);
	ck_assert_int_eq(outgoing_open(&o, "/dev/null", &error), OUTGOING_E_NO_FILE);
	ck_assert_int_eq(outgoing_open(&o, path, &error), -ENOENT);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(outgoing_open(&o, path, &error), OUTGOING_E_NO_FILE); /* and does not wait for a writer */
	ck_assert_int_eq(unlink(path), 0);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_lt(outgoing_open(&o, path, &error), 0);
	(void)close(fd);
	fd = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(outgoing_open_fd(&o, fd, &error), OUTGOING_E_FOLDER);
	(void)close(fd);
	ck_assert_int_eq(outgoing_open_fd(&o, fd, &error), -EBADF);
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(outgoing_open_fd(&o, fd, &error), -EBADF);
	(void)close(fd);
	ck_assert_int_eq(o.fd, -1);
}
END_TEST

START_TEST(nowhere_to_keep_it)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
	ck_assert_int_eq(outgoing_open_fd(&o, fd, &error), OUTGOING_E_NO_TEMPORARY);
	ck_assert_int_eq(error, -ENOENT);
	(void)close(fd);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("outgoing");
	TCase *t = tcase_create("outgoing");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_file, 0, (int)ELEMENTSOF(sizes));
	tcase_add_loop_test(t, from_the_middle, 0, (int)ELEMENTSOF(sizes));
	tcase_add_loop_test(t, a_pipe, 0, (int)ELEMENTSOF(sizes));
	tcase_add_test(t, proc_says_nothing_of_its_size);
	tcase_add_test(t, sys_says_too_much);
	tcase_add_loop_test(t, one_that_grows_and_one_that_shrinks, 0, 2);
	tcase_add_test(t, what_is_no_file);
	tcase_add_test(t, nowhere_to_keep_it);
	suite_add_tcase(s, t);
	return run_suite(s);
}
