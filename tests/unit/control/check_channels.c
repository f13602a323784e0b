/* SPDX-License-Identifier: MIT */
/*
 * What the control socket is told of rooms: what is open and what is only on disk, each once and in the order of names,
 * whatever the pages. With one reactor and with four.
 */
#include "control/channels.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/channel_fixture.h"
#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"

/* "name members messages bytes last topic;" of each, a '|' between two pages. The sender's name counts, too. */
static const char *reported(enum control_kind kind)
{
	struct control_channels *c = channels_new(serve_server(), kind, serve_task_arrives, NULL);
	static struct buf all;

	all.len = 0;
	while (!c->done) {
		channels_next(c);
		serve_wait_for_task();
		if (c->why[0])
			(void)buf_printf(&all, "%s", c->why);
		for (size_t i = 0; i < c->n; i++) {
			const struct control_channel *at = &c->page[i];

			(void)buf_printf(&all, "%.*s %u %u %u %u %.*s;", (int)at->name_len, c->text.data + at->name_at,
					 (unsigned)at->members, (unsigned)at->messages, (unsigned)at->bytes,
					 (unsigned)at->last, (int)at->topic_len, c->text.data + at->topic_at);
		}
		if (c->why[0])
			break;
		(void)buf_append_str(&all, c->done ? "" : "|");
	}
	(void)server_task_free(&c->task);
	return buf_str(&all);
}

/* What it hears of itself meanwhile says nothing here. */
static void ask(int fd, const char *text)
{
	char line[128];

	serve_say(fd, text);
	do
		(void)serve_line(fd, line, sizeof(line));
	while (strncmp(line, "OK", 2) != 0);
}

START_TEST(what_is_there_is_reported)
{
	int fd;

	channel_fixture_start(_i);
	ck_assert_str_eq(reported(CONTROL_ROOMS), "");
	fd = channel_fixture_connect("x");
	ask(fd, "SAY,d,b,12345\n");
	ask(fd, "SAY,d,b,678\n");
	ask(fd, "NOTE,b,what it, is\n");
	ask(fd, "JOIN,b\n");
	ask(fd, "SAY,d,aa,1\n");
	ask(fd, "SAY,d,a,12\n");
	ask(fd, "JOIN,c\n"); /* nothing of it is on disk */
	ck_assert_str_eq(reported(CONTROL_ROOMS), "a 0 1 3 1 ;aa 0 1 2 1 ;b 1 2 10 2 what it, is;c 1 0 0 0 ;");
	ck_assert_str_eq(reported(CONTROL_MAILBOXES), "");
	serve_close(fd);
	serve_stop();
}
END_TEST

/* So many that they come in pages, most of them closed again, and of those that are open some only in memory. */
START_TEST(pages_are_merged)
{
	static char want[65536];
	char line[64];
	size_t len = 0;
	int fd;

	channel_fixture_start(_i);
	channel_fixture_limits.open = 64;
	fd = channel_fixture_connect("x");
	for (unsigned i = 0; i < 2 * CONTROL_CHANNELS_PAGE + 10; i++) {
		bool live = i % 13 == 5;

		(void)snprintf(line, sizeof(line), live ? "JOIN,r%03u\n" : "SAY,d,r%03u,text\n", i);
		ask(fd, line);
		len += (size_t)snprintf(want + len, sizeof(want) - len, live ? "r%03u 1 0 0 0 ;" : "r%03u 0 1 5 1 ;", i);
	}
	{
		const char *all = reported(CONTROL_ROOMS);
		unsigned bars = 0;
		size_t n = 0;

		for (size_t i = 0; all[i]; i++) {
			bars += all[i] == '|';
			if (all[i] != '|')
				ck_assert_msg(all[i] == want[n++], "at %zu: %.60s", n, all + i);
		}
		ck_assert_uint_eq(n, len);
		ck_assert_uint_ge(bars, 2);
	}
	serve_close(fd);
	serve_stop();
}
END_TEST

/* Where nothing is kept there is nothing to list. */
START_TEST(nothing_is_kept)
{
	serve_start(&serve_schema, serve_plain_roles, channel_fixture_configure(_i, "%s/state", "256K"));
	ck_assert_str_eq(reported(CONTROL_ROOMS), "");
	serve_stop();
}
END_TEST

/* Nobody waits for the answer any more, and then not even the server. */
START_TEST(forgotten)
{
	struct control_channels *c;

	channel_fixture_start(_i);
	c = channels_new(serve_server(), CONTROL_ROOMS, serve_task_arrives, NULL);
	channels_next(c);
	(void)server_task_free(&c->task);
	ck_assert_str_eq(reported(CONTROL_ROOMS), "");
	c = channels_new(serve_server(), CONTROL_ROOMS, serve_task_arrives, NULL);
	channels_next(c);
	(void)server_task_free(&c->task);
	serve_stop();
	ck_assert(!serve_task_has_arrived());
}
END_TEST

int main(void)
{
	Suite *s = suite_create("channels");
	TCase *t = tcase_create("channels");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, what_is_there_is_reported, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(t, pages_are_merged, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(t, nothing_is_kept, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(t, forgotten, 0, CHANNEL_FIXTURE_WAYS);
	suite_add_tcase(s, t);
	return run_suite(s);
}
