/* SPDX-License-Identifier: MIT */
/* ioectl ($IOECTL) against daemons that answer what the test wants, the impossible included. */
#include "base/buf.h"
#include "base/macro.h"

#include "unit/openmetrics.h"
#include "unit/run.h"

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
		{ { "clients", "a", "b" }, "clients takes 1 argument, and 'b' was given" },
		{ { "clients", "--columns" }, "--columns wants a value" },
		{ { "clients", "--columns=id,nothing" }, "'nothing' is no column of clients" },
		{ { "clients", "--columns=id,id" }, "'id' is named twice" },
		{ { "clients", "--columns=" }, "'' is no column" },
		{ { "clients", "--what" }, "clients takes no option '--what'" },
		{ { "clients", "-x" }, "clients takes no option '-x'" },
		{ { "kick" }, "kick wants an argument" },
		{ { "reload", "x" }, "reload takes 0 arguments" },
		{ { "reload", "--check=yes" }, "--check takes no value" },
		{ { "log-level" }, "log-level wants an argument" },
		{ { "log-level", "loud" }, "'loud' is no log level" },
		{ { "log-level", "--for=5", "info" }, "--for=5 is no time" },
		{ { "log-level", "--for=0s", "info" }, "out of range" },
		{ { "log-level", "--for=400d", "info" }, "out of range" },
		{ { "metrics", "x" }, "metrics takes 0 arguments" },
		{ { "wait", "--for=ever" }, "wait knows only --for=ready" },
		{ { "wait", "--timeout=x" }, "--timeout=x is no time" },
		{ { "check", "a", "b" }, "check takes 1 argument" },
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

#define C(n, more) \
	"{\"id\":\"0." n ".1\",\"address\":\"127.0.0.1:" n "\",\"listener\":\"127.0.0.1:9001\",\"dialect\":\"line\"," \
	"\"state\":\"idle\",\"connected_usec\":1000000000000000,\"idle_usec\":61000000,\"requests\":2," \
	"\"bytes_in\":100,\"bytes_out\":2048" more "}"

/* Two replies to one call. */
static const char two_pages[] = "{\"parameters\":{\"clients\":[" C("1", ",\"name\":\"K\xc3\xa4the\"") "," C("2", "") "],"
				"\"truncated\":false},\"continues\":true}\0"
				"{\"parameters\":{\"clients\":[" C("30000", "") "],\"truncated\":false}}";

START_TEST(test_clients)
{
	run_daemon(1, act_trickle, two_pages, sizeof(two_pages));
	ioectl("clients");
	ck_assert_str_eq(t.err.data, "");
	ck_assert_str_eq(t.out.data,
			 "ID         NAME   ADDRESS          LISTENER        DIALECT  STATE  CONNECTED            IDLE\n"
			 "0.1.1      K\xc3\xa4the  127.0.0.1:1      127.0.0.1:9001  line     idle   2001-09-09 01:46:40  1 min 1 s\n"
			 "0.2.1      -      127.0.0.1:2      127.0.0.1:9001  line     idle   2001-09-09 01:46:40  1 min 1 s\n"
			 "0.30000.1  -      127.0.0.1:30000  127.0.0.1:9001  line     idle   2001-09-09 01:46:40  1 min 1 s\n");
	ck_assert_int_eq(t.status, 0);
	ioectl("clients", "--columns", "sent,received,id", "some filter");
	ck_assert_str_eq(t.out.data, "SENT     RECEIVED  ID\n2.0 KiB  100 B     0.1.1\n2.0 KiB  100 B     0.2.1\n"
				     "2.0 KiB  100 B     0.30000.1\n");
	ioectl("clients", "--columns=all");
	ck_assert_ptr_nonnull(strstr(t.out.data, "INSTANCE  ID "));
	ck_assert_ptr_nonnull(strstr(t.out.data, "REQUESTS  RECEIVED  SENT\n"));
	ioectl("-j", "-i", "1", "clients");
	ck_assert_ptr_nonnull(strstr(t.out.data, "\"id\":\"0.30000.1\""));
	ck_assert_ptr_null(strstr(t.out.data, "\"instance\""));
	ck_assert(t.out.data[0] == '[' && t.status == 0);
	ioectl("-j", "clients");
	ck_assert_ptr_nonnull(strstr(t.out.data, "\"instance\":1"));
}
END_TEST

/* Several instances, one of which fails in the middle of its answer. */
START_TEST(test_clients_of_several)
{
	answering(7, "{\"parameters\":{\"clients\":[" C("1", "") "]}}");
	ioectl("clients", "--columns=id");
	ck_assert_str_eq(t.out.data, "ID\n0.1.1\n");
	run_daemon(8, act_answer, two_pages, strlen(two_pages) + 1);
	ioectl("clients", "--columns=id,instance");
	said("Instance 8 closed the connection without an answer");
	ck_assert_str_eq(t.out.data, "ID     INSTANCE\n0.1.1  7\n0.1.1  8\n0.2.1  8\n");
	ck_assert_int_eq(t.status, 8);
	ioectl("clients");
	ck_assert_ptr_nonnull(strstr(t.out.data, "INSTANCE  ID "));
}
END_TEST

