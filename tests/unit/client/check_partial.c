/* SPDX-License-Identifier: MIT */
#include "client/partial.h"

#include "base/buf.h"
#include "base/io.h"
#include "base/macro.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "unit/fixture/run.h"

static char dir[] = "/tmp/check_partial.XXXXXX";
static char target[sizeof(dir) + 16];

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(target, sizeof(target), "%s/file", dir);
	(void)umask(022);
}

static unsigned entries(void)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	(void)closedir(d);
	return n;
}

static void teardown(void)
{
	(void)unlink(target);
	(void)rmdir(target);
	ck_assert_msg(rmdir(dir) == 0, "something was left behind in %s", dir);
}

static void put_file(const char *text, mode_t mode)
{
	int fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_write_all(fd, text, strlen(text)), 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	(void)close(fd);
}

static void assert_file(const char *text, mode_t mode)
{
	struct buf b = { 0 };
	struct stat st;

	ck_assert_int_eq(io_read_file(AT_FDCWD, target, &b), 0);
	ck_assert_str_eq(buf_str(&b), text);
	buf_done(&b);
	ck_assert_int_eq(stat(target, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, mode);
}

START_TEST(new_file)
{
	struct partial p = PARTIAL_INERT;

	ck_assert_int_eq(partial_begin(&p, target), 0);
	ck_assert_int_eq(access(target, F_OK), -1);
	ck_assert_int_eq(io_write_all(p.fd, "new", 3), 0);
	ck_assert_int_eq(partial_finish(&p), 0);
	partial_done(&p);
	assert_file("new", 0644);
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

START_TEST(replaces_and_keeps_the_mode)
{
	struct partial p = PARTIAL_INERT;

	put_file("old and long", 0640);
	ck_assert_int_eq(partial_begin(&p, target), 0);
	ck_assert_int_eq(io_write_all(p.fd, "new", 3), 0);
	assert_file("old and long", 0640);
	ck_assert_int_eq(partial_finish(&p), 0);
	assert_file("new", 0640);
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

START_TEST(breaks_off)
{
	struct partial p = PARTIAL_INERT;

	put_file("old", 0644);
	ck_assert_int_eq(partial_begin(&p, target), 0);
	ck_assert_int_eq(io_write_all(p.fd, "ne", 2), 0);
	ck_assert_uint_eq(entries(), 2);
	partial_done(&p);
	partial_done(&p);
	assert_file("old", 0644);
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

START_TEST(removed_by_a_signal_handler)
{
	struct partial p = PARTIAL_INERT;

	partial_remove();
	ck_assert_int_eq(partial_begin(&p, target), 0);
	ck_assert_uint_eq(entries(), 1);
	partial_remove();
	ck_assert_uint_eq(entries(), 0);
	partial_done(&p);

	ck_assert_int_eq(partial_begin(&p, target), 0);
	ck_assert_int_eq(partial_finish(&p), 0);
	partial_remove();
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

START_TEST(only_regular_files)
{
	struct partial p = PARTIAL_INERT;

	ck_assert_int_eq(mkdir(target, 0700), 0);
	ck_assert_int_eq(partial_begin(&p, target), -EISDIR);
	ck_assert_int_eq(rmdir(target), 0);
	ck_assert_int_eq(mkfifo(target, 0600), 0);
	ck_assert_int_eq(partial_begin(&p, target), -ENOTSUP);
	ck_assert_int_eq(unlink(target), 0);
	ck_assert_int_eq(symlink("elsewhere", target), 0);
	ck_assert_int_eq(partial_begin(&p, target), -ENOTSUP);
	ck_assert_int_eq(partial_begin(&p, "/dev/null"), -ENOTSUP);
	ck_assert_int_eq(partial_begin(&p, "/dev/stdout"), -ENOTSUP);
	ck_assert_int_eq(p.fd, -1);
	partial_done(&p);
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

START_TEST(folder_that_is_not_there)
{
	char far[sizeof(target) + 16], longest[PATH_MAX + 8];
	struct partial p = PARTIAL_INERT;

	(void)snprintf(far, sizeof(far), "%s/none/file", dir);
	ck_assert_int_eq(partial_begin(&p, far), -ENOENT);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_lt(partial_begin(&p, longest), 0);
	ck_assert_int_eq(p.fd, -1);
}
END_TEST

START_TEST(longest_name)
{
	char path[sizeof(dir) + 260];
	struct partial p = PARTIAL_INERT;
	int n;

	n = snprintf(path, sizeof(path), "%s/", dir);
	memset(path + n, 'x', 255);
	path[n + 255] = '\0';
	ck_assert_int_eq(partial_begin(&p, path), 0);
	ck_assert_int_eq(partial_finish(&p), 0);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* In a folder of others its name may be taken by another file, which must not become what was fetched. */
START_TEST(another_file_has_its_name)
{
	struct partial p = PARTIAL_INERT;
	int fd;

	put_file("old", 0640);
	ck_assert_int_eq(partial_begin(&p, target), 0);
	ck_assert_int_eq(io_write_all(p.fd, "new", 3), 0);
	ck_assert_int_eq(unlink(p.temp), 0);
	fd = open(p.temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	ck_assert_int_eq(partial_finish(&p), -ESTALE);
	assert_file("old", 0640);
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("partial");
	TCase *t = tcase_create("partial");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, new_file);
	tcase_add_test(t, replaces_and_keeps_the_mode);
	tcase_add_test(t, breaks_off);
	tcase_add_test(t, removed_by_a_signal_handler);
	tcase_add_test(t, only_regular_files);
	tcase_add_test(t, folder_that_is_not_there);
	tcase_add_test(t, longest_name);
	tcase_add_test(t, another_file_has_its_name);
	suite_add_tcase(s, t);
	return run_suite(s);
}
