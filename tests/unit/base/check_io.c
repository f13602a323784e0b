/* SPDX-License-Identifier: MIT */
#include "base/io.h"

#include "base/macro.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "unit/fixture/run.h"

#define BIG (300 << 10)

static char folder[64];
static int folder_fd = -1;

static void setup(void)
{
	const char *base = getenv("TMPDIR");

	(void)snprintf(folder, sizeof(folder), "%.40s/check_io.XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder_fd, 0);
}

static unsigned count_names(void)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)))
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

static void teardown(void)
{
	(void)unlinkat(folder_fd, "f", 0);
	(void)unlinkat(folder_fd, "d", AT_REMOVEDIR);
	(void)close(folder_fd);
	ck_assert_int_eq(rmdir(folder), 0); /* so nothing else was left behind */
}

static void fill(char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (char)(i * 31 + (i >> 8));
}

struct drain {
	int fd;
	char *data;
	size_t len;
};

static void *drain_run(void *p)
{
	struct drain *d = p;
	ssize_t k;

	while ((k = read(d->fd, d->data + d->len, 997)) > 0)
		d->len += (size_t)k;
	return NULL;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Through a pipe, which takes it in parts, with signals that interrupt it. */
START_TEST(write_all_through_a_pipe)
{
	struct sigaction sa = { .sa_handler = on_signal };
	static char in[BIG], out[BIG + 1000];
	struct drain d = { .data = out };
	pthread_t thread;
	timer_t timer;
	struct itimerspec every = { { 0, 200000 }, { 0, 200000 } };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	int fds[2];

	fill(in, sizeof(in));
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(sigaction(SIGALRM, &sa, NULL), 0); /* without SA_RESTART */
	d.fd = fds[0];
	ck_assert_int_eq(pthread_create(&thread, NULL, drain_run, &d), 0);
	ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &ev, &timer), 0);
	ck_assert_int_eq(timer_settime(timer, 0, &every, NULL), 0);
	ck_assert_int_eq(io_write_all(fds[1], in, sizeof(in)), 0);
	ck_assert_int_eq(timer_delete(timer), 0);
	close(fds[1]);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	close(fds[0]);
	ck_assert_uint_eq(d.len, sizeof(in));
	ck_assert_mem_eq(in, out, sizeof(in));
}
END_TEST

START_TEST(errors)
{
	struct buf b = { .max = 10 };
	char c = 'x';

	ck_assert_int_eq(io_write_all(-1, &c, 1), -EBADF);
	ck_assert_int_eq(io_write_all(-1, &c, 0), 0);
	ck_assert_int_eq(io_pwrite_all(-1, &c, 1, 0), -EBADF);
	ck_assert_int_eq(io_pread_full(-1, &c, 1, 0), -EBADF);
	ck_assert_int_eq(io_read_file(folder_fd, "f", &b), -ENOENT);
	ck_assert_int_eq(io_read_file(folder_fd, ".", &b), -EISDIR);
	ck_assert_int_eq(io_replace_file(-1, "f", &c, 1, 0600), -EBADF);
	buf_done(&b);
}
END_TEST

START_TEST(full_device)
{
	_cleanup_(closep) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	char c = 'x';

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_write_all(fd, &c, 1), -ENOSPC);
}
END_TEST

START_TEST(pwrite_and_pread)
{
	_cleanup_(closep) int fd = openat(folder_fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char t[20];

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_pwrite_all(fd, "world", 5, 6), 0);
	ck_assert_int_eq(io_pwrite_all(fd, "hello ", 6, 0), 0);
	ck_assert_int_eq(io_pread_full(fd, t, 5, 6), 5);
	ck_assert_mem_eq(t, "world", 5);
	ck_assert_int_eq(io_pread_full(fd, t, sizeof(t), 0), 11); /* to the end of file */
	ck_assert_mem_eq(t, "hello world", 11);
	ck_assert_int_eq(io_pread_full(fd, t, sizeof(t), 11), 0);
	ck_assert_int_eq(io_pread_full(fd, t, sizeof(t), 1000), 0);
	ck_assert_int_eq(io_pread_full(fd, t, 0, 0), 0);
}
END_TEST

