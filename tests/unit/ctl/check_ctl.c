/* SPDX-License-Identifier: MIT */
/* ioectl: what every command does: where it finds whom, what it makes of strange answers; and status. */
#include "base/macro.h"

#include <check.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/fixture/ioectl.h"

#define FULL                                                                                                               \
	"{\"parameters\":{\"instance\":2,\"state\":\"running\",\"version\":\"0.1.0\",\"pid\":4711,"                        \
	"\"started_usec\":1000000000000000,\"uptime_usec\":93784000000,\"config\":\"/etc/ioe.conf\","                      \
	"\"state_dir\":\"/var/lib/ioe/2\",\"reactors\":1,\"workers\":4,\"sessions\":3,\"sessions_limit\":16384,"           \
	"\"accepted\":15,\"refused\":2,\"requests\":1204,\"errors\":3,\"bytes_in\":1023,\"bytes_out\":1048575,"            \
	"\"memory\":1024,\"memory_limit\":268435456,\"log_level\":\"info\",\"log_dropped\":0,"                            \
	"\"reload\":{\"time_usec\":1000000060000000,"                                                                    \
	"\"ok\":false,\"text\":\"first.\\nsecond.\"},\"listeners\":[{\"address\":\"127.0.0.1:9002\",\"roles\":[\"file\","  \
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
	"  Log        info and above, 0 events dropped\n"
	"  Warnings   one\n"
	"             two\n";

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

START_TEST(test_screen)
{
	ioectl_daemon(2, ioectl_act_trickle, FULL, sizeof(FULL));
	ioectl("-i", "2", "status");
	ck_assert_str_eq(ioectl_got.err.data, "");
	ck_assert_str_eq(ioectl_got.out.data, full_screen);
	ck_assert_int_eq(ioectl_got.status, 0);
	/* The only one that runs: the same. */
	ioectl("status");
	ck_assert_str_eq(ioectl_got.out.data, full_screen);
	ck_assert_int_eq(ioectl_got.status, 0);
}
END_TEST

START_TEST(test_table)
{
	ioectl_answering(10, "{\"parameters\":{\"instance\":10,\"state\":\"degraded\",\"warnings\":[\"x\"]}}");
	ioectl_answering(2, FULL);
	(void)close(ioectl_listen(3)); /* left behind: does not count */
	ioectl("status");
	ck_assert_str_eq(ioectl_got.err.data, "");
	ck_assert_str_eq(ioectl_got.out.data,
			 "INSTANCE  STATE     VERSION  PID   UPTIME   SESSIONS  LIMIT  REQUESTS  MEMORY   WARNINGS\n"
			 "2         running   0.1.0    4711  1 d 2 h  3         16384  1204      1.0 KiB  2\n"
			 "10        degraded  ?        ?     ?        ?         ?      ?         ?        1\n");
	ck_assert_int_eq(ioectl_got.status, 8); /* one of them serves not all */
	ioectl("-i", "10", "status");
	ck_assert_str_eq(ioectl_got.err.data, "");
	ck_assert_int_eq(ioectl_got.status, 13);
	ioectl("-i", "10", "-j", "status");
	ck_assert_int_eq(ioectl_got.status, 13);
	ioectl("-i", "3", "status");
	ioectl_said("Instance 3 does not run");
	ck_assert_int_eq(ioectl_got.status, 3);
}
END_TEST

START_TEST(test_some_failed)
{
	ioectl_answering(1, FULL);
	ioectl_answering(2, "{\"error\":\"org.varlink.service.PermissionDenied\"}");
	ioectl("status");
	ck_assert_str_eq(ioectl_got.out.data, full_screen);
	ioectl_said("you are not allowed to administer Instance 2");
	ck_assert_int_eq(ioectl_got.status, 8);
}
END_TEST

