/* SPDX-License-Identifier: MIT */
#include "control/peer_rights.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "unit/fixture/run.h"

#define STRANGER 1234
#define ADMINS   4321

/* Rights */

START_TEST(test_allow)
{
	static const gid_t groups[] = { 1, 2, ADMINS };

	ck_assert(peer_rights_allow(50, ADMINS, 0, 0, NULL, 0));
	ck_assert(peer_rights_allow(50, PEER_RIGHTS_NO_GROUP, 0, 0, NULL, 0));
	ck_assert(peer_rights_allow(50, ADMINS, 50, 7, NULL, 0));
	ck_assert(peer_rights_allow(50, ADMINS, 51, ADMINS, NULL, 0));
	ck_assert(peer_rights_allow(50, ADMINS, 51, 7, groups, 3));
	ck_assert(!peer_rights_allow(50, ADMINS, 51, 7, groups, 2));
	ck_assert(!peer_rights_allow(50, ADMINS, 51, 7, NULL, 0));
	/* Without the group nobody is in it, not even who has the number that stands for none. */
	ck_assert(!peer_rights_allow(50, PEER_RIGHTS_NO_GROUP, 51, PEER_RIGHTS_NO_GROUP, NULL, 0));
	ck_assert(!peer_rights_allow(50, PEER_RIGHTS_NO_GROUP, 51, 0, groups, 3));
	/* The uid that means "none" is nobody's, whatever the daemon is. */
	ck_assert(!peer_rights_allow((uid_t)-1, ADMINS, (uid_t)-1, ADMINS, groups, 3));
}
END_TEST

START_TEST(test_not_unix)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), c = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(a);
	struct peer_rights rights;
	int fd;

	ck_assert_int_eq(bind(l, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(l, 1), 0);
	ck_assert_int_eq(getsockname(l, (struct sockaddr *)&a, &len), 0);
	ck_assert_int_eq(connect(c, (struct sockaddr *)&a, sizeof(a)), 0);
	fd = accept4(l, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(peer_rights_of(fd, ADMINS, &rights), -EAFNOSUPPORT);
	(void)close(fd);
	(void)close(c);
	(void)close(l);
}
END_TEST

START_TEST(test_own)
{
	struct peer_rights rights;
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	ck_assert_int_eq(peer_rights_of(fd[0], PEER_RIGHTS_NO_GROUP, &rights), 0);
	ck_assert_uint_eq(rights.uid, geteuid());
	ck_assert(rights.allowed && rights.exempt);
	(void)close(fd[0]);
	(void)close(fd[1]);
}
END_TEST

/* As someone else in these groups, in a child: connects, and waits for the end. Only root can. */
static pid_t stranger_connects(const struct sockaddr_un *a, socklen_t len, size_t n_groups, const gid_t *groups)
{
	pid_t pid = fork();
	char c;
	int fd;

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	if (setgroups(n_groups, groups) < 0 || setresgid(STRANGER, STRANGER, STRANGER) < 0 ||
	    setresuid(STRANGER, STRANGER, STRANGER) < 0)
		_exit(2);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_exit(connect(fd, (const struct sockaddr *)a, len) < 0 || read(fd, &c, 1) != 0);
}

/* Of many groups the last one counts too, though the kernel must be asked twice for them. */
START_TEST(test_groups)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(a);
	gid_t groups[200];
	int l;

	if (geteuid() != 0) {
		(void)fprintf(stderr, "not root: the groups of a stranger were not tried\n");
		return;
	}
	/* A name without a file: the kernel chooses one. */
	l = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(l, (struct sockaddr *)&a, sizeof(sa_family_t)), 0);
	ck_assert_int_eq(getsockname(l, (struct sockaddr *)&a, &len), 0);
	ck_assert_int_eq(listen(l, 1), 0);
	for (gid_t i = 0; i < ELEMENTSOF(groups); i++)
		groups[i] = 10000 + i;
	for (gid_t n = 0; n <= ELEMENTSOF(groups); n += 50) {
		pid_t pid = stranger_connects(&a, len, n, groups);
		int fd = accept4(l, NULL, NULL, SOCK_CLOEXEC), status;
		struct peer_rights rights = { 0 };

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(peer_rights_of(fd, 10000 + n - 1, &rights), 0);
		ck_assert_uint_eq(rights.uid, STRANGER);
		ck_assert(rights.allowed == (n > 0) && !rights.exempt);
		ck_assert_int_eq(peer_rights_of(fd, 10000 + n, &rights), 0);
		ck_assert(!rights.allowed);
		ck_assert_int_eq(peer_rights_of(fd, STRANGER, &rights), 0);
		ck_assert(rights.allowed); /* the primary group counts as well */
		(void)close(fd);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
	}
	(void)close(l);
}
END_TEST

/* In a child, with a pid namespace below it, since no process can be made beside one whose first has ended. */
static int outsider_is_known(int fd)
{
	struct ucred cred = { .pid = -1 };
	struct peer_rights rights;
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID) < 0)
		return 77;
	pid = fork();
	if (pid != 0)
		return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &(socklen_t){ sizeof(cred) }) < 0 || cred.pid != 0)
		_exit(1);
	_exit(peer_rights_of(fd, PEER_RIGHTS_NO_GROUP, &rights) < 0 || rights.uid != geteuid() || !rights.allowed);
}

/* The pid of a peer outside of our pid namespace is 0, and he is who he is all the same. Only root can try. */
START_TEST(test_other_pid_namespace)
{
	int fd[2], status;
	pid_t pid;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(outsider_is_known(fd[0]));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		(void)fprintf(stderr, "not root: no pid namespace was tried\n");
	else
		ck_assert_int_eq(status, 0);
	(void)close(fd[0]);
	(void)close(fd[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rights");
	TCase *t = tcase_create("rights");

	suite_add_tcase(s, t);
	tcase_add_test(t, test_allow);
	tcase_add_test(t, test_not_unix);
	tcase_add_test(t, test_own);
	tcase_add_test(t, test_groups);
	tcase_add_test(t, test_other_pid_namespace);
	return run_suite(s);
}
