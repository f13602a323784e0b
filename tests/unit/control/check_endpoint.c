/* SPDX-License-Identifier: MIT */
#include "control/endpoint.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "unit/fixture/run.h"

static char dir[64], path[96], why[512];
static struct endpoint e = ENDPOINT_NULL;

static void set_up(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(dir, sizeof(dir), "%s/ioe-endpoint-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/control.sock", dir);
}

static void tear_down(void)
{
	endpoint_done(&e);
	(void)unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* The program's own comes before the library's. */
static const char *swapped_for;
static bool swapped;

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	int r = (int)syscall(SYS_bind, fd, addr, len);

	if (!swapped)
		return r;
	ck_assert_int_eq(unlink(path), 0);
	if (swapped_for)
		ck_assert_int_eq(symlink(swapped_for, path), 0);
	return r;
}

static int open_in(const char *in, const char *name)
{
	return endpoint_open(in, name, (gid_t)-1, &e, why, sizeof(why));
}

static int open_here(void)
{
	return open_in(dir, "control.sock");
}

/* Binds the name, as a daemon that was killed leaves it. */
static void leave_socket(int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	(void)close(fd);
}

static void leave_file(void)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}

START_TEST(test_open)
{
	struct stat st;

	(void)umask(0777); /* whatever it is, the mode is ours */
	ck_assert_msg(open_here() == 0, "%s", why);
	ck_assert_str_eq(e.path, path);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	endpoint_done(&e);
	ck_assert_int_eq(lstat(path, &st), -1);
	endpoint_done(&e); /* inert */
}
END_TEST

START_TEST(test_group)
{
	struct stat st;

	if (geteuid() != 0)
		return; /* it would be refused, and the socket stays the user's own */
	ck_assert_int_eq(endpoint_open(dir, "control.sock", 4321, &e, why, sizeof(why)), 0);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert_uint_eq(st.st_gid, 4321);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
}
END_TEST

START_TEST(test_in_use)
{
	struct endpoint second = ENDPOINT_NULL;

	ck_assert_int_eq(open_here(), 0);
	ck_assert_int_eq(endpoint_open(dir, "control.sock", (gid_t)-1, &second, why, sizeof(why)), -EADDRINUSE);
	ck_assert_msg(strstr(why, "Another ioed runs on ") && strstr(why, path), "%s", why);
	ck_assert_int_eq(second.fd, -1);
	/* Also while it is stuck: its queue is full, and it is there all the same. */
	for (int i = 0; i < 200; i++) {
		struct sockaddr_un a = { .sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
			break;
	}
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(endpoint_open(dir, "control.sock", (gid_t)-1, &second, why, sizeof(why)), -EADDRINUSE);
}
END_TEST

/* Two that start at once: one of them has the folder, and the other one touches nothing. */
START_TEST(test_at_once)
{
	int lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	leave_socket(SOCK_STREAM);
	ck_assert_int_eq(flock(lock, LOCK_EX), 0);
	ck_assert_int_eq(open_here(), -EADDRINUSE);
	ck_assert_msg(strstr(why, "another ioed is just starting on it"), "%s", why);
	(void)close(lock);
	ck_assert_int_eq(open_here(), 0);
}
END_TEST

START_TEST(test_stale)
{
	leave_socket(SOCK_STREAM);
	ck_assert_msg(open_here() == 0, "%s", why);
	endpoint_done(&e);
	/* A socket of another kind is none of ours, and not ours to take. */
	leave_socket(SOCK_DGRAM);
	if (open_here() != 0) {
		ck_assert_ptr_nonnull(strstr(why, "cannot be replaced"));
		ck_assert_int_eq(access(path, F_OK), 0);
	}
}
END_TEST

/* Only a socket is ever replaced, and a link is not followed. */
START_TEST(test_no_socket)
{
	leave_file();
	ck_assert_int_eq(open_here(), -EEXIST);
	ck_assert_msg(strstr(why, path) && strstr(why, "is no socket"), "%s", why);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/nowhere", path), 0);
	ck_assert_int_eq(open_here(), -EEXIST);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(open_here(), -EEXIST);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

/* A path of 107 bytes is the longest. */
START_TEST(test_path)
{
	size_t room = ENDPOINT_PATH_MAX - strlen("/control.sock");
	char deep[256];

	(void)snprintf(deep, sizeof(deep), "%s/", dir);
	memset(deep + strlen(deep), 'x', room - strlen(deep));
	deep[room] = 0;
	ck_assert_int_eq(mkdir(deep, 0755), 0);
	ck_assert_msg(open_in(deep, "control.sock") == 0, "%s", why);
	ck_assert_uint_eq(strlen(e.path), ENDPOINT_PATH_MAX);
	endpoint_done(&e);
	ck_assert_int_eq(rmdir(deep), 0);
	ck_assert_int_eq(open_in(deep, "control.sockx"), -ENAMETOOLONG);
	ck_assert_msg(strstr(why, "has 108 bytes, and the kernel takes 1 to 107"), "%s", why);

	ck_assert_int_eq(open_in("/nowhere/at/all", "control.sock"), -ENOENT);
	ck_assert_msg(strstr(why, "/nowhere/at/all cannot be opened"), "%s", why);
}
END_TEST

/* Somebody else's name is not taken away at the end. */
START_TEST(test_name_replaced)
{
	ck_assert_int_eq(open_here(), 0);
	ck_assert_int_eq(unlink(path), 0);
	leave_file();
	endpoint_done(&e);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

/* Right behind bind(): who may write to the folder puts a link there, to what he would like to be writable. */
START_TEST(test_link_in_its_place)
{
	char victim[96];
	struct stat st;
	int fd;

	(void)snprintf(victim, sizeof(victim), "%s/victim", dir);
	fd = open(victim, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	swapped_for = _i ? NULL : victim;
	swapped = true;
	ck_assert_int_eq(open_here(), _i ? -ENOENT : -ESTALE);
	swapped = false;
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	(void)close(fd);
	(void)unlink(victim);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("endpoint");
	TCase *t = tcase_create("endpoint");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, test_open);
	tcase_add_test(t, test_group);
	tcase_add_test(t, test_in_use);
	tcase_add_test(t, test_at_once);
	tcase_add_test(t, test_stale);
	tcase_add_test(t, test_no_socket);
	tcase_add_test(t, test_path);
	tcase_add_test(t, test_name_replaced);
	tcase_add_loop_test(t, test_link_in_its_place, 0, 2);
	return run_suite(s);
}
