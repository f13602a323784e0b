/* SPDX-License-Identifier: MIT */
/* The manager is a datagram socket of the test's: what arrives, in which order, and what waits while it is full. */

#include "log/service_manager.h"
#include "base/log.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/fixture/run.h"

static int manager_fd;
static struct sockaddr_un manager_addr;
static socklen_t manager_addr_size;
static unsigned n_warnings;

static void count_warnings(enum log_level level, const struct log_field *fields _unused_, size_t n_fields _unused_,
			   const char *text _unused_)
{
	n_warnings += level == LOG_LEVEL_WARNING;
}

/* An abstract name of the kernel's choice is the manager's. */
static void setup(void)
{
	char variable[sizeof(manager_addr)] = "@";

	manager_addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	manager_addr_size = sizeof(manager_addr);
	manager_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(manager_fd, 0);
	ck_assert_int_eq(bind(manager_fd, (struct sockaddr *)&manager_addr, sizeof(sa_family_t)), 0);
	ck_assert_int_eq(getsockname(manager_fd, (struct sockaddr *)&manager_addr, &manager_addr_size), 0);
	memcpy(variable + 1, manager_addr.sun_path + 1,
	       manager_addr_size - offsetof(struct sockaddr_un, sun_path) - 1);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", variable, 1), 0);
	n_warnings = 0;
	log_set_sink(count_warnings);
}

static void teardown(void)
{
	(void)close(manager_fd);
}

static bool manager_reads(char *ret, size_t size)
{
	ssize_t n = recv(manager_fd, ret, size - 1, 0);

	ck_assert(n >= 0 || errno == EAGAIN);
	if (n >= 0)
		ret[n] = '\0';
	return n >= 0;
}

static void expect(const char *text)
{
	char got[1024];

	ck_assert(manager_reads(got, sizeof(got)));
	ck_assert_str_eq(got, text);
}

static void expect_nothing(void)
{
	char got[1024];

	ck_assert(!manager_reads(got, sizeof(got)));
}

/* Until the manager's queue holds no more; returns how many it took. */
static unsigned fill(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unsigned n = 0;

	while (sendto(fd, "FILL", 4, 0, (struct sockaddr *)&manager_addr, manager_addr_size) == 4)
		n++;
	ck_assert_int_eq(errno, EAGAIN);
	(void)close(fd);
	return n;
}

static void expect_fill(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		expect("FILL");
}

static struct service_manager *notify_here(void)
{
	struct service_manager *n = NULL;

	ck_assert_int_eq(service_manager_new(&n), 0);
	ck_assert_ptr_nonnull(n);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	return n;
}

START_TEST(without_a_manager_nothing_happens)
{
	struct service_manager *n = (struct service_manager *)&n_warnings;

	(void)unsetenv("NOTIFY_SOCKET");
	ck_assert_int_eq(service_manager_new(&n), 0);
	ck_assert_ptr_null(n);
	service_manager_ready(n, "x");
	service_manager_status(n, "x");
	service_manager_reloading(n);
	service_manager_stopping(n, "x", 1);
	service_manager_watchdog(n);
	service_manager_retry(n);
	ck_assert(!service_manager_is_pending(n));
	ck_assert_ptr_null(service_manager_free(n));
}
END_TEST

