/* SPDX-License-Identifier: MIT */
/* ioectl: a daemon that is told something, or waited for; and a configuration that is tried. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture/ioectl.h"

START_TEST(test_reload)
{
	ioectl_answering(
		1,
		"{\"parameters\":{\"changes\":[{\"option\":\"limits.line\",\"from\":\"\\\"64K\\\"\",\"to\":\"\\\"32K\\\"\","
		"\"restart\":false},{\"option\":\"file.root\",\"from\":\"\",\"to\":\"\\\"/srv\\\"\",\"restart\":true}],"
		"\"text\":\"one.\\ntwo\\u001b.\\n\"}}");
	ioectl("reload");
	ck_assert_str_eq(ioectl_got.out.data, "Instance 1 has reloaded its configuration\n  one.\n  two?.\n");
	ioectl("reload", "--check", "--diff");
	ck_assert_str_eq(ioectl_got.out.data,
			 "Instance 1 would take the configuration\n  limits.line: \"64K\" -> \"32K\"\n"
			 "  file.root: nothing -> \"/srv\" (after a restart)\n  one.\n  two?.\n");
	ioectl("-j", "-i", "1", "reload");
	ck_assert_ptr_nonnull(strstr(ioectl_got.out.data, "\"changes\":["));
	ck_assert_int_eq(ioectl_got.status, 0);
	ioectl_answering(
		2,
		"{\"error\":\"org.ioe.control.ReloadRefused\",\"parameters\":{\"text\":\"a:1: bad\\u001b.\\nb:2: worse.\\n\"}}");
	ioectl("-i", "2", "reload");
	ck_assert_str_eq(ioectl_got.err.data, "Instance 2 refused the configuration, and the old one stays in force:\n"
					      "  a:1: bad\\x1b.\n  b:2: worse.\n");
	ck_assert_str_eq(ioectl_got.out.data, "");
	ck_assert_int_eq(ioectl_got.status, 1);
}
END_TEST

START_TEST(test_log_level)
{
	ioectl_answering(1, "{\"parameters\":{\"level\":\"debug\",\"configured\":\"info\"}}");
	ioectl("log-level", "debug");
	ck_assert_str_eq(ioectl_got.out.data, "Instance 1 logs debug and above until the next reload\n");
	ioectl("log-level", "--for", "10m", "debug");
	ck_assert_str_eq(ioectl_got.out.data, "Instance 1 logs debug and above for 10m, then info\n");
	ioectl("log-level");
	ck_assert_str_eq(ioectl_got.out.data, "Instance 1 logs debug and above for now; the configuration says info\n");
	ioectl("-j", "-i", "1", "log-level", "debug");
	ck_assert_str_eq(ioectl_got.out.data, "{\n  \"level\":\"debug\",\n  \"configured\":\"info\"\n}\n");
	ck_assert_int_eq(ioectl_got.status, 0);
	ioectl_answering(2, "{\"parameters\":{\"level\":\"info\",\"configured\":\"info\"}}");
	ioectl("-i", "2", "log-level");
	ck_assert_str_eq(ioectl_got.out.data, "Instance 2 logs info and above\n");
}
END_TEST

START_TEST(test_wait)
{
	ioectl_answering(1, "{\"parameters\":{\"state\":\"degraded\"}}");
	ioectl_answering(2, "{\"parameters\":{\"state\":\"starting\"}}");
	ioectl_answering(3, "{\"error\":\"org.varlink.service.PermissionDenied\"}");
	ioectl("-i", "1", "wait");
	ck_assert_int_eq(ioectl_got.status, 0);
	ioectl("-i", "2", "wait", "--for", "ready", "--timeout", "100ms");
	ioectl_said("Instance 2 was not ready within 100ms");
	ck_assert_int_eq(ioectl_got.status, 7);
	ioectl("-i", "3", "wait");
	ioectl_said("you are not allowed to administer");
	ck_assert_int_eq(ioectl_got.status, 4);
	ioectl("-i", "4", "wait", "--timeout=50ms");
	ioectl_said("nobody listens there");
	ck_assert_int_eq(ioectl_got.status, 7);
	ioectl("wait", "--timeout=2s"); /* which is what the one that is ready has */
	ck_assert_int_eq(ioectl_got.status, 8);
}
END_TEST

static void act_later(int fd, const void *arg, size_t len)
{
	static unsigned calls;

	if (++calls < 5)
		ioectl_act_answer(fd, "{\"parameters\":{\"state\":\"starting\"}}",
				  sizeof("{\"parameters\":{\"state\":\"starting\"}}"));
	else
		ioectl_act_answer(fd, arg, len);
}

/* It comes while it is waited for. */
START_TEST(test_wait_comes)
{
	static const char running[] = "{\"parameters\":{\"state\":\"running\"}}";

	ioectl_daemon(1, act_later, running, sizeof(running));
	ioectl("-i", "1", "wait", "--timeout=20s");
	ck_assert_int_eq(ioectl_got.status, 0);
}
END_TEST

START_TEST(test_check)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/try.conf", ioectl_dir);
	f = fopen(path, "we");
	ck_assert_ptr_nonnull(f);
	(void)fputs("limits = { line = \"64K\"; };\n", f);
	(void)fclose(f);
	ioectl("check", path);
	ck_assert_str_eq(ioectl_got.err.data, "");
	ck_assert_ptr_nonnull(strstr(ioectl_got.out.data, "is in order"));
	ck_assert_int_eq(ioectl_got.status, 0);
	ioectl("-i", "4", "check", path);
	ck_assert_ptr_nonnull(strstr(ioectl_got.out.data, "instance 4 is in order"));

	f = fopen(path, "ae");
	(void)fputs("nonsense = 1;\n", f);
	(void)fclose(f);
	ioectl("check", path);
	ioectl_said("try.conf:2: nonsense is no option");
	ck_assert_str_eq(ioectl_got.out.data, "");
	ck_assert_int_eq(ioectl_got.status, 1);
	ioectl("-j", "check", path);
	ck_assert_ptr_nonnull(strstr(ioectl_got.out.data, "\"ok\":false"));
	ck_assert_int_eq(ioectl_got.status, 1);
	ck_assert_int_eq(setenv("IOED", "/nothing/is/here", 1), 0);
	ioectl("check");
	ck_assert_str_eq(ioectl_got.err.data, "ioectl: the program /nothing/is/here is missing: install ioed, "
					      "or name its path: IOED=PATH ioectl ...\n");
	ck_assert_int_eq(ioectl_got.status, 1);
	/* A folder, and what is there and is no program. */
	ck_assert_int_eq(setenv("IOED", ioectl_dir, 1), 0);
	ioectl("check");
	ioectl_said(" is missing");
	ck_assert_int_eq(setenv("IOED", path, 1), 0);
	ioectl("-j", "check");
	ioectl_said(" is missing");
	ck_assert_int_eq(ioectl_got.status, 1);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, test_reload);
	tcase_add_test(tc, test_log_level);
	tcase_add_test(tc, test_wait);
	tcase_add_test(tc, test_wait_comes);
	tcase_add_test(tc, test_check);
}

int main(void)
{
	return ioectl_run_suite("ctl_manage", add);
}
