/* SPDX-License-Identifier: MIT */
#include "unit/ioectl.h"

#include "base/macro.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/run.h"

char ioectl_dir[64];
static pid_t ioectl_daemons[16];
static size_t ioectl_n_daemons;

struct ioectl_got ioectl_got;

static void ioectl_set_up(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(ioectl_dir, sizeof(ioectl_dir), "%s/ioe-ctl-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(ioectl_dir));
	ck_assert_int_eq(setenv("IOE_RUNTIME_DIR", ioectl_dir, 1), 0);
	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
}

void ioectl_end_last(void)
{
	(void)kill(ioectl_daemons[--ioectl_n_daemons], SIGKILL);
	(void)waitpid(ioectl_daemons[ioectl_n_daemons], NULL, 0);
}

static void ioectl_tear_down(void)
{
	char command[128];

	while (ioectl_n_daemons > 0)
		ioectl_end_last();
	(void)snprintf(command, sizeof(command), "rm -rf %s", ioectl_dir);
	ck_assert_int_eq(system(command), 0);
	buf_done(&ioectl_got.out);
	buf_done(&ioectl_got.err);
}

int ioectl_listen(unsigned instance)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s/%u", ioectl_dir, instance);
	ck_assert_int_eq(mkdir(a.sun_path, 0755), 0);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s/%u/control.sock", ioectl_dir, instance);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	return fd;
}

void ioectl_daemon(unsigned instance, ioectl_act_fn act, const void *arg, size_t len)
{
	int l = ioectl_listen(instance);
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		for (;;) {
			int fd = accept4(l, NULL, NULL, SOCK_CLOEXEC);
			char c = 1;

			while (c && read(fd, &c, 1) == 1)
				;
			act(fd, arg, len);
			(void)close(fd);
		}
	}
	(void)close(l);
	ioectl_daemons[ioectl_n_daemons++] = pid;
}

void ioectl_act_answer(int fd, const void *arg, size_t len)
{
	(void)send(fd, arg, len, MSG_NOSIGNAL);
}

void ioectl_act_trickle(int fd, const void *arg, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)send(fd, (const char *)arg + i, 1, MSG_NOSIGNAL);
}

void ioectl_answering(unsigned instance, const char *text)
{
	ioectl_daemon(instance, ioectl_act_answer, text, strlen(text) + 1);
}

void ioectl_read(int fd, struct buf *ret)
{
	ssize_t n;

	ret->len = 0;
	do {
		ck_assert_int_eq(buf_reserve(ret, 4096), 0);
		n = read(fd, ret->data + ret->len, 4096);
		if (n > 0)
			ret->len += (size_t)n;
	} while (n > 0);
	ck_assert_ptr_nonnull(buf_str(ret));
}

/* Runs it with these arguments and this standard output; what comes out of @out_fd and of stderr is kept. */
static void ioectl_run(const char *const *args, int stdout_fd, int out_fd)
{
	const char *program = getenv("IOECTL"), *argv[16] = { "ioectl" };
	int err[2], status;
	pid_t pid;

	for (size_t i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	ck_assert_int_ge(stdout_fd, 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)dup2(stdout_fd, STDOUT_FILENO);
		(void)dup2(err[1], STDERR_FILENO);
		(void)signal(SIGINT, SIG_DFL);
		(void)execv(program, (char *const *)argv);
		_exit(127);
	}
	(void)close(stdout_fd);
	(void)close(err[1]);
	if (out_fd >= 0)
		ioectl_read(out_fd, &ioectl_got.out);
	ioectl_read(err[0], &ioectl_got.err);
	(void)close(err[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ioectl_got.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void ioectl_args(const char *const *args)
{
	int out[2];

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ioectl_run(args, out[1], out[0]);
	(void)close(out[0]);
}

void ioectl_closed(const char *const *args)
{
	int out[2];

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	(void)close(out[0]);
	ioectl_run(args, out[1], -1);
}

void ioectl_full(const char *const *args)
{
	ioectl_run(args, open("/dev/full", O_WRONLY | O_CLOEXEC), -1);
}

int ioectl_run_suite(const char *name, void (*add)(TCase *tc))
{
	Suite *s = suite_create(name);
	TCase *tc = tcase_create(name);

	if (!getenv("IOECTL")) {
		(void)fprintf(stderr, "IOECTL is not set: make check does that\n");
		return 77;
	}
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(tc, ioectl_set_up, ioectl_tear_down);
	tcase_set_timeout(tc, 60);
	add(tc);
	return run_suite(s);
}