START_TEST(test_json)
{
	ioectl_answering(1, "{\"parameters\":{\"state\":\"a/\\u001b[31m\\u009b\x7f\xc2\x9b\xc3\xa4\xe2\x80\xae\"}}");
	ioectl("-j", "-i", "1", "status");
	ck_assert_str_eq(ioectl_got.out.data, "{\n  \"state\":\"a/\\u001b[31m\\u009b\\u007f\\u009b\xc3\xa4\\u202e\"\n}\n");
	ck_assert_int_eq(ioectl_got.status, 0);
	ioectl("--json", "status");
	ck_assert_str_eq(ioectl_got.out.data,
			 "[\n  {\n    \"state\":\"a/\\u001b[31m\\u009b\\u007f\\u009b\xc3\xa4\\u202e\"\n  }\n]\n");
	ck_assert_int_eq(ioectl_got.status, 0);
}
END_TEST

/* Nothing is where it should be, and what is text tries to be more. */
START_TEST(test_strange)
{
	static const char *const answers[] = {
		"{}",
		"{\"parameters\":{}}",
		"{\"parameters\":null}",
		"{\"parameters\":{\"instance\":\"x\",\"state\":1,\"version\":[],\"pid\":-1,\"uptime_usec\":1e99,\"reload\":7,"
		"\"listeners\":{},\"roles\":[1,null,{}],\"warnings\":[1,[]]}}",
		"{\"parameters\":{\"started_usec\":9223372036854775807,\"uptime_usec\":9223372036854775807,"
		"\"memory\":9223372036854775807,\"listeners\":[[],1,null,\"\"],\"reload\":null,\"warnings\":\"x\"}}",
		"{\"parameters\":{\"state\":\"\\u001b[31m\\r\\u009b\",\"warnings\":[\"\\u0007\x7f\"],"
		"\"roles\":[{\"name\":\"\\u0000\\u001b\"}],\"listeners\":[{\"address\":\"\xc2\x9b\",\"roles\":[\"\\u001b\"]}]}}",
	};

	for (size_t i = 0; i < ELEMENTSOF(answers); i++)
		ioectl_answering((unsigned)i + 1, answers[i]);
	ioectl("status");
	ck_assert_int_eq(ioectl_got.status, 0);
	for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
		char number[8];

		(void)snprintf(number, sizeof(number), "%zu", i + 1);
		ioectl("-i", number, "status");
		ck_assert_msg(ioectl_got.status == 0 && strchr(ioectl_got.out.data, '?'), "%s: %s", answers[i],
			      ioectl_got.out.data);
		for (const char *c = ioectl_got.out.data; *c; c++)
			ck_assert_msg(*c == '\n' || (*c >= ' ' && *c < 0x7f), "%s: %s", answers[i],
				      ioectl_got.out.data);
	}
}
END_TEST

START_TEST(test_no_ioed)
{
	static const char *const answers[] = {
		"HTTP/1.1 400 Bad Request\r\n\r\n",
		"[]",
		"",
		"{\"error\":5}",
		"{\"parameters\":[]}",
		"{\"parameters\":{}",
	};

	for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
		ioectl_answering((unsigned)i + 1, answers[i]);
		ioectl("status");
		ioectl_said("is not ioed");
		ck_assert_str_eq(ioectl_got.out.data, "");
		ck_assert_int_eq(ioectl_got.status, 1);
		ioectl_end_last();
	}
	ioectl_daemon(50, act_endless, NULL, 0);
	ioectl("-i", "50", "status");
	ioectl_said("is not ioed");
	ck_assert_int_eq(ioectl_got.status, 1);
	ioectl_daemon(51, ioectl_act_answer, "{\"par", 5);
	ioectl("-i", "51", "status");
	ioectl_said("closed the connection without an answer");
	ck_assert_int_eq(ioectl_got.status, 1);
}
END_TEST

START_TEST(test_errors)
{
	ioectl_answering(1, "{\"error\":\"org.varlink.service.PermissionDenied\"}");
	ioectl("-i", "1", "status");
	ioectl_said("adduser NAME ioe-admin");
	ck_assert_int_eq(ioectl_got.status, 4);
	ioectl_answering(2, "{\"error\":\"org.ioe.control.TooManyConnections\",\"parameters\":{\"limit\":1}}");
	ioectl("-i", "2", "status");
	ioectl_said("control.connections");
	ck_assert_int_eq(ioectl_got.status, 12);
	ioectl_answering(3, "{\"error\":\"a\\u001b[31m\"}");
	ioectl("-i", "3", "status");
	ck_assert_str_eq(ioectl_got.err.data, "Instance 3 refused: a\\x1b[31m\n");
	ck_assert_int_eq(ioectl_got.status, 1);
}
END_TEST