START_TEST(everything_arrives)
{
	struct service_manager *n = notify_here();
	char got[256];

	service_manager_ready(n, "2 listeners");
	expect("READY=1\nSTATUS=2 listeners");
	service_manager_ready(n, NULL);
	expect("READY=1");
	service_manager_status(n, "fine");
	expect("STATUS=fine");
	service_manager_stopping(n, "bye", UINT64_MAX);
	expect("STOPPING=1\nEXTEND_TIMEOUT_USEC=18446744073709551615\nSTATUS=bye");
	service_manager_watchdog(n);
	expect("WATCHDOG=1");
	service_manager_reloading(n);
	ck_assert(manager_reads(got, sizeof(got)));
	ck_assert_int_eq(strncmp(got, "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	expect_nothing();
	ck_assert(!service_manager_is_pending(n));
	(void)service_manager_free(n);
}
END_TEST

START_TEST(status_cannot_say_more_than_a_status)
{
	struct service_manager *n = notify_here();
	char status[2048], got[1024];

	service_manager_status(n, "a\nSTOPPING=1");
	expect("STATUS=a\\x0aSTOPPING=1");

	memset(status, '\n', sizeof(status) - 1);
	status[sizeof(status) - 1] = '\0';
	service_manager_ready(n, status);
	ck_assert(manager_reads(got, sizeof(got)));
	ck_assert_int_eq(strncmp(got, "READY=1\nSTATUS=\\x0a", 19), 0);
	ck_assert_ptr_null(strchr(got + 15, '\n'));
	ck_assert_str_eq(got + strlen(got) - 3, "...");
	(void)service_manager_free(n);
}
END_TEST

START_TEST(path_address_works)
{
	char dir[] = "/tmp/check-notify-XXXXXX";
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct service_manager *n;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/s", dir);
	(void)close(manager_fd);
	manager_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(manager_fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", addr.sun_path, 1), 0);

	n = notify_here();
	service_manager_ready(n, NULL);
	expect("READY=1");
	(void)service_manager_free(n);
	(void)unlink(addr.sun_path);
	(void)rmdir(dir);
}
END_TEST

static int new_with(const char *address)
{
	struct service_manager *n = NULL;
	int r;

	ck_assert_int_eq(setenv("NOTIFY_SOCKET", address, 1), 0);
	r = service_manager_new(&n);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	ck_assert((r == 0) == (n != NULL));
	(void)service_manager_free(n);
	return r;
}

START_TEST(addresses_are_checked)
{
	char path[120];

	ck_assert_int_eq(new_with(""), -EINVAL);
	ck_assert_int_eq(new_with("/"), -EINVAL);
	ck_assert_int_eq(new_with("@"), -EINVAL);
	ck_assert_int_eq(new_with("run/notify"), -EINVAL);
	ck_assert_int_eq(new_with("vsock:2:1"), -EINVAL);

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[108] = '\0';
	ck_assert_int_eq(new_with(path), -ENAMETOOLONG);
	path[107] = '\0';
	ck_assert_int_eq(new_with(path), 0);

	path[0] = '@';
	path[107] = 'x';
	ck_assert_int_eq(new_with(path), 0);
	path[108] = 'x';
	path[109] = '\0';
	ck_assert_int_eq(new_with(path), -ENAMETOOLONG);
}
END_TEST

START_TEST(ready_waits_until_there_is_room)
{
	struct service_manager *n = notify_here();
	unsigned filled = fill();

	service_manager_ready(n, "up");
	ck_assert(service_manager_is_pending(n));
	service_manager_retry(n);
	ck_assert(service_manager_is_pending(n));

	expect_fill(filled);
	expect_nothing();
	service_manager_retry(n);
	ck_assert(!service_manager_is_pending(n));
	expect("READY=1\nSTATUS=up");
	service_manager_retry(n);
	expect_nothing();
	(void)service_manager_free(n);
}
END_TEST

START_TEST(newest_of_each_kind_is_kept_in_order)
{
	struct service_manager *n = notify_here();
	unsigned filled = fill();
	char got[256];

	for (unsigned i = 0; i < 100; i++) {
		service_manager_ready(n, "first");
		service_manager_status(n, "old");
		service_manager_reloading(n);
		service_manager_status(n, "new");
		service_manager_ready(n, "second");
		service_manager_stopping(n, NULL, 1);
	}
	expect_fill(filled);
	service_manager_retry(n);
	ck_assert(!service_manager_is_pending(n));
	ck_assert(manager_reads(got, sizeof(got)));
	ck_assert_int_eq(strncmp(got, "RELOADING=1\n", 12), 0);
	expect("STATUS=new");
	expect("READY=1\nSTATUS=second");
	expect("STOPPING=1\nEXTEND_TIMEOUT_USEC=1");
	expect_nothing();
	(void)service_manager_free(n);
}
END_TEST

/* As room appears one by one, what was kept leaves one by one, and what is said meanwhile does not overtake it. */
START_TEST(nothing_overtakes_what_waits)
{
	struct service_manager *n = notify_here();
	unsigned filled = fill();

	service_manager_ready(n, NULL);
	service_manager_status(n, "one");
	expect("FILL");
	service_manager_stopping(n, NULL, 1);
	ck_assert(service_manager_is_pending(n));
	expect_fill(filled - 1);
	expect("READY=1");
	expect_nothing();
	service_manager_retry(n);
	expect("STATUS=one");
	expect("STOPPING=1\nEXTEND_TIMEOUT_USEC=1");
	expect_nothing();
	ck_assert(!service_manager_is_pending(n));
	(void)service_manager_free(n);
}
END_TEST

START_TEST(watchdog_is_not_kept)
{
	struct service_manager *n = notify_here();
	unsigned filled = fill();

	service_manager_watchdog(n);
	ck_assert(!service_manager_is_pending(n));
	expect_fill(filled);
	service_manager_retry(n);
	expect_nothing();
	(void)service_manager_free(n);
}
END_TEST

START_TEST(manager_that_is_gone_is_reported_once)
{
	struct service_manager *n = notify_here();

	(void)close(manager_fd);
	manager_fd = -1;
	service_manager_ready(n, NULL);
	service_manager_status(n, "x");
	ck_assert(!service_manager_is_pending(n));
	ck_assert_uint_eq(n_warnings, 1);
	(void)service_manager_free(n);
}
END_TEST

static uint64_t watchdog_with(const char *usec, const char *pid)
{
	uint64_t v;

	ck_assert_int_eq(usec ? setenv("WATCHDOG_USEC", usec, 1) : unsetenv("WATCHDOG_USEC"), 0);
	ck_assert_int_eq(pid ? setenv("WATCHDOG_PID", pid, 1) : unsetenv("WATCHDOG_PID"), 0);
	v = service_manager_watchdog_usec();
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	ck_assert_ptr_null(getenv("WATCHDOG_PID"));
	return v;
}

START_TEST(watchdog_time_is_read)
{
	char mine[16], other[16];

	(void)snprintf(mine, sizeof(mine), "%d", (int)getpid());
	(void)snprintf(other, sizeof(other), "%d", (int)getppid());
	ck_assert_uint_eq(watchdog_with(NULL, NULL), 0);
	ck_assert_uint_eq(watchdog_with(NULL, mine), 0);
	ck_assert_uint_eq(watchdog_with("30000000", NULL), 30000000);
	ck_assert_uint_eq(watchdog_with("30000000", mine), 30000000);
	ck_assert_uint_eq(watchdog_with("30000000", other), 0);
	ck_assert_uint_eq(watchdog_with("30000000", "x"), 0);
	ck_assert_uint_eq(watchdog_with("", NULL), 0);
	ck_assert_uint_eq(watchdog_with("0", NULL), 0);
	ck_assert_uint_eq(watchdog_with("-5", NULL), 0);
	ck_assert_uint_eq(watchdog_with("30s", NULL), 0);
	ck_assert_uint_eq(watchdog_with("18446744073709551615", NULL), 0);
}
END_TEST

/* In a process of its own, since it is about descriptor 3. */
static int take_over_one(void)
{
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (dup2(manager_fd, 3) != 3 || fcntl(3, F_SETFD, 0) < 0 || setenv("LISTEN_PID", pid, 1) < 0 ||
	    setenv("LISTEN_FDS", "1", 1) < 0)
		return 10;
	if (service_manager_listen_fds() != 1)
		return 11;
	if (!(fcntl(3, F_GETFD) & FD_CLOEXEC))
		return 12;
	if (getenv("LISTEN_PID") || getenv("LISTEN_FDS"))
		return 13;
	return service_manager_listen_fds();
}

START_TEST(sockets_are_taken_over_once)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(take_over_one());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("notify");
	TCase *tc = tcase_create("notify");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, without_a_manager_nothing_happens);
	tcase_add_test(tc, everything_arrives);
	tcase_add_test(tc, status_cannot_say_more_than_a_status);
	tcase_add_test(tc, path_address_works);
	tcase_add_test(tc, addresses_are_checked);
	tcase_add_test(tc, ready_waits_until_there_is_room);
	tcase_add_test(tc, newest_of_each_kind_is_kept_in_order);
	tcase_add_test(tc, nothing_overtakes_what_waits);
	tcase_add_test(tc, watchdog_is_not_kept);
	tcase_add_test(tc, manager_that_is_gone_is_reported_once);
	tcase_add_test(tc, watchdog_time_is_read);
	tcase_add_test(tc, sockets_are_taken_over_once);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