/* What a page should not be, and text that tries to be more. */
START_TEST(test_clients_strange)
{
	static const char *const answers[] = {
		"{}", "{\"parameters\":{\"clients\":5}}", "{\"parameters\":{\"clients\":[1,null,[],{}]}}",
		("{\"parameters\":{\"clients\":[{\"id\":\"\\u001b[31m\",\"name\":\"a\\nb\\u0000c\",\"address\":5,"
		 "\"idle_usec\":-1,\"connected_usec\":1e99,\"state\":{}}]}}"),
	};

	for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
		char number[8];

		answering((unsigned)i + 1, answers[i]);
		(void)snprintf(number, sizeof(number), "%zu", i + 1);
		ioectl("-i", number, "clients");
		ck_assert_int_eq(t.status, 0);
		for (const char *c = t.out.data; *c; c++)
			ck_assert_msg(*c == '\n' || (*c >= ' ' && *c < 0x7f), "%s: %s", answers[i], t.out.data);
		ioectl("-j", "clients");
		ck_assert_int_eq(t.status, 0);
	}
}
END_TEST

START_TEST(test_kick)
{
	answering(1, "{\"parameters\":{}}");
	ioectl("kick", "0.1.1", "--why", "go away", "0.2.1");
	ck_assert_str_eq(t.err.data, "");
	ck_assert_int_eq(t.status, 0);
	ioectl("-j", "kick", "0.1.1");
	ck_assert_str_eq(t.out.data, "[\n  \"0.1.1\"\n]\n");
	answering(2, "{\"error\":\"org.ioe.control.NotFound\",\"parameters\":{\"id\":\"0.2.1\"}}");
	ioectl("-i", "2", "kick", "0.2.1");
	ck_assert_str_eq(t.err.data, "Instance 2 has no client '0.2.1': it has gone, or never was\n");
	ck_assert_int_eq(t.status, 5);
	ioectl("kick", "0.2.1");
	said("kick is for one instance, and 2 have a socket");
	ck_assert_int_eq(t.status, 2);
	answering(3, "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"id\"}}");
	ioectl("-i", "3", "kick", "x");
	said("cannot take this 'id'");
	ck_assert_int_eq(t.status, 2);
	answering(4, "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{\"method\":\"x\"}}");
	ioectl("-i", "4", "kick", "0.1.1");
	said("is of another version");
	ck_assert_int_eq(t.status, 1);
}
END_TEST

START_TEST(test_reload)
{
	answering(1, "{\"parameters\":{\"changes\":[{\"option\":\"limits.line\",\"from\":\"\\\"64K\\\"\",\"to\":\"\\\"32K\\\"\","
		     "\"restart\":false},{\"option\":\"file.root\",\"from\":\"\",\"to\":\"\\\"/srv\\\"\",\"restart\":true}],"
		     "\"text\":\"one.\\ntwo\\u001b.\\n\"}}");
	ioectl("reload");
	ck_assert_str_eq(t.out.data, "Instance 1 has reloaded its configuration\n  one.\n  two?.\n");
	ioectl("reload", "--check", "--diff");
	ck_assert_str_eq(t.out.data, "Instance 1 would take the configuration\n  limits.line: \"64K\" -> \"32K\"\n"
				     "  file.root: nothing -> \"/srv\" (after a restart)\n  one.\n  two?.\n");
	ioectl("-j", "-i", "1", "reload");
	ck_assert_ptr_nonnull(strstr(t.out.data, "\"changes\":["));
	ck_assert_int_eq(t.status, 0);
	answering(2, "{\"error\":\"org.ioe.control.ReloadRefused\",\"parameters\":{\"text\":\"a:1: bad\\u001b.\\nb:2: worse.\\n\"}}");
	ioectl("-i", "2", "reload");
	ck_assert_str_eq(t.err.data, "Instance 2 refused the configuration, and the old one stays in force:\n"
				     "  a:1: bad\\x1b.\n  b:2: worse.\n");
	ck_assert_str_eq(t.out.data, "");
	ck_assert_int_eq(t.status, 1);
}
END_TEST

START_TEST(test_log_level)
{
	answering(1, "{\"parameters\":{\"level\":\"debug\",\"configured\":\"info\"}}");
	ioectl("log-level", "debug");
	ck_assert_str_eq(t.out.data, "Instance 1 logs debug and above until the next reload\n");
	ioectl("log-level", "--for", "10m", "debug");
	ck_assert_str_eq(t.out.data, "Instance 1 logs debug and above for 10m, then info\n");
	ioectl("-j", "-i", "1", "log-level", "debug");
	ck_assert_str_eq(t.out.data, "{\n  \"level\":\"debug\",\n  \"configured\":\"info\"\n}\n");
	ck_assert_int_eq(t.status, 0);
}
END_TEST

