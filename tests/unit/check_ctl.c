/* SPDX-License-Identifier: MIT */
/* ioectl ($IOECTL) against daemons that answer what the test wants, the impossible included. */
#include "base/buf.h"
#include "base/macro.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define FULL \
	"{\"parameters\":{\"instance\":2,\"state\":\"running\",\"version\":\"0.1.0\",\"pid\":4711," \
	"\"started_usec\":1000000000000000,\"uptime_usec\":93784000000,\"config\":\"/etc/ioe.conf\"," \
	"\"state_dir\":\"/var/lib/ioe/2\",\"reactors\":1,\"workers\":4,\"sessions\":3,\"sessions_limit\":16384," \
	"\"accepted\":15,\"refused\":2,\"requests\":1204,\"errors\":3,\"bytes_in\":1023,\"bytes_out\":1048575," \
	"\"memory\":1024,\"memory_limit\":268435456,\"log_dropped\":0,\"reload\":{\"time_usec\":1000000060000000," \
	"\"ok\":false,\"text\":\"first.\\nsecond.\"},\"listeners\":[{\"address\":\"127.0.0.1:9002\",\"roles\":[\"file\"," \
	"\"chat\"],\"paused\":true,\"accepted\":15,\"refused\":2},{\"address\":\"[::1]:9\",\"roles\":[],\"paused\":false," \
	"\"accepted\":0,\"refused\":0}],\"roles\":[{\"name\":\"session\",\"requests\":4,\"errors\":0},{\"name\":\"file\"," \
	"\"requests\":1200,\"errors\":3}],\"warnings\":[\"one\",\"two\"]}}"

static const char full_screen[] =
	"ioed 0.1.0, instance 2: running\n"
	"  Uptime     1 d 2 h, since 2001-09-09 01:46:40, pid 4711\n"
	"  Listeners  127.0.0.1:9002  file+chat  15 accepted, 2 refused, paused: out of descriptors or memory\n"
	"             [::1]:9                    0 accepted, 0 refused\n"
	"  Sessions   3 of at most 16384 (15 accepted, 2 refused)\n"
	"  Requests   1204, 3 of them answered with an error\n"
	"             session     4, 0 errors\n"
	"             file     1200, 3 errors\n"
	"  Traffic    1023 B in, 1.0 MiB out\n"
	"  Memory     1.0 KiB of at most 256.0 MiB\n"
	"  Threads    1 for clients, 4 for the disk\n"
	"  Config     /etc/ioe.conf\n"
	"  Reload     2001-09-09 01:47:40, refused: first. second.\n"
	"  State      /var/lib/ioe/2\n"
	"  Log        0 events dropped\n"
	"  Warnings   one\n"
	"             two\n";

static char dir[64];
static pid_t daemons[16];
static size_t n_daemons;

static struct {
	int status;
	struct buf out, err;
} t;

static void set_up(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(dir, sizeof(dir), "%s/ioe-ctl-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(setenv("IOE_RUNTIME_DIR", dir, 1), 0);
	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
}

static void tear_down(void)
{
	char command[128];

	while (n_daemons > 0) {
		(void)kill(daemons[--n_daemons], SIGKILL);
		(void)waitpid(daemons[n_daemons], NULL, 0);
	}
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
	buf_done(&t.out);
	buf_done(&t.err);
}

static int listen_as(unsigned instance)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s/%u", dir, instance);
	ck_assert_int_eq(mkdir(a.sun_path, 0755), 0);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s/%u/control.sock", dir, instance);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	return fd;
}

/* In a child: takes a call, gives it to @act with the connection, closes, and so on. */
static void run_daemon(unsigned instance, void (*act)(int fd, const void *arg, size_t len), const void *arg, size_t len)
{
	int l = listen_as(instance);
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
	daemons[n_daemons++] = pid;
}

static void act_answer(int fd, const void *arg, size_t len)
{
	(void)send(fd, arg, len, MSG_NOSIGNAL);
}

/* Byte by byte at first: a tool must not take a piece for the whole. */
static void act_trickle(int fd, const void *arg, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)send(fd, (const char *)arg + i, 1, MSG_NOSIGNAL);
}

