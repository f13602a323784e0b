/* SPDX-License-Identifier: MIT */
/* The whole room over a real UNIX socket and a real loop, with a daemon that is only a status. */
#include "control/control.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "unit/fixture/fake_clients.h"
#include "unit/fixture/fake_status.h"

#include <check.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "unit/fixture/files.h"
#include "unit/fixture/run.h"

#define STRANGER 1234

static struct {
	struct loop loop;
	struct control *control;
	struct control_options options;
	char dir[64];
	char path[96];
	char why[256];
} f;

static int start(struct control **ret)
{
	const struct option_section *const sections[] = { &control_section, NULL };
	struct option_schema schema = { .sections = sections };
	void *values[] = { &f.options };
	struct settings settings = { .schema = &schema, .values = values };

	return control_new(ret, &f.loop, f.dir, &settings, NULL, &fake_acts, f.why, sizeof(f.why));
}

static void set_up(void)
{
	const char *tmp = getenv("TMPDIR");

	memset(&f, 0, sizeof(f));
	log_set_level(LOG_LEVEL_ERR); /* refusals are tested by the hundred */
	(void)snprintf(f.dir, sizeof(f.dir), "%s/ioe-control-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(f.dir));
	ck_assert_int_eq(chmod(f.dir, 0755), 0);
	(void)snprintf(f.path, sizeof(f.path), "%s/control.sock", f.dir);
	ck_assert_int_eq(loop_init(&f.loop), 0);
	fake_loop = &f.loop;
	f.options = (struct control_options){ 64, 16, 30 * USEC_PER_SEC };
	ck_assert_msg(start(&f.control) == 0, "%s", f.why);
}

static void passes(int n)
{
	while (n-- > 0)
		ck_assert_int_eq(loop_pass(&f.loop, 0), 0);
}

static void tear_down(void)
{
	f.control = control_free(f.control);
	passes(1); /* tasks that were given up */
	ck_assert_uint_eq(fake_tasks, 0);
	loop_done(&f.loop);
	(void)unlink(f.path);
	ck_assert_int_eq(rmdir(f.dir), 0);
}

static int dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", f.path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void say(int fd, const char *call)
{
	ck_assert_int_eq(send(fd, call, strlen(call) + 1, 0), (ssize_t)strlen(call) + 1);
}

/* What comes up to a NUL; NULL: the daemon closed. */
static const char *receive(int fd)
{
	static char text[256 * 1024];
	uint64_t until = clock_usec() + 10 * USEC_PER_SEC;
	size_t n = 0;

	for (;;) {
		ssize_t r = recv(fd, text + n, sizeof(text) - n, MSG_PEEK | MSG_DONTWAIT);
		const char *end = NULL;

		if (r == 0 || (r < 0 && errno != EAGAIN))
			return NULL;
		if (r > 0) { /* no more than the message is taken */
			end = memchr(text + n, 0, (size_t)r);
			if (end)
				r = end - (text + n) + 1;
			ck_assert_int_eq(recv(fd, text + n, (size_t)r, MSG_DONTWAIT), r);
			n += (size_t)r;
		}
		if (end)
			return text;
		ck_assert_uint_lt(n, sizeof(text));
		if (r < 0)
			ck_assert_int_eq(loop_pass(&f.loop, 10), 0);
		ck_assert_uint_lt(clock_usec(), until);
	}
}

static const char *ask(int fd, const char *call)
{
	say(fd, call);
	return receive(fd);
}

#define STATUS "{\"method\":\"org.ioe.control.Status\"}"

/* What is not a call ends the connection, after the answers to what came before it. */
START_TEST(test_no_call)
{
	static const char *const bad[] = {
		"", "no JSON", "[]", "{\"method\":", "{}", "{\"method\":1}", "{\"method\":\"a.b\",\"parameters\":3}",
		"{\"method\":\"a.b\",\"oneway\":\"yes\"}", "{\"method\":\"\xff\"}",
	};

	for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
		int fd = dial();

		say(fd, "{\"method\":\"x.Y\"}");
		say(fd, bad[i]);
		say(fd, STATUS);
		ck_assert_ptr_nonnull(receive(fd));
		ck_assert_msg(!receive(fd), "answered: %s", bad[i]);
		(void)close(fd);
	}
	ck_assert_uint_eq(fake_asked, 0);
}
END_TEST