/* The object that a command with -j prints where it has failed, and nothing else; "exit" and "text" are what they
 * were. */
static void check_json_error(const char *error, int status, const char *said)
{
	struct json_object *o = json_tokener_parse(ioectl_got.out.data), *v;
	size_t n = strlen(said);

	ck_assert_msg(json_object_is_type(o, json_type_object), "no object: %s", ioectl_got.out.data);
	ck_assert(json_object_object_get_ex(o, "error", &v));
	ck_assert_str_eq(json_object_get_string(v), error);
	ck_assert(json_object_object_get_ex(o, "exit", &v));
	ck_assert_int_eq(json_object_get_int(v), status);
	ck_assert_int_eq(ioectl_got.status, status);
	ck_assert(json_object_object_get_ex(o, "text", &v));
	ck_assert(n > 0 && said[n - 1] == '\n');
	ck_assert_int_eq(json_object_get_string_len(v), (int)n - 1);
	ck_assert_int_eq(memcmp(json_object_get_string(v), said, n - 1), 0);
	(void)json_object_put(o);
}

/* Every command that asks, with one instance and with all: an object, and the sentence where it always is. */
START_TEST(test_json_errors)
{
	static const char *const commands[][3] = {
		{ "status" },   { "clients" }, { "rooms" },     { "mailboxes" }, { "reload" },         { "log-level" },
		{ "metrics" },  { "kick", "0.1.1" },            { "kick", "anna" }, { "backup", "/x" }, { "kick", "127.0.0.1" },
	};
	char long_text[3000];

	ioectl_answering(1, "{\"error\":\"org.varlink.service.PermissionDenied\"}");
	for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
		ioectl("-j", "-i", "1", commands[i][0], commands[i][1]);
		ioectl_said("you are not allowed to administer");
		check_json_error("not-permitted", 4, ioectl_got.err.data);
		ioectl("-j", commands[i][0], commands[i][1]);
		check_json_error("not-permitted", 4, ioectl_got.err.data);
		ioectl("-j", "-i", "2", commands[i][0], commands[i][1]);
		check_json_error("no-server", 3, ioectl_got.err.data);
	}
	ioectl("-j", "clients", "--nonsense");
	check_json_error("usage", 2, ioectl_got.err.data);
	/* What is no UTF-8, and what would be more than text on a terminal. */
	ioectl("-j", "log-level", "a\xff\x1b[31m");
	ck_assert_ptr_nonnull(strstr(ioectl_got.out.data, "'a??[31m' is no log level"));
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	ioectl("-j", "log-level", long_text);
	check_json_error("usage", 2, ioectl_got.err.data);
	/* Some have answered: that is the answer. */
	ioectl_answering(3, FULL);
	ioectl("-j", "status");
	ck_assert_int_eq(ioectl_got.status, 8);
	ck_assert(ioectl_got.out.data[0] == '[');
	ck_assert_ptr_null(strstr(ioectl_got.out.data, "\"error\""));
}
END_TEST