static void act_endless(int fd, _unused_ const void *arg, _unused_ size_t len)
{
	static char blanks[65536];

	memset(blanks, ' ', sizeof(blanks));
	while (send(fd, blanks, sizeof(blanks), MSG_NOSIGNAL) > 0)
		;
}

static void act_silent(int fd, _unused_ const void *arg, _unused_ size_t len)
{
	char c;

	(void)!read(fd, &c, 1); /* until it goes away */
}

static void act_interrupt(int fd, const void *arg, size_t len)
{
	struct ucred cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &(socklen_t){ sizeof(cred) }) == 0)
		(void)kill(cred.pid, SIGINT);
	act_silent(fd, arg, len);
}

static void answering(unsigned instance, const char *text)
{
	run_daemon(instance, act_answer, text, strlen(text) + 1);
}

static void read_all(int fd, struct buf *ret)
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
	const char *program = getenv("IOECTL"), *argv[8] = { "ioectl" };
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
		read_all(out_fd, &t.out);
	read_all(err[0], &t.err);
	(void)close(err[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	t.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void ioectl_args(const char *const *args)
{
	int out[2];

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ioectl_run(args, out[1], out[0]);
	(void)close(out[0]);
}

/* Into a pipe that nobody reads any more. */
static void ioectl_closed(const char *const *args)
{
	int out[2];

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	(void)close(out[0]);
	ioectl_run(args, out[1], -1);
}

static void ioectl_full(const char *const *args)
{
	ioectl_run(args, open("/dev/full", O_WRONLY | O_CLOEXEC), -1);
}

#define ioectl(...) ioectl_args((const char *const[]){ __VA_ARGS__, NULL })

#define said(expected) ck_assert_msg(strstr(t.err.data, (expected)), "it said: %s", t.err.data)

START_TEST(test_screen)
{
	run_daemon(2, act_trickle, FULL, sizeof(FULL));
	ioectl("-i", "2", "status");
	ck_assert_str_eq(t.err.data, "");
	ck_assert_str_eq(t.out.data, full_screen);
	ck_assert_int_eq(t.status, 0);
	/* The only one that runs: the same. */
	ioectl("status");
	ck_assert_str_eq(t.out.data, full_screen);
	ck_assert_int_eq(t.status, 0);
}
END_TEST

START_TEST(test_table)
{
	answering(10, "{\"parameters\":{\"instance\":10,\"state\":\"degraded\",\"warnings\":[\"x\"]}}");
	answering(2, FULL);
	(void)close(listen_as(3)); /* left behind: does not count */
	ioectl("status");
	ck_assert_str_eq(t.err.data, "");
	ck_assert_str_eq(t.out.data,
			 "INSTANCE  STATE     VERSION  PID   UPTIME   SESSIONS  LIMIT  REQUESTS  MEMORY   WARNINGS\n"
			 "2         running   0.1.0    4711  1 d 2 h  3         16384  1204      1.0 KiB  2\n"
			 "10        degraded  ?        ?     ?        ?         ?      ?         ?        1\n");
	ck_assert_int_eq(t.status, 0);
	ioectl("-i", "3", "status");
	said("Instance 3 does not run");
	ck_assert_int_eq(t.status, 3);
}
END_TEST

START_TEST(test_some_failed)
{
	answering(1, FULL);
	answering(2, "{\"error\":\"org.varlink.service.PermissionDenied\"}");
	ioectl("status");
	ck_assert_str_eq(t.out.data, full_screen);
	said("Instance 2 may not be administered by you");
	ck_assert_int_eq(t.status, 8);
}
END_TEST

START_TEST(test_json)
{
	answering(1, "{\"parameters\":{\"state\":\"a/\\u001b[31m\\u009b\x7f\xc2\x9b\xc3\xa4\"}}");
	ioectl("-j", "-i", "1", "status");
	ck_assert_str_eq(t.out.data, "{\n  \"state\":\"a/\\u001b[31m\\u009b\\u007f\\u009b\xc3\xa4\"\n}\n");
	ck_assert_int_eq(t.status, 0);
	ioectl("--json", "status");
	ck_assert_str_eq(t.out.data, "[\n  {\n    \"state\":\"a/\\u001b[31m\\u009b\\u007f\\u009b\xc3\xa4\"\n  }\n]\n");
	ck_assert_int_eq(t.status, 0);
}
END_TEST

/* Nothing is where it should be, and what is text tries to be more. */
START_TEST(test_strange)
{
	static const char *const answers[] = {
		"{}", "{\"parameters\":{}}", "{\"parameters\":null}",
		"{\"parameters\":{\"instance\":\"x\",\"state\":1,\"version\":[],\"pid\":-1,\"uptime_usec\":1e99,\"reload\":7,"
		"\"listeners\":{},\"roles\":[1,null,{}],\"warnings\":[1,[]]}}",
		"{\"parameters\":{\"started_usec\":9223372036854775807,\"uptime_usec\":9223372036854775807,"
		"\"memory\":9223372036854775807,\"listeners\":[[],1,null,\"\"],\"reload\":null,\"warnings\":\"x\"}}",
		"{\"parameters\":{\"state\":\"\\u001b[31m\\r\\u009b\",\"warnings\":[\"\\u0007\x7f\"],"
		"\"roles\":[{\"name\":\"\\u0000\\u001b\"}],\"listeners\":[{\"address\":\"\xc2\x9b\",\"roles\":[\"\\u001b\"]}]}}",
	};

	for (size_t i = 0; i < ELEMENTSOF(answers); i++)
		answering((unsigned)i + 1, answers[i]);
	ioectl("status");
	ck_assert_int_eq(t.status, 0);
	for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
		char number[8];

		(void)snprintf(number, sizeof(number), "%zu", i + 1);
		ioectl("-i", number, "status");
		ck_assert_msg(t.status == 0 && strchr(t.out.data, '?'), "%s: %s", answers[i], t.out.data);
		for (const char *c = t.out.data; *c; c++)
			ck_assert_msg(*c == '\n' || (*c >= ' ' && *c < 0x7f), "%s: %s", answers[i], t.out.data);
	}
}
END_TEST

START_TEST(test_no_ioed)
{
	static const char *const answers[] = {
		"HTTP/1.1 400 Bad Request\r\n\r\n", "[]", "", "{\"error\":5}", "{\"parameters\":[]}", "{\"parameters\":{}",
	};

	for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
		answering((unsigned)i + 1, answers[i]);
		ioectl("status");
		said("is no ioed");
		ck_assert_str_eq(t.out.data, "");
		ck_assert_int_eq(t.status, 1);
		(void)kill(daemons[--n_daemons], SIGKILL);
		(void)waitpid(daemons[n_daemons], NULL, 0);
	}
	run_daemon(50, act_endless, NULL, 0);
	ioectl("-i", "50", "status");
	said("is no ioed");
	ck_assert_int_eq(t.status, 1);
	run_daemon(51, act_answer, "{\"par", 5);
	ioectl("-i", "51", "status");
	said("closed the connection without an answer");
	ck_assert_int_eq(t.status, 1);
}
END_TEST