START_TEST(test_order)
{
	struct buf calls = { 0 };
	char expected[128];
	int fd = dial();

	for (int i = 0; i < 300; i++) {
		ck_assert_int_eq(buf_printf(&calls, "{\"method\":\"i%d.M\"%s}", i, i % 3 ? "" : ",\"oneway\":true"), 0);
		ck_assert_int_eq(buf_append(&calls, "", 1), 0);
	}
	ck_assert_int_eq(send(fd, calls.data, calls.len, 0), (ssize_t)calls.len);
	buf_done(&calls);
	/* A closed sending side still gets all its answers, then the end. */
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	for (int i = 0; i < 300; i++) {
		(void)snprintf(expected, sizeof(expected),
			       "{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":{\"interface\":\"i%d\"}}",
			       i);
		if (i % 3)
			ck_assert_str_eq(receive(fd), expected);
	}
	ck_assert_ptr_null(receive(fd));
	(void)close(fd);
}
END_TEST

START_TEST(test_byte_by_byte)
{
	static const char call[] = STATUS;
	int fd = dial();

	for (size_t i = 0; i < sizeof(call); i++) {
		ck_assert_uint_eq(fake_asked, 0);
		ck_assert_int_eq(send(fd, call + i, 1, 0), 1);
		passes(2);
	}
	ck_assert_ptr_nonnull(receive(fd));
	ck_assert_uint_eq(fake_asked, 1);
	(void)close(fd);
}
END_TEST

START_TEST(test_half_object)
{
	unsigned fds = files_open();
	int fd = dial();

	ck_assert_int_eq(send(fd, STATUS, 20, 0), 20);
	passes(3);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	ck_assert_ptr_null(receive(fd));
	(void)close(fd);
	ck_assert_uint_eq(files_open(), fds);
}
END_TEST

/* The daemon is out of memory for this one: the connection ends, the service goes on. */
START_TEST(test_status_fails)
{
	int fd = dial(), other = dial();

	fake_error = -ENOMEM;
	ck_assert_ptr_null(ask(fd, STATUS));
	fake_error = 0;
	ck_assert_ptr_nonnull(ask(other, STATUS));
	(void)close(fd);
	(void)close(other);
}
END_TEST

START_TEST(test_endless)
{
	static char blanks[65536];
	unsigned fds = files_open();
	int fd = dial();
	size_t sent = 0;

	memset(blanks, ' ', sizeof(blanks));
	while (sent < 100000000) {
		ssize_t n = send(fd, blanks, sizeof(blanks), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			break;
		if (n > 0)
			sent += (size_t)n;
		passes(1);
	}
	/* The socket's own buffer comes on top of what was read. */
	ck_assert_uint_lt(sent, 4 << 20);
	(void)close(fd);
	passes(3);
	ck_assert_uint_eq(files_open(), fds);
}
END_TEST

START_TEST(test_nested)
{
	static char call[60000];
	int fd = dial();

	(void)snprintf(call, sizeof(call), "{\"method\":\"org.ioe.control.Status\",\"parameters\":{\"x\":");
	memset(call + strlen(call), '[', sizeof(call) - 1 - strlen(call));
	say(fd, call);
	ck_assert_ptr_null(receive(fd));
	(void)close(fd);
	ck_assert_uint_eq(fake_asked, 0);
}
END_TEST

START_TEST(test_thousand)
{
	struct rlimit lim;
	unsigned fds = files_open(), refused = 0, answered = 0;
	int fd[1000];

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
	lim.rlim_cur = lim.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
	for (size_t i = 0; i < ELEMENTSOF(fd); i++) {
		fd[i] = dial();
		passes(1);
	}
	passes(3);
	for (size_t i = 0; i < ELEMENTSOF(fd); i++) {
		const char *text;

		(void)send(fd[i], STATUS, sizeof(STATUS), MSG_NOSIGNAL);
		text = receive(fd[i]);
		if (text && strstr(text, "\"error\"")) {
			ck_assert_str_eq(text, "{\"error\":\"org.ioe.control.TooManyConnections\","
					       "\"parameters\":{\"limit\":64}}");
			refused++;
		} else {
			ck_assert_ptr_nonnull(text);
			answered++;
		}
	}
	ck_assert_uint_eq(answered, 64);
	ck_assert_uint_eq(refused, ELEMENTSOF(fd) - 64);
	for (size_t i = 0; i < ELEMENTSOF(fd); i++)
		(void)close(fd[i]);
	passes(5);
	ck_assert_uint_eq(files_open(), fds);
	fd[0] = dial();
	ck_assert_ptr_nonnull(ask(fd[0], STATUS));
	(void)close(fd[0]);
}
END_TEST

static void set_timeout(uint64_t usec)
{
	f.control = control_free(f.control);
	f.options.timeout_usec = usec;
	ck_assert_int_eq(start(&f.control), 0);
}

/* Asks and asks and never reads: it is not read any more either, and closed in the end. Others are served. */
START_TEST(test_never_reads)
{
	unsigned fds, asked = 0;
	int fd, other;
	ssize_t n;

	set_timeout(USEC_PER_SEC / 5);
	fds = files_open();
	fd = dial();
	for (int i = 0; i < 20000; i++) {
		n = send(fd, STATUS, sizeof(STATUS), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			break;
		passes(1);
		asked++;
	}
	ck_assert_uint_lt(asked, 20000);
	ck_assert_uint_lt(fake_asked, 4096);
	other = dial();
	ck_assert_ptr_nonnull(ask(other, STATUS));
	(void)close(other);
	for (uint64_t until = clock_usec() + USEC_PER_SEC; clock_usec() < until && files_open() > fds + 1;)
		ck_assert_int_eq(loop_pass(&f.loop, 50), 0);
	ck_assert_uint_eq(files_open(), fds + 1);
	(void)close(fd);
}
END_TEST

/* Neither silence nor a call that never ends keeps a connection; asking does. */
START_TEST(test_timeout)
{
	int silent, slow, busy;
	uint64_t until;

	set_timeout(2 * USEC_PER_SEC); /* so long may this be kept from asking */
	silent = dial();
	slow = dial();
	busy = dial();
	until = clock_usec() + 2 * f.options.timeout_usec;
	while (clock_usec() < until) {
		(void)send(slow, " ", 1, MSG_NOSIGNAL);
		ck_assert_ptr_nonnull(ask(busy, STATUS));
		ck_assert_int_eq(loop_pass(&f.loop, 5), 0);
	}
	ck_assert_ptr_null(receive(silent));
	ck_assert_ptr_null(receive(slow));
	ck_assert_ptr_nonnull(ask(busy, STATUS));
	(void)close(silent);
	(void)close(slow);
	(void)close(busy);
}
END_TEST

/* Without descriptors nobody is accepted and nothing spins; with one again, they who waited are served. */
START_TEST(test_no_descriptors)
{
	struct rlimit lim;
	int fd = dial(), kept[64], n = 0;
	unsigned rounds = 0;
	uint64_t until;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
	lim.rlim_cur = 40;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
	while (n < 64 && (kept[n] = dup(0)) >= 0)
		n++;
	passes(2);
	for (until = clock_usec() + 100000; clock_usec() < until; rounds++)
		ck_assert_int_eq(loop_pass(&f.loop, 100), 0);
	ck_assert_uint_le(rounds, 10); /* it slept: a spin makes thousands */
	while (n > 0)
		(void)close(kept[--n]);
	ck_assert_ptr_nonnull(ask(fd, STATUS));
	(void)close(fd);
}
END_TEST

/* Freed with connections in every state, and in the middle of a pass's work. */
START_TEST(test_free_busy)
{
	unsigned fds;
	int a, b, c;

	f.control = control_free(f.control);
	fds = files_open();
	ck_assert_int_eq(start(&f.control), 0);
	a = dial();
	b = dial();
	c = dial();
	say(a, STATUS);
	ck_assert_int_eq(send(b, STATUS, 10, 0), 10);
	say(c, "no JSON");
	passes(1);
	f.control = control_free(f.control);
	ck_assert_int_eq(access(f.path, F_OK), -1);
	(void)close(a);
	(void)close(b);
	(void)close(c);
	ck_assert_uint_eq(files_open(), fds);
	passes(2);
}
END_TEST

/* A second one does not take its place. */
START_TEST(test_second)
{
	struct control *second = NULL;

	ck_assert_int_eq(start(&second), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(f.why, "Another ioed runs on"));
	ck_assert_ptr_null(second);
	f.control = control_free(f.control);
	ck_assert_int_eq(access(f.path, F_OK), -1);
	ck_assert_int_eq(start(&f.control), 0);
}
END_TEST

/* In a child that is someone else: what @act returns is its exit status. Needs root; 0 where that is not given. */
static int as_stranger(int (*act)(void), size_t n_groups, const gid_t *groups)
{
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		(void)fprintf(stderr, "not root: what a stranger is told was not tried\n");
		return 0;
	}
	ck_assert_int_eq(chmod(f.path, 0666), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (setgroups(n_groups, groups) < 0 || setresgid(STRANGER, STRANGER, STRANGER) < 0 ||
		    setresuid(STRANGER, STRANGER, STRANGER) < 0)
			_exit(99);
		_exit(act());
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		ck_assert_int_eq(loop_pass(&f.loop, 10), 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

/* In the child: no loop is run, so it just waits. */
static ssize_t stranger_asks(int fd, const char *call, size_t len, char *text, size_t size)
{
	size_t n = 0;
	ssize_t r = 0;

	if (len > 0 && send(fd, call, len, MSG_NOSIGNAL) < 0)
		return -1;
	while (n < size && (r = recv(fd, text + n, size - n, 0)) > 0)
		n += (size_t)r;
	return r < 0 ? -1 : (ssize_t)n;
}

/* Whatever it says, JSON or not, it hears the same, and the end. */
static int stranger_is_denied(void)
{
	static const char denied[] = "{\"error\":\"org.varlink.service.PermissionDenied\"}";
	static const char *const calls[] = { STATUS, "no JSON", "{\"method\":\"org.varlink.service.GetInfo\"}" };
	char text[256];

	for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
		int fd = dial();

		if (stranger_asks(fd, calls[i], strlen(calls[i]) + 1, text, sizeof(text)) != (ssize_t)sizeof(denied) ||
		    memcmp(text, denied, sizeof(denied)) != 0)
			return 1;
		(void)close(fd);
	}
	return 0;
}

START_TEST(test_stranger)
{
	ck_assert_int_eq(as_stranger(stranger_is_denied, 0, NULL), 0);
	ck_assert_uint_eq(fake_asked, 0);
}
END_TEST

static int stranger_has_limits(void)
{
	int fd[20], refused = 0;
	char text[256];

	for (size_t i = 0; i < ELEMENTSOF(fd); i++)
		fd[i] = dial();
	for (size_t i = 16; i < ELEMENTSOF(fd); i++) {
		ssize_t n = stranger_asks(fd[i], NULL, 0, text, sizeof(text) - 1);

		text[MAX(n, (ssize_t)0)] = 0;
		refused += strstr(text, "TooManyConnections") && strstr(text, "{\"limit\":16}");
	}
	return refused == 4 ? 0 : 1;
}

START_TEST(test_stranger_limits)
{
	ck_assert_int_eq(as_stranger(stranger_has_limits, 0, NULL), 0);
}
END_TEST

#define CLIENTS "{\"method\":\"org.ioe.control.Clients\",\"more\":true}"

/* A page is asked for when the last one is on its way to the peer: one that does not read has few made for it. */
START_TEST(test_clients_back_pressure)
{
	unsigned n = 0, begun;
	const char *text;
	int fd = dial();

	fake_sessions = 20000;
	say(fd, CLIENTS);
	say(fd, "{\"method\":\"x.Y\"}");
	passes(100);
	begun = fake_pages;
	ck_assert_uint_gt(begun, 0);
	ck_assert_uint_lt(begun, 20);
	passes(100);
	ck_assert_uint_eq(fake_pages, begun);
	do {
		text = receive(fd);
		ck_assert_ptr_nonnull(text);
		for (const char *p = text; (p = strstr(p, "{\"id\":")); p++)
			n++;
	} while (strstr(text, "\"continues\":true"));
	ck_assert_uint_eq(n, fake_sessions);
	/* What was asked behind it is answered behind it. */
	ck_assert_ptr_nonnull(strstr(receive(fd), "InterfaceNotFound"));
	(void)close(fd);
}
END_TEST

/* Whoever goes in the middle, or never reads, leaves nothing behind. */
START_TEST(test_clients_given_up)
{
	unsigned fds;
	int fd;

	set_timeout(USEC_PER_SEC / 5);
	fds = files_open();
	fake_sessions = 100000;
	fd = dial();
	say(fd, CLIENTS);
	passes(3);
	(void)close(fd);
	passes(10);
	ck_assert_uint_eq(fake_tasks, 0);
	ck_assert_uint_eq(files_open(), fds);

	fd = dial();
	say(fd, CLIENTS);
	for (uint64_t until = clock_usec() + 5 * USEC_PER_SEC; clock_usec() < until && files_open() > fds + 1;)
		ck_assert_int_eq(loop_pass(&f.loop, 50), 0);
	ck_assert_uint_eq(files_open(), fds + 1);
	ck_assert_uint_eq(fake_tasks, 0);
	(void)close(fd);
}
END_TEST

/* A reactor that does not answer holds up nobody else, and the call's own connection no longer than the timeout. */
START_TEST(test_clients_stuck)
{
	int fd, other;

	set_timeout(USEC_PER_SEC / 5);
	fake_sessions = 10;
	fake_hold = true;
	fd = dial();
	other = dial();
	say(fd, CLIENTS);
	ck_assert_ptr_nonnull(ask(other, STATUS));
	ck_assert_ptr_null(receive(fd));
	fake_hold = false;
	(void)close(fd);
	(void)close(other);
}
END_TEST

/* nc -N: the sending side is closed behind the call, and all of the answer comes. */
START_TEST(test_clients_half_closed)
{
	const char *text;
	int fd = dial();

	fake_sessions = 3000;
	say(fd, CLIENTS);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	do {
		text = receive(fd);
		ck_assert_ptr_nonnull(text);
	} while (strstr(text, "\"continues\":true"));
	ck_assert_ptr_null(receive(fd));
	(void)close(fd);
}
END_TEST

/* The service ends while a call is under way. */
START_TEST(test_clients_free)
{
	int fd = dial();

	fake_sessions = 100000;
	say(fd, CLIENTS);
	passes(2);
	f.control = control_free(f.control);
	passes(2);
	ck_assert_uint_eq(fake_tasks, 0);
	(void)close(fd);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("control");
	TCase *t = tcase_create("control");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_no_call);
	tcase_add_test(t, test_order);
	tcase_add_test(t, test_byte_by_byte);
	tcase_add_test(t, test_half_object);
	tcase_add_test(t, test_status_fails);
	tcase_add_test(t, test_endless);
	tcase_add_test(t, test_nested);
	tcase_add_test(t, test_thousand);
	tcase_add_test(t, test_never_reads);
	tcase_add_test(t, test_timeout);
	tcase_add_test(t, test_no_descriptors);
	tcase_add_test(t, test_free_busy);
	tcase_add_test(t, test_second);
	tcase_add_test(t, test_clients_back_pressure);
	tcase_add_test(t, test_clients_given_up);
	tcase_add_test(t, test_clients_stuck);
	tcase_add_test(t, test_clients_half_closed);
	tcase_add_test(t, test_clients_free);
	tcase_add_test(t, test_stranger);
	tcase_add_test(t, test_stranger_limits);
	return run_suite(s);
}