#define METRICS(v) \
	"{\"parameters\":{\"metrics\":[{\"name\":\"ioe_build\",\"kind\":\"info\",\"help\":\"A \\\"b\\\" \\\\ c.\"," \
	"\"samples\":[{\"label\":\"version\",\"label_value\":\"0.1\",\"value\":1}]}," \
	"{\"name\":\"ioe_x_seconds\",\"kind\":\"gauge\",\"unit\":\"seconds\",\"help\":\"h\",\"samples\":[{\"value\":1.5}]}," \
	"{\"name\":\"ioe_r\",\"kind\":\"counter\",\"help\":\"h\",\"samples\":[{\"label\":\"role\",\"label_value\":\"a\\\"\\n\\\\\"," \
	"\"value\":" v "},{\"value\":\"text\"},{\"label\":\"no label\",\"value\":7}]}," \
	"{\"name\":\"no name\\n\",\"kind\":\"gauge\",\"samples\":[{\"value\":1}]}]}}"

START_TEST(test_metrics)
{
	answering(1, METRICS("12"));
	ioectl("-i", "1", "metrics");
	ck_assert_str_eq(t.err.data, "");
	ck_assert_str_eq(t.out.data, "# TYPE ioe_build info\n# HELP ioe_build A \\\"b\\\" \\\\ c.\n"
				     "ioe_build_info{instance=\"1\",version=\"0.1\"} 1\n"
				     "# TYPE ioe_x_seconds gauge\n# UNIT ioe_x_seconds seconds\n# HELP ioe_x_seconds h\n"
				     "ioe_x_seconds{instance=\"1\"} 1.500000\n"
				     "# TYPE ioe_r counter\n# HELP ioe_r h\n"
				     "ioe_r_total{instance=\"1\",role=\"a\\\" \\\\\"} 12\n"
				     "ioe_r_total{instance=\"1\"} 7\n# EOF\n");
	ck_assert_ptr_null(openmetrics_fault(t.out.data));

	/* Two instances: each family once. */
	answering(22, METRICS("9223372036854775807"));
	ioectl("metrics");
	ck_assert_ptr_null(openmetrics_fault(t.out.data));
	ck_assert_ptr_nonnull(strstr(t.out.data, "ioe_x_seconds{instance=\"22\"} 1.500000\n"));
	ck_assert_ptr_nonnull(strstr(t.out.data, "ioe_r_total{instance=\"22\",role=\"a\\\" \\\\\"} 9223372036854775807\n"));
	ck_assert_int_eq(t.status, 0);
}
END_TEST

/* The validator itself says no. */
START_TEST(test_openmetrics)
{
	static const char *const bad[] = {
		"", "# EOF", "# EOF\n\n", "a 1\n# EOF\n", "# TYPE a gauge\na 1\n", "# TYPE a gauge\n\n# EOF\n",
		"# TYPE a counter\na 1\n# EOF\n", "# TYPE a counter\na_total -1\n# EOF\n", "# TYPE a gauge\na 1\na 1\n# EOF\n",
		"# TYPE a gauge\na 1\n# HELP a b\n# EOF\n", "# TYPE a gauge\n# UNIT a s\n# EOF\n",
		"# TYPE a gauge\n# TYPE a gauge\n# EOF\n", "# TYPE a gauge\na{b=\"c\"d} 1\n# EOF\n",
		"# TYPE a gauge\na{b=\"\\x\"} 1\n# EOF\n", "# TYPE a stateset\na{b=\"c\"} 1\n# EOF\n",
		"# TYPE a stateset\na{a=\"c\"} 2\n# EOF\n", "# TYPE a info\na_info 2\n# EOF\n", "# TYPE a gauge\na x\n# EOF\n",
		"# TYPE a gauge\nb 1\n# EOF\n", "# TYPE a nothing\n# EOF\n",
	};

	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		ck_assert_msg(openmetrics_fault(bad[i]) != NULL, "taken: %s", bad[i]);
	ck_assert_ptr_null(openmetrics_fault("# TYPE a stateset\n# HELP a b\na{a=\"c\"} 1\na{a=\"d\"} 0\n# EOF\n"));
}
END_TEST

static void read_file(const char *path, struct buf *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	read_all(fd, ret);
	(void)close(fd);
}