START_TEST(test_nobody)
{
	char expected[256], path[128];

	(void)snprintf(expected, sizeof(expected), "No instance runs (looked for %s/*/control.sock; -s PATH names another socket)\n",
		       ioectl_dir);
	ioectl("status");
	ck_assert_str_eq(ioectl_got.err.data, expected);
	ck_assert_str_eq(ioectl_got.out.data, "");
	ck_assert_int_eq(ioectl_got.status, 3);
	(void)close(ioectl_listen(1));
	ioectl("-j", "status");
	ck_assert_str_eq(ioectl_got.err.data, expected);
	check_json_error("no-server", 3, expected);
	ioectl("-i", "9", "status");
	ioectl_said("Instance 9 does not run");
	ck_assert_int_eq(ioectl_got.status, 3);
	(void)snprintf(path, sizeof(path), "%s/nothing", ioectl_dir);
	ioectl("-s", path, "status");
	ioectl_said(path);
	ck_assert_int_eq(ioectl_got.status, 3);
	ck_assert_int_eq(setenv("IOE_RUNTIME_DIR", path, 1), 0);
	ioectl("status");
	ioectl_said("No instance runs");
	ck_assert_int_eq(ioectl_got.status, 3);
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
		{ { "kick" }, "kick needs an argument" },
		{ { "reload", "x" }, "reload takes 0 arguments" },
		{ { "reload", "--check=yes" }, "--check takes no value" },
		{ { "log-level", "--for=10m" }, "--for=10m needs a level" },
		{ { "log-level", "info", "debug" }, "log-level takes 1 argument" },
		{ { "help", "nonsense" }, "there is no command 'nonsense'" },
		{ { "kick", "x y" }, "'x y' is no client's id, name or address" },
		{ { "kick", "" }, "'' is no client's id, name or address" },
		{ { "kick", "127.0.0.1:0" }, "is no client's id, name or address" },
		{ { "kick", "127.0.0.1:65536" }, "is no client's id, name or address" },
		{ { "kick", "[::1" }, "is no client's id, name or address" },
		{ { "kick", "[::1]" }, "is no client's id, name or address" },
		{ { "kick", "[127.0.0.1]:1" }, "is no client's id, name or address" },
		{ { "kick", "a\x1b" "b" }, "'a\\x1bb' is no client's" },
		{ { "kick", "a23456789012345678901234567890123" }, "is no client's id, name or address" },
		{ { "kick", "name=anna" }, "is no client's id, name or address" },
		{ { "log-level", "loud" }, "'loud' is no log level" },
		{ { "log-level", "--for=5", "info" }, "--for=5 is no time" },
		{ { "log-level", "--for=0s", "info" }, "out of range" },
		{ { "log-level", "--for=400d", "info" }, "out of range" },
		{ { "metrics", "x" }, "metrics takes 0 arguments" },
		{ { "wait", "--for=ever" }, "--for=ready is possible only" },
		{ { "wait", "--timeout=x" }, "--timeout=x is no time" },
		{ { "check", "a", "b" }, "check takes 1 argument" },
	};
	char path[128];

	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		ioectl_args(rows[i].args);
		ioectl_said(rows[i].said);
		if (rows[i].args[0] && strcmp(rows[i].args[0], "-j") == 0)
			check_json_error("usage", 2, ioectl_got.err.data);
		else
			ck_assert_str_eq(ioectl_got.out.data, "");
		ck_assert_int_eq(ioectl_got.status, 2);
	}
	memset(path, 'x', sizeof(path));
	path[108] = 0;
	ioectl("-s", path, "status");
	ioectl_said("has 108 bytes: 1 to 107");
	ck_assert_int_eq(ioectl_got.status, 2);
	path[107] = 0;
	ioectl("-s", path, "status");
	ck_assert_int_eq(ioectl_got.status, 3);
	ioectl("--version");
	ck_assert_str_eq(ioectl_got.out.data, "ioectl " PACKAGE_VERSION "\n");
	ck_assert_int_eq(ioectl_got.status, 0);
}
END_TEST