START_TEST(replace_and_read)
{
	static char in[BIG];
	struct buf b = { .max = 0 };
	struct stat st;
	mode_t mask = umask(077);

	fill(in, sizeof(in));
	ck_assert_int_eq(io_replace_file(folder_fd, "f", "old", 3, 0600), 0);
	ck_assert_int_eq(io_replace_file(folder_fd, "f", in, sizeof(in), 0644), 0);
	ck_assert_uint_eq(count_names(), 1);
	ck_assert_int_eq(fstatat(folder_fd, "f", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644); /* the mode that was asked for, whatever the mask */
	ck_assert_int_eq(io_read_file(folder_fd, "f", &b), 0);
	ck_assert_uint_eq(b.len, sizeof(in));
	ck_assert_mem_eq(b.data, in, b.len);
	buf_done(&b);
	ck_assert_int_eq(io_replace_file(folder_fd, "f", NULL, 0, 0600), 0);
	ck_assert_int_eq(io_read_file(folder_fd, "f", &b), 0);
	ck_assert_uint_eq(b.len, 0);
	buf_done(&b);
	(void)umask(mask);
}
END_TEST

/* What stands under the name stays, and no temporary file does, where it fails. */
START_TEST(replace_fails)
{
	ck_assert_int_eq(mkdirat(folder_fd, "d", 0700), 0);
	ck_assert_int_eq(io_replace_file(folder_fd, "d", "x", 1, 0600), -EISDIR);
	ck_assert_int_eq(io_replace_file(folder_fd, "none/f", "x", 1, 0600), -ENOENT);
	ck_assert_uint_eq(count_names(), 1);
}
END_TEST

START_TEST(replace_through_o_path)
{
	_cleanup_(closep) int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct buf b = { .max = 8 };

	ck_assert_int_eq(io_replace_file(fd, "f", "text", 4, 0600), 0);
	ck_assert_int_eq(io_read_file(fd, "f", &b), 0);
	ck_assert_str_eq(buf_str(&b), "text");
	buf_done(&b);
}
END_TEST

/* A file of exactly the ceiling is read, a longer one is not and leaves the buffer as it was. */
START_TEST(read_to_the_ceiling)
{
	static char in[9001];
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 9000 };
	size_t i;

	fill(in, sizeof(in));
	for (i = 0; i < ELEMENTSOF(sizes); i++) {
		struct buf b = { .max = sizes[i] + 2 };

		ck_assert_int_eq(buf_append(&b, "ab", 2), 0);
		ck_assert_int_eq(io_replace_file(folder_fd, "f", in, sizes[i] + 1, 0600), 0);
		ck_assert_int_eq(io_read_file(folder_fd, "f", &b), -ENOBUFS);
		ck_assert_str_eq(buf_str(&b), "ab");
		ck_assert_int_eq(io_replace_file(folder_fd, "f", in, sizes[i], 0600), 0);
		ck_assert_int_eq(io_read_file(folder_fd, "f", &b), 0);
		ck_assert_uint_eq(b.len, sizes[i] + 2);
		ck_assert_mem_eq(b.data, "ab", 2);
		ck_assert_mem_eq(b.data + 2, in, sizes[i]);
		buf_done(&b);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("io");
	TCase *t = tcase_create("io");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, write_all_through_a_pipe);
	tcase_add_test(t, errors);
	tcase_add_test(t, full_device);
	tcase_add_test(t, pwrite_and_pread);
	tcase_add_test(t, replace_and_read);
	tcase_add_test(t, replace_fails);
	tcase_add_test(t, replace_through_o_path);
	tcase_add_test(t, read_to_the_ceiling);
	suite_add_tcase(s, t);
	return run_suite(s);
}
