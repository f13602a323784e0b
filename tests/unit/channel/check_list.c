/* SPDX-License-Identifier: MIT */
/*
 * The list of channels: those in memory and those on disk, each once and in the order of names, however small the pages
 * are. With one reactor and with four.
 */
#include "channel/list.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/channel_fixture.h"
#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"

static int fd;

/* Sends a request and skips the messages of rooms in front of its reply. */
static void ask(const char *text)
{
	char line[128];

	serve_say(fd, text);
	do
		(void)serve_line(fd, line, sizeof(line));
	while (strncmp(line, "OK", 2) != 0);
}

static const char *list(const char *arguments)
{
	static char line[4096];
	char request[64];

	(void)snprintf(request, sizeof(request), "LIST,%s\n", arguments);
	serve_say(fd, request);
	do
		(void)serve_line(fd, line, sizeof(line));
	while (strstr(line, " +x"));
	return line;
}

/* Without the marks of pages. */
static const char *list_merged(const char *arguments)
{
	static char merged[4096];
	size_t n = 0;

	for (const char *s = list(arguments); *s; s++)
		if (*s != '|')
			merged[n++] = *s;
	merged[n] = '\0';
	return merged;
}

static void start(int way)
{
	channel_fixture_start(way);
	fd = channel_fixture_connect("x");
}

static void stop(void)
{
	serve_close(fd);
	serve_stop();
}

START_TEST(nothing_is_listed)
{
	start(_i);
	ck_assert_str_eq(list("1"), "|");
	stop();
}
END_TEST

/* What is only in memory comes between, before and behind what is on disk. */
START_TEST(both_are_merged)
{
	const char *want = "*a 1 0 0 ;*b 0 1 1 ;*bb 0 2 2 ;*c 1 0 0 ;*d 0 1 1 ;*e 1 0 0 ;";

	start(_i);
	ask("SAY,d,b,1\n");
	ask("SAY,d,bb,1\n");
	ask("SAY,d,bb,2\n");
	ask("SAY,d,d,1\n");
	ask("JOIN,c\n");
	ask("JOIN,e\n");
	ask("JOIN,a\n");
	for (char rows = '1'; rows <= '9'; rows++)
		ck_assert_str_eq(list_merged((const char[]){ rows, '\0' }), want);
	ck_assert_str_eq(list("9"), "|*a 1 0 0 ;*b 0 1 1 ;*bb 0 2 2 ;*c 1 0 0 ;*d 0 1 1 ;*e 1 0 0 ;");
	stop();
}
END_TEST

/* One that makes room for another is on disk only, and its topic comes from there; a topic is cut between
 * characters. */
START_TEST(closed_ones_come_from_the_disk)
{
	char request[64];

	start(_i);
	channel_fixture_limits.open = _i & 1 ? 4 : 1;
	ask("SAY,d,a,1\n");
	ask("NOTE,a,topic of a\n");
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(request, sizeof(request), "SAY,d,r%02u,1\n", i);
		ask(request);
	}
	ck_assert_ptr_nonnull(strstr(list_merged("3"), "r00 0 1 1 ;"));
	ck_assert_msg(strncmp(list_merged("3"), "a 0 1 1 topic of;", 17) == 0, "%s", list_merged("3"));
	ask("NOTE,a,topic \xe2\x82\xac of\n");
	ck_assert_ptr_nonnull(strstr(list_merged("3"), "a 0 1 1 topic ;"));
	stop();
}
END_TEST

START_TEST(bound_is_kept)
{
	start(_i);
	ask("JOIN,a\n");
	ask("JOIN,b\n");
	ck_assert_str_eq(list("3,bound"), "ENOBUFS");
	stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("list");
	TCase *t = tcase_create("list");

	tcase_add_loop_test(t, nothing_is_listed, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(t, both_are_merged, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(t, closed_ones_come_from_the_disk, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(t, bound_is_kept, 0, CHANNEL_FIXTURE_WAYS);
	suite_add_tcase(s, t);
	return run_suite(s);
}
