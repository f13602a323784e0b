/* SPDX-License-Identifier: MIT */
/* A copy of rooms and mailboxes is put back: refused while the daemon runs, another STORE afterwards. */

#include "client.h"
#include "tool.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define RESTORE_EXIT_FAILED 1
#define RESTORE_EXIT_USAGE  2

/* ioectl must end with @status and say @words, where it is not NULL. What it printed on stdout, to be freed. */
static char *restore_ioectl(int status, const char *words, const char *const *args)
{
	struct tool t;
	char *out;

	tool_run_setup(&t, "IOECTL", "", args, NULL, NULL);
	if (t.status != status || (words && !strstr(t.out->str, words) && !strstr(t.err->str, words)))
		harness_fail("ioectl ended with %d, not with %d and '%s': %s%s", t.status, status, words ? words : "", t.out->str,
			     t.err->str);
	out = g_strdup(t.out->str);
	tool_done(&t);
	return out;
}

static void restore_run(struct daemon *d, int status, const char *words, const char *copy)
{
	g_autofree char *config = g_strdup_printf("--config=%s", d->config), *state = g_strdup_printf("--state-dir=%s", d->state);
	const char *args[] = { "restore", config, state, copy, NULL };

	g_free(restore_ioectl(status, words, args));
}

/* The eighth field of HI. */
static char *restore_store(struct daemon *d)
{
	struct client *c = client_new(d, 0);
	g_autofree char *hi = NULL;
	g_auto(GStrv) fields = NULL;

	client_puts(c, "HELLO,ioe/1\n");
	hi = client_line(c);
	fields = g_strsplit(hi, ",", -1);
	g_assert_cmpuint(g_strv_length(fields), ==, 8);
	client_free(c);
	return g_strdup(fields[7]);
}

/* Leaves a message; its ID, which tells its number. */
static char *restore_send(struct daemon *d, const char *text)
{
	struct client *c = client_new_named(d, 0, "ann");
	g_autofree char *line = NULL;

	client_printf(c, "SEND,bob,%s\n", text);
	line = client_line(c);
	g_assert_true(g_str_has_prefix(line, "OK,"));
	client_free(c);
	return g_strdup(line);
}

/* All that waits for bob, as "one two ". */
static char *restore_mail(struct daemon *d)
{
	struct client *c = client_new_named(d, 0, "bob");
	GString *all = g_string_new("");

	client_puts(c, "FETCH\n");
	for (;;) {
		g_autofree char *line = client_line(c);
		const char *text = strrchr(line, ',');

		if (g_str_has_prefix(line, "OK,"))
			break;
		g_string_append_printf(all, "%s ", text ? text + 1 : line);
	}
	client_free(c);
	return g_string_free(all, FALSE);
}

static void restore_expect_mail(struct daemon *d, const char *wanted)
{
	g_autofree char *mail = restore_mail(d);

	g_assert_cmpstr(mail, ==, wanted);
}

static char *restore_copy(struct daemon *d)
{
	g_autofree char *dir = g_build_filename(d->dir, "copy", NULL);
	const char *args[] = { "-s", d->control, "backup", dir, NULL };

	g_free(restore_ioectl(0, "is copied to", args));
	return g_build_filename(dir, "store.db", NULL);
}

static void restore_start(struct daemon *d)
{
	daemon_spawn(d);
	daemon_wait_ready(d);
}

static void restore_back(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *first = restore_store(d), *id1 = restore_send(d, "one"), *copy = restore_copy(d), *id2 = NULL;
	g_autofree char *second = NULL, *third = NULL, *id3 = NULL, *tree = NULL;

	id2 = restore_send(d, "two");
	restore_run(d, RESTORE_EXIT_FAILED, "runs: stop it first", copy);
	restore_expect_mail(d, "one two ");
	daemon_stop(d);
	restore_run(d, 0, "the old ones are kept in ", copy);

	restore_start(d);
	daemon_wait_log(d, "it has a new STORE");
	second = restore_store(d);
	g_assert_cmpstr(second, !=, first);
	restore_expect_mail(d, "one ");
	id3 = restore_send(d, "three");
	g_assert_cmpstr(id3, ==, id2); /* which is why */
	g_assert_cmpstr(id3, !=, id1);
	daemon_stop(d);

	/* From then on it stays what it is. */
	restore_start(d);
	third = restore_store(d);
	g_assert_cmpstr(third, ==, second);
	restore_expect_mail(d, "one three ");
	tree = harness_tree(d->state);
	g_assert_nonnull(strstr(tree, "/store.db"));
	daemon_finish(d);
}