START_TEST(test_errors)
{
	answering(1, "{\"error\":\"org.varlink.service.PermissionDenied\"}");
	ioectl("-i", "1", "status");
	said("adduser NAME ioe-admin");
	ck_assert_int_eq(t.status, 4);
	answering(2, "{\"error\":\"org.ioe.control.TooManyConnections\",\"parameters\":{\"limit\":1}}");
	ioectl("-i", "2", "status");
	said("control.connections");
	ck_assert_int_eq(t.status, 11);
	answering(3, "{\"error\":\"a\\u001b[31m\"}");
	ioectl("-i", "3", "status");
	ck_assert_str_eq(t.err.data, "Instance 3 refused: a\\x1b[31m\n");
	ck_assert_int_eq(t.status, 1);
}
END_TEST

START_TEST(test_nobody)
{
	char expected[256], path[128];

	(void)snprintf(expected, sizeof(expected), "No instance runs (looked in %s/*/control.sock)\n", dir);
	ioectl("status");
	ck_assert_str_eq(t.err.data, expected);
	ck_assert_str_eq(t.out.data, "");
	ck_assert_int_eq(t.status, 3);
	(void)close(listen_as(1));
	ioectl("-j", "status");
	ck_assert_str_eq(t.err.data, expected);
	ck_assert_str_eq(t.out.data, "[\n]\n");
	ck_assert_int_eq(t.status, 3);
	ioectl("-i", "9", "status");
	said("Instance 9 does not run");
	ck_assert_int_eq(t.status, 3);
	(void)snprintf(path, sizeof(path), "%s/nothing", dir);
	ioectl("-s", path, "status");
	said(path);
	ck_assert_int_eq(t.status, 3);
	ck_assert_int_eq(setenv("IOE_RUNTIME_DIR", path, 1), 0);
	ioectl("status");
	said("No instance runs");
	ck_assert_int_eq(t.status, 3);
}
END_TEST