START_TEST(test_metrics_write)
{
	struct buf text = { 0 };
	char path[128], nowhere[256];
	struct stat before, after;

	(void)snprintf(path, sizeof(path), "%s/ioe.prom", dir);
	(void)snprintf(nowhere, sizeof(nowhere), "%s/no/such/folder.prom", dir);
	answering(1, METRICS("12"));
	ioectl("-i", "1", "metrics", "--write", path);
	ck_assert_str_eq(t.out.data, "");
	ck_assert_int_eq(t.status, 0);
	read_file(path, &text);
	ck_assert_ptr_null(openmetrics_fault(text.data));
	ck_assert_int_eq(stat(path, &before), 0);
	ck_assert_int_eq(before.st_mode & 0777, 0644);

	/* Another file takes its place; where nobody answers it stays as it is. */
	ioectl("-i", "1", "metrics", "--write", path);
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert(before.st_ino != after.st_ino);
	ioectl("-i", "9", "metrics", "--write", path);
	ck_assert_int_eq(t.status, 3);
	ck_assert_int_eq(stat(path, &before), 0);
	ck_assert(before.st_ino == after.st_ino);
	ioectl("-i", "1", "metrics", "--write", nowhere);
	said("cannot be written: No such file or directory");
	ck_assert_int_eq(t.status, 1);
	buf_done(&text);
}
END_TEST

START_TEST(test_wait)
{
	answering(1, "{\"parameters\":{\"state\":\"degraded\"}}");
	answering(2, "{\"parameters\":{\"state\":\"starting\"}}");
	answering(3, "{\"error\":\"org.varlink.service.PermissionDenied\"}");
	ioectl("-i", "1", "wait");
	ck_assert_int_eq(t.status, 0);
	ioectl("-i", "2", "wait", "--for", "ready", "--timeout", "100ms");
	said("Instance 2 was not ready within 100ms");
	ck_assert_int_eq(t.status, 7);
	ioectl("-i", "3", "wait");
	said("may not be administered by you");
	ck_assert_int_eq(t.status, 4);
	ioectl("-i", "4", "wait", "--timeout=50ms");
	said("nobody listens there");
	ck_assert_int_eq(t.status, 7);
	ioectl("wait", "--timeout=100ms");
	ck_assert_int_eq(t.status, 8);
}
END_TEST

static void act_later(int fd, const void *arg, size_t len)
{
	static unsigned calls;

	if (++calls < 5)
		act_answer(fd, "{\"parameters\":{\"state\":\"starting\"}}", sizeof("{\"parameters\":{\"state\":\"starting\"}}"));
	else
		act_answer(fd, arg, len);
}

/* It comes while it is waited for. */
START_TEST(test_wait_comes)
{
	static const char running[] = "{\"parameters\":{\"state\":\"running\"}}";

	run_daemon(1, act_later, running, sizeof(running));
	ioectl("-i", "1", "wait", "--timeout=20s");
	ck_assert_int_eq(t.status, 0);
}
END_TEST

START_TEST(test_check)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/try.conf", dir);
	f = fopen(path, "we");
	ck_assert_ptr_nonnull(f);
	(void)fputs("limits = { line = \"64K\"; };\n", f);
	(void)fclose(f);
	ioectl("check", path);
	ck_assert_str_eq(t.err.data, "");
	ck_assert_ptr_nonnull(strstr(t.out.data, "is in order"));
	ck_assert_int_eq(t.status, 0);
	ioectl("-i", "4", "check", path);
	ck_assert_ptr_nonnull(strstr(t.out.data, "instance 4 is in order"));

	f = fopen(path, "ae");
	(void)fputs("nonsense = 1;\n", f);
	(void)fclose(f);
	ioectl("check", path);
	said("try.conf:2: nonsense is no option");
	ck_assert_str_eq(t.out.data, "");
	ck_assert_int_eq(t.status, 1);
	ioectl("-j", "check", path);
	ck_assert_ptr_nonnull(strstr(t.out.data, "\"ok\":false"));
	ck_assert_int_eq(t.status, 1);
	ck_assert_int_eq(setenv("IOED", "/nothing/is/here", 1), 0);
	ioectl("check");
	said("/nothing/is/here cannot be run: No such file or directory");
	ck_assert_int_eq(t.status, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ctl");
	TCase *tc = tcase_create("ctl");

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
	tcase_add_test(tc, test_clients);
	tcase_add_test(tc, test_clients_of_several);
	tcase_add_test(tc, test_clients_strange);
	tcase_add_test(tc, test_kick);
	tcase_add_test(tc, test_reload);
	tcase_add_test(tc, test_log_level);
	tcase_add_test(tc, test_metrics);
	tcase_add_test(tc, test_openmetrics);
	tcase_add_test(tc, test_metrics_write);
	tcase_add_test(tc, test_wait);
	tcase_add_test(tc, test_wait_comes);
	tcase_add_test(tc, test_check);
	tcase_add_test(tc, test_silent);
	tcase_add_test(tc, test_interrupted);
	return run_suite(s);
}