/* As the manual had it before: the file is put there by hand, and the daemon sees what it is. */
static void restore_by_hand(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *first = restore_store(d), *copy = NULL, *second = NULL;
	g_autofree char *file = g_build_filename(d->state, "store.db", NULL), *data = NULL;
	gsize n;

	g_free(restore_send(d, "one"));
	copy = restore_copy(d);
	daemon_stop(d);
	g_assert_true(g_file_get_contents(copy, &data, &n, NULL));
	harness_write_file(file, data, n);
	restore_start(d);
	second = restore_store(d);
	g_assert_cmpstr(second, !=, first);
	restore_expect_mail(d, "one ");
	daemon_kill(d);
	restore_start(d);
	{
		g_autofree char *third = restore_store(d);

		g_assert_cmpstr(third, ==, second);
	}
	daemon_finish(d);
}

/* Of an instance that was killed: what is in its log only is kept, too. What is wrong with the copy changes nothing. */
static void restore_killed(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *first = restore_store(d), *copy = NULL;
	g_autofree char *wrong = g_build_filename(d->dir, "wrong", NULL), *second = NULL;
	g_autofree char *state = g_strdup_printf("--state-dir=%s", d->state), *data = NULL, *json = NULL;
	const char *args[] = { "-j", "restore", state, NULL, NULL };
	gsize n;

	g_free(restore_send(d, "one"));
	args[3] = copy = restore_copy(d);
	g_free(restore_send(d, "two"));
	daemon_kill(d);
	restore_run(d, RESTORE_EXIT_FAILED, "cannot be read", wrong);
	harness_write_file(wrong, "nonsense", 8);
	restore_run(d, RESTORE_EXIT_FAILED, "is no database", wrong);
	g_assert_true(g_file_get_contents(copy, &data, &n, NULL));
	harness_write_file(wrong, data, n - 1024);
	restore_run(d, RESTORE_EXIT_FAILED, "is damaged", wrong);
	restore_start(d);
	second = restore_store(d);
	g_assert_cmpstr(second, ==, first);
	restore_expect_mail(d, "one two ");
	daemon_kill(d);

	json = restore_ioectl(0, NULL, args);
	g_assert_nonnull(strstr(json, "\"ok\":true"));
	g_assert_nonnull(strstr(json, "/replaced-2"));
	restore_start(d);
	restore_expect_mail(d, "one ");
	daemon_finish(d);
}

static void restore_usage(void)
{
	static const char *const none[] = { "restore", "x", NULL }, *const nothing[] = { "-i", "1", "restore", NULL },
				 *const running[] = { "-s", "/x", "restore", "x", NULL },
				 *const nowhere[] = { "restore", "--state-dir=/nowhere/at/all", "x", NULL };

	g_free(restore_ioectl(RESTORE_EXIT_USAGE, "name it with -i", none));
	g_free(restore_ioectl(RESTORE_EXIT_USAGE, NULL, nothing));
	g_free(restore_ioectl(RESTORE_EXIT_USAGE, "does not run", running));
	g_free(restore_ioectl(RESTORE_EXIT_USAGE, "cannot be used", nowhere));
}

static void restore_add(void)
{
	g_test_add_func("/restore/usage", restore_usage);
	harness_add("restore/back", restore_back);
	harness_add("restore/by-hand", restore_by_hand);
	harness_add("restore/killed", restore_killed);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, restore_add);
}