START_TEST(test_usage)
{
	static const struct {
		const char *args[5], *said;
	} rows[] = {
		{ { NULL }, "a command is missing" },
		{ { "-j" }, "a command is missing" },
		{ { "nonsense" }, "there is no command 'nonsense'" },
		{ { "-x", "status" }, "invalid option" },
		{ { "-i" }, "requires an argument" },
		{ { "-i", "0", "status" }, "'0' is no instance number: 1 to 9999" },
		{ { "-i", "01", "status" }, "'01' is no instance number: 1 to 9999" },
		{ { "-i", "10000", "status" }, "'10000' is no instance number: 1 to 9999" },
		{ { "-i", "1x", "status" }, "'1x' is no instance number: 1 to 9999" },
		{ { "-i", "1", "-s", "x" }, "name an instance each" },
		{ { "-s", "", "status" }, "has 0 bytes: 1 to 107" },
		{ { "status", "more" }, "'more' was given" },
	};
	char path[128];

	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		ioectl_args(rows[i].args);
		said(rows[i].said);
		ck_assert_str_eq(t.out.data, "");
		ck_assert_int_eq(t.status, 2);
	}
	memset(path, 'x', sizeof(path));
	path[108] = 0;
	ioectl("-s", path, "status");
	said("has 108 bytes: 1 to 107");
	ck_assert_int_eq(t.status, 2);
	path[107] = 0;
	ioectl("-s", path, "status");
	ck_assert_int_eq(t.status, 3);
	ioectl("--help");
	ck_assert_ptr_nonnull(strstr(t.out.data, "\n  status "));
	ck_assert_int_eq(t.status, 0);
	ioectl("--version");
	ck_assert_str_eq(t.out.data, "ioectl " PACKAGE_VERSION "\n");
	ck_assert_int_eq(t.status, 0);
}
END_TEST

START_TEST(test_output)
{
	const char *const args[] = { "-i", "1", "status", NULL }, *const help[] = { "--help", NULL };

	answering(1, FULL);
	ioectl_full(args);
	said("standard output cannot be written: No space left on device");
	ck_assert_int_eq(t.status, 1);
	ioectl_full(help);
	ck_assert_int_eq(t.status, 1);

	/* Whoever read it has gone: nothing to say. */
	ioectl_closed(args);
	ck_assert_str_eq(t.err.data, "");
	ck_assert_int_eq(t.status, 1);
}
END_TEST

START_TEST(test_silent)
{
	run_daemon(1, act_silent, NULL, 0);
	ioectl("-i", "1", "status");
	said("Instance 1 did not answer within 5 s");
	ck_assert_int_eq(t.status, 7);
}
END_TEST

START_TEST(test_interrupted)
{
	run_daemon(1, act_interrupt, NULL, 0);
	ioectl("-i", "1", "status");
	ck_assert_str_eq(t.err.data, "");
	ck_assert_int_eq(t.status, 9);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ctl");
	TCase *tc = tcase_create("ctl");
	SRunner *sr;
	int failed;

	if (!getenv("IOECTL")) {
		(void)fprintf(stderr, "IOECTL is not set: make check does that\n");
		return 77;
	}
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_screen);
	tcase_add_test(tc, test_table);
	tcase_add_test(tc, test_some_failed);
	tcase_add_test(tc, test_json);
	tcase_add_test(tc, test_strange);
	tcase_add_test(tc, test_no_ioed);
	tcase_add_test(tc, test_errors);
	tcase_add_test(tc, test_nobody);
	tcase_add_test(tc, test_usage);
	tcase_add_test(tc, test_output);
	tcase_add_test(tc, test_silent);
	tcase_add_test(tc, test_interrupted);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
