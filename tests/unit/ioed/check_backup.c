/* SPDX-License-Identifier: MIT */
/* A copy of the store that is made while it runs, and put back. With one reactor and with four. */
#include "ioed/backup.h"

#include "control/channels.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "unit/fixture/channel_fixture.h"
#include "unit/fixture/folder.h"
#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"

/* What it hears of itself meanwhile says nothing here. */
static void ask(int fd, const char *text)
{
	char line[128];

	serve_say(fd, text);
	do
		(void)serve_line(fd, line, sizeof(line));
	while (strncmp(line, "OK", 2) != 0);
}

/* The only room. */
static void expect_room(const char *name, unsigned messages)
{
	struct control_channels *c = channels_new(serve_server(), CONTROL_ROOMS, serve_task_arrives, NULL);

	channels_next(c);
	serve_wait_for_task();
	ck_assert_str_eq(c->why, "");
	ck_assert_uint_eq(c->n, 1);
	ck_assert_uint_eq(c->page[0].name_len, strlen(name));
	ck_assert_mem_eq(c->text.data + c->page[0].name_at, name, strlen(name));
	ck_assert_uint_eq(c->page[0].messages, messages);
	ck_assert_uint_eq(c->page[0].last, messages);
	(void)server_task_free(&c->task);
}

static struct control_backup *back_up(const char *dir)
{
	struct control_backup *b = backup_start(serve_server(), dir, serve_task_arrives, NULL);

	serve_wait_for_task();
	return b;
}

START_TEST(copy_is_put_back)
{
	char dir[256], from[512], state[256], to[512];
	struct control_backup *b;
	struct stat st;
	int fd;

	folder_make();
	(void)snprintf(state, sizeof(state), "%s/state", folder_path);
	(void)snprintf(dir, sizeof(dir), "%s/copy", folder_path);
	(void)snprintf(from, sizeof(from), "%s/store.db", dir);
	channel_fixture_start_in(_i, state, "256K");
	fd = channel_fixture_connect("x");
	ask(fd, "SAY,d,b,before\n");
	b = back_up(dir);
	ck_assert_str_eq(b->why, "");
	(void)server_task_free(&b->task);
	ck_assert_int_eq(stat(from, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600); /* what people say to each other */
	ask(fd, "SAY,d,b,behind\n");
	ask(fd, "SAY,d,c,behind\n");
	b = back_up(dir);
	ck_assert_msg(strstr(b->why, "exists already"), "%s", b->why);
	(void)server_task_free(&b->task);
	serve_close(fd);
	serve_stop();

	/* As the manual says: the copy takes the place of the file and of what belongs to it. */
	(void)snprintf(to, sizeof(to), "%s/store.db-wal", state);
	(void)unlink(to);
	(void)snprintf(to, sizeof(to), "%s/store.db-shm", state);
	(void)unlink(to);
	(void)snprintf(to, sizeof(to), "%s/store.db", state);
	ck_assert_int_eq(rename(from, to), 0);
	channel_fixture_start_in(_i, state, "256K");
	expect_room("b", 1);
	serve_stop();
	folder_remove();
}
END_TEST

/* Where nothing is kept there is nothing to copy. */
START_TEST(nothing_is_kept)
{
	struct control_backup *b;

	serve_start(&serve_schema, serve_plain_roles, channel_fixture_configure(_i, "%s/state", "256K"));
	b = back_up("/nowhere/at/all");
	ck_assert_str_ne(b->why, "");
	(void)server_task_free(&b->task);
	serve_stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("backup");
	TCase *t = tcase_create("backup");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, copy_is_put_back, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(t, nothing_is_kept, 0, CHANNEL_FIXTURE_WAYS);
	suite_add_tcase(s, t);
	return run_suite(s);
}