/* Everywhere the same, of no daemon, and for a terminal of 80 columns. */
START_TEST(test_help)
{
	static const char *const commands[] = { "status", "clients",   "kick",    "rooms",   "mailboxes", "backup", "reload",
						"check",  "log-level", "metrics", "restore", "wait",      "help" };
	char usage[64], *help;

	ioectl("--help");
	ck_assert_int_eq(ioectl_got.status, 0);
	for (const char *line = ioectl_got.out.data; *line; line += strcspn(line, "\n") + 1)
		ck_assert_msg(strcspn(line, "\n") <= 80, "too long: %s", line);
	for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
		(void)snprintf(usage, sizeof(usage), "\n  %s", commands[i]);
		ck_assert_ptr_nonnull(strstr(ioectl_got.out.data, usage));
	}
	help = strdup(ioectl_got.out.data);
	ioectl("help");
	ck_assert_str_eq(ioectl_got.out.data, help);
	free(help);
	for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
		(void)snprintf(usage, sizeof(usage), "Usage: ioectl [OPTION...] %s ", commands[i]);
		ioectl(commands[i], "--help");
		ck_assert_int_eq(ioectl_got.status, 0);
		ck_assert_int_eq(strncmp(ioectl_got.out.data, usage, strlen(usage)), 0);
		ck_assert_uint_le(strcspn(ioectl_got.out.data, "\n"), 80);
		help = strdup(ioectl_got.out.data);
		ioectl("help", commands[i]);
		ck_assert_str_eq(ioectl_got.out.data, help);
		ioectl("-i", "1", commands[i], "x", "-h");
		ck_assert_str_eq(ioectl_got.out.data, help);
		ck_assert_str_eq(ioectl_got.err.data, "");
		free(help);
	}
	ioectl("clients", "--", "--help");
	ck_assert_int_eq(ioectl_got.status, 3);
}
END_TEST

START_TEST(test_no_headers)
{
	ioectl_answering(10, "{\"parameters\":{\"instance\":10,\"state\":\"degraded\",\"warnings\":[\"x\"]}}");
	ioectl_answering(2, FULL);
	ioectl("status", "--no-headers");
	ck_assert_str_eq(ioectl_got.out.data,
			 "2         running   0.1.0    4711  1 d 2 h  3         16384  1204      1.0 KiB  2\n"
			 "10        degraded  ?        ?     ?        ?         ?      ?         ?        1\n");
	ioectl("-i", "2", "status", "--no-headers");
	ck_assert_str_eq(ioectl_got.out.data, full_screen);
	ioectl_answering(3, "{\"parameters\":{\"rooms\":[{\"name\":\"garden\"}],\"mailboxes\":[]}}");
	ioectl("-i", "3", "rooms", "--no-headers");
	ck_assert_str_eq(ioectl_got.out.data, "garden  ?        ?         ?     ?     -\n");
	ioectl("-i", "3", "mailboxes", "--no-headers");
	ck_assert_str_eq(ioectl_got.out.data, "");
	ck_assert_int_eq(ioectl_got.status, 0);
}
END_TEST

START_TEST(test_output)
{
	const char *const args[] = { "-i", "1", "status", NULL }, *const help[] = { "--help", NULL };

	ioectl_answering(1, FULL);
	ioectl_full(args);
	ioectl_said("standard output cannot be written: No space left on device");
	ck_assert_int_eq(ioectl_got.status, 1);
	ioectl_full(help);
	ck_assert_int_eq(ioectl_got.status, 1);

	/* Whoever read it has gone: nothing to say. */
	ioectl_closed(args);
	ck_assert_str_eq(ioectl_got.err.data, "");
	ck_assert_int_eq(ioectl_got.status, 1);
}
END_TEST

START_TEST(test_silent)
{
	ioectl_daemon(1, act_silent, NULL, 0);
	ioectl("-i", "1", "status");
	ioectl_said("Instance 1 did not answer within 5 s");
	ck_assert_int_eq(ioectl_got.status, 7);
}
END_TEST

START_TEST(test_interrupted)
{
	ioectl_daemon(1, act_interrupt, NULL, 0);
	ioectl("-i", "1", "status");
	ck_assert_str_eq(ioectl_got.err.data, "");
	ck_assert_int_eq(ioectl_got.status, 9);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, test_screen);
	tcase_add_test(tc, test_table);
	tcase_add_test(tc, test_some_failed);
	tcase_add_test(tc, test_json);
	tcase_add_test(tc, test_strange);
	tcase_add_test(tc, test_no_ioed);
	tcase_add_test(tc, test_errors);
	tcase_add_test(tc, test_json_errors);
	tcase_add_test(tc, test_nobody);
	tcase_add_test(tc, test_help);
	tcase_add_test(tc, test_no_headers);
	tcase_add_test(tc, test_usage);
	tcase_add_test(tc, test_output);
	tcase_add_test(tc, test_silent);
	tcase_add_test(tc, test_interrupted);
}

int main(void)
{
	return ioectl_run_suite("ctl", add);
}
