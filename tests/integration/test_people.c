/* SPDX-License-Identifier: MIT */
/* What people do with ioe-client, and an administrator with ioectl, where a real daemon keeps rooms and mail. */

#include "client.h"
#include "tool.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Runs ioe-client with up to five words and what is typed. */
static void people_run(struct tool *t, struct daemon *d, int status, const char *input, const char *const *words)
{
	g_autofree char *server = g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]);
	const char *args[12] = { "-s", server };

	for (size_t i = 0; words[i]; i++)
		args[2 + i] = words[i];
	tool_run_setup(t, "IOE_CLIENT", input, args, NULL, NULL);
	if (t->status != status)
		harness_fail("%s ended with %d, not %d: %s%s", words[0], t->status, status, t->out->str, t->err->str);
}

#define PEOPLE_RUN(t, d, status, input, ...) people_run(t, d, status, input, (const char *const[]){ __VA_ARGS__, NULL })

/* What ioectl printed, to be freed. */
static char *people_ioectl(struct daemon *d, int status, const char *command, const char *argument)
{
	struct tool t;
	char *out;

	tool_run(&t, "IOECTL", "", "-s", d->control, command, argument, NULL);
	if (t.status != status)
		harness_fail("ioectl %s ended with %d, not %d: %s%s", command, t.status, status, t.out->str, t.err->str);
	out = g_strdup(t.out->str);
	tool_done(&t);
	return out;
}

/* A copy is never without its last page. */
static void people_expect_whole(const char *path)
{
	g_autofree char *text = NULL;
	gsize len;

	g_assert_true(g_file_get_contents(path, &text, &len, NULL));
	g_assert_cmpuint(len, >, 100);
	g_assert_cmpmem(text, 15, "SQLite format 3", 15);
	g_assert_cmpuint(((guint)(guchar)text[28] << 24 | (guint)(guchar)text[29] << 16 | (guint)(guchar)text[30] << 8 |
			  (guint)(guchar)text[31]) * 1024, ==, len);
}

static void people_expect_in(const char *all, const char *part)
{
	if (!strstr(all, part))
		harness_fail("'%s' is not in: %s", part, all);
}

/* One with ioe-client, the other one with any client; what is said later is seen again from any number on. */
static void people_chat(struct daemon *d)
{
	struct client *bob = client_new_ioe1(d, 0);
	struct tool t;

	client_ask(bob, "NICK,bob", "OK,bob");
	client_puts(bob, "JOIN,lobby\nSAY,lobby,steer%1B[2J\n");
	PEOPLE_RUN(&t, d, 8, "one, two\n/topic of bob's\n/who\n", "chat", "--nick=ann", "--since=0", "lobby");
	people_expect_in(t.err->str, "not permitted");
	people_expect_in(t.out->str, "bob: steer?[2J\n");
	people_expect_in(t.out->str, "ann: one, two\n");
	people_expect_in(t.out->str, "ann\n");
	people_expect_in(t.out->str, "--since=2 goes on from here");
	tool_done(&t);
	client_puts(bob, "SAY,lobby,three\nPING,said\n");
	for (;;) {
		g_autofree char *line = client_line(bob);

		if (g_str_has_prefix(line, "ERROR"))
			harness_fail("%s", line);
		if (strcmp(line, "PONG,said") == 0)
			break;
	}
	PEOPLE_RUN(&t, d, 0, "", "chat", "--nick=ann", "--since=2", "lobby");
	people_expect_in(t.out->str, "bob: three\n");
	g_assert_null(strstr(t.out->str, "one, two"));
	tool_done(&t);
	PEOPLE_RUN(&t, d, 0, "", "chat", "--nick=ann", "--history=2", "lobby");
	people_expect_in(t.out->str, " ann: one, two\n");
	people_expect_in(t.out->str, " bob: three\n");
	g_assert_null(strstr(t.out->str, "steer"));
	tool_done(&t);
	client_free(bob);
}

/* A script says what it has to say: all of it, in order, and prints nothing. */
static void people_say(struct daemon *d)
{
	g_autoptr(GString) many = g_string_new(NULL);
	struct client *bob = client_new_ioe1(d, 0);
	struct tool t;

	client_ask(bob, "NICK,bob", "OK,bob");
	PEOPLE_RUN(&t, d, 0, "", "say", "--nick=ci", "garden", "the", "build, done");
	g_assert_cmpstr(t.out->str, ==, "");
	g_assert_cmpstr(t.err->str, ==, "");
	tool_done(&t);
	/* More than may be said at once; none is a command, an empty one is none, and the last has no end. */
	for (unsigned i = 0; i < 15; i++)
		g_string_append_printf(many, "/line %u\n\n", i);
	(void)g_string_append(many, "/quit\nlast");
	PEOPLE_RUN(&t, d, 0, many->str, "say", "--nick=ci", "garden", "-");
	g_assert_cmpstr(t.out->str, ==, "");
	g_assert_cmpstr(t.err->str, ==, "");
	tool_done(&t);
	PEOPLE_RUN(&t, d, 0, "", "say", "--nick=ci", "garden", "/two\nlines");
	tool_done(&t);
	PEOPLE_RUN(&t, d, 0, "", "say", "garden", "-");
	tool_done(&t);
	client_ask(bob, "JOIN,garden", "OK,garden,20,1,1");
	client_expect(bob, "JOINED,garden,bob");
	client_puts(bob, "HISTORY,garden,0,100\n");
	{
		g_autofree char *size = client_line(bob), *first = client_line(bob);

		g_assert_cmpuint(g_ascii_strtoull(size, NULL, 10), >, 0);
		g_assert_true(g_str_has_suffix(first, ",ci,the build%2C done"));
	}
	for (unsigned i = 0; i < 19; i++) {
		g_autofree char *line = client_line(bob);
		g_autofree char *end = i < 15 ? g_strdup_printf(",ci,/line %u", i) :
				       g_strdup_printf(",ci,%s", ((const char *[]){ "/quit", "last", "/two", "lines" })[i - 15]);

		if (!g_str_has_suffix(line, end))
			harness_fail("'%s' does not end in '%s'", line, end);
	}
	/* What fails is said, with a status of its own. */
	client_ask(bob, "JOIN,mine", "OK,mine,0,1,1");
	client_expect(bob, "JOINED,mine,bob");
	client_ask(bob, "MUTE,mine,ci,600", "OK");
	PEOPLE_RUN(&t, d, 4, "", "say", "--nick=ci", "mine", "not heard");
	g_assert_cmpstr(t.out->str, ==, "");
	people_expect_in(t.err->str, "say mine: not permitted");
	tool_done(&t);
	PEOPLE_RUN(&t, d, 8, "not heard\n", "say", "--nick=ci", "mine", "-");
	tool_done(&t);
	PEOPLE_RUN(&t, d, 1, "", "say", "no room", "x");
	tool_done(&t);
	PEOPLE_RUN(&t, d, 2, "", "say", "garden");
	tool_done(&t);
	PEOPLE_RUN(&t, d, 8, "say garden -\n", NULL); /* the script is there already */
	tool_done(&t);
	client_free(bob);
}

static void people_chat_refused(struct daemon *d)
{
	struct client *bob = client_new_ioe1(d, 0);
	struct tool t;

	client_ask(bob, "NICK,bob", "OK,bob");
	PEOPLE_RUN(&t, d, 12, "said\n", "-t", "1", "chat", "--nick=bob", "lobby");
	people_expect_in(t.err->str, "chat lobby: taken: another session is 'bob'; choose another name\n");
	g_assert_cmpstr(t.out->str, ==, "");
	tool_done(&t);
	PEOPLE_RUN(&t, d, 1, "said\n", "chat", "no room");
	tool_done(&t);
	PEOPLE_RUN(&t, d, 1, "said\n", "chat", "--since=7", "lobby");
	tool_done(&t);
	client_free(bob);
}

/* Each in a folder of its own, which nothing is replaced in; with a slash behind it as well. */
static void people_backup_dated(struct daemon *d, const char *dir)
{
	g_autofree char *slash = g_strconcat(dir, "///", NULL), *head = g_strconcat(dir, "-20", NULL);

	for (unsigned i = 0; i < 2; i++) {
		gint64 deadline = harness_deadline();
		g_auto(GStrv) words = NULL;
		struct tool t;

		/* It is refused where there is one of the same second. */
		do {
			tool_run(&t, "IOECTL", "", "-s", d->control, "backup", "--dated", i == 0 ? dir : slash, NULL);
			if (t.status == 0)
				break;
			people_expect_in(t.err->str, "exists already");
			g_assert_cmpint(g_get_monotonic_time(), <, deadline);
			tool_done(&t);
		} while (true);
		words = g_strsplit(g_strchomp(t.out->str), " copied to ", 2);
		g_assert_cmpstr(words[0], ==, "The daemon: the database of rooms and mailboxes is");
		g_assert_true(g_str_has_prefix(words[1], head));
		g_assert_true(g_str_has_suffix(words[1], "/store.db"));
		g_assert_cmpuint(strlen(words[1]), ==, strlen(dir) + strlen("-2026-11-21T033000/store.db"));
		g_assert_true(g_file_test(words[1], G_FILE_TEST_IS_REGULAR));
		tool_done(&t);
	}
}

/* A copy is made while all goes on; what was said behind it is not there once it is put back, what was before is. */
static void people_backup(struct daemon *d)
{
	g_autofree char *copy = g_build_filename(d->dir, "copy", NULL), *nowhere = g_build_filename(d->dir, "no/copy", NULL);
	g_autofree char *from = g_build_filename(copy, "store.db", NULL);
	g_autofree char *to = g_build_filename(d->state, "store.db", NULL), *wal = g_strdup_printf("%s-wal", to);
	g_autofree char *shm = g_strdup_printf("%s-shm", to), *rooms = NULL, *later = NULL, *json = NULL;
	struct tool t;

	PEOPLE_RUN(&t, d, 0, "before\n/topic old\n", "chat", "--nick=ann", "lobby");
	tool_done(&t);
	g_free(people_ioectl(d, 0, "backup", copy));
	PEOPLE_RUN(&t, d, 0, "behind\n/topic new\n", "chat", "--nick=ann", "lobby");
	tool_done(&t);
	g_free(people_ioectl(d, 1, "backup", copy)); /* exists already */
	people_backup_dated(d, copy);
	g_free(people_ioectl(d, 1, "backup", nowhere));
	g_free(people_ioectl(d, 2, "backup", ""));
	g_free(people_ioectl(d, 2, "backup", NULL));
	rooms = people_ioectl(d, 0, "rooms", NULL);
	people_expect_in(rooms, "lobby  0        2 ");
	people_expect_in(rooms, "new\n");

	daemon_stop(d);
	(void)unlink(wal);
	(void)unlink(shm);
	g_assert_cmpint(rename(from, to), ==, 0);
	daemon_spawn(d);
	daemon_wait_ready(d);
	later = people_ioectl(d, 0, "rooms", NULL);
	people_expect_in(later, "lobby  0        1 ");
	people_expect_in(later, "old\n");
	json = people_ioectl(d, 0, "-j", "rooms");
	people_expect_in(json, "\"name\":\"lobby\"");
	PEOPLE_RUN(&t, d, 0, "", "chat", "--nick=ann", "--since=0", "lobby");
	people_expect_in(t.out->str, "ann: before\n");
	g_assert_null(strstr(t.out->str, "behind"));
	tool_done(&t);
}

/* A message outlives the daemon that took it, is taken once, and whoever sent it can wait for that. */
static void people_mail(struct daemon *d)
{
	g_autofree char *waiting = NULL, *taken = NULL;
	struct client *bob;
	struct tool t;

	PEOPLE_RUN(&t, d, 0, "", "send", "--nick=ann", "bob", "steer\033[2J", "and\nlie");
	g_assert_cmpuint(strspn(t.out->str, "0123456789"), ==, t.out->len - 1);
	tool_done(&t);
	PEOPLE_RUN(&t, d, 0, "", "send", "--nick=ann", "--key=mine", "bob", "second");
	tool_done(&t);
	daemon_kill(d);
	daemon_spawn(d);
	daemon_wait_ready(d);
	PEOPLE_RUN(&t, d, 0, "", "send", "--nick=ann", "--key=mine", "bob", "second"); /* was held already */
	tool_done(&t);
	waiting = people_ioectl(d, 0, "mailboxes", NULL);
	people_expect_in(waiting, "bob      0        2 ");
	PEOPLE_RUN(&t, d, 7, "", "send", "--nick=ann", "--for=1", "carol", "hello");
	people_expect_in(t.err->str, "still held");
	tool_done(&t);
	PEOPLE_RUN(&t, d, 0, "", "inbox", "--nick=bob", "--keep");
	people_expect_in(t.out->str, " ann: steer?[2J and?lie\n");
	tool_done(&t);
	PEOPLE_RUN(&t, d, 0, "", "inbox", "--nick=bob");
	people_expect_in(t.out->str, " ann: steer?[2J and?lie\n");
	people_expect_in(t.out->str, " ann: second\n");
	tool_done(&t);
	PEOPLE_RUN(&t, d, 0, "", "inbox", "--nick=bob");
	g_assert_cmpstr(t.out->str, ==, "");
	tool_done(&t);
	taken = people_ioectl(d, 0, "mailboxes", NULL);
	people_expect_in(taken, "bob      0        0 ");

	bob = client_new(d, 0);
	client_ask(bob, "NICK,bob", "OK,bob");
	client_ask(bob, "WAIT,on", "OK");
	PEOPLE_RUN(&t, d, 0, "", "send", "--nick=ann", "--wait", "bob", "now");
	tool_done(&t);
	client_expect(bob, "ann: now");
	client_free(bob);
}

/* More than one page, and more than one acknowledgement takes. */
static void people_much_mail(struct daemon *d)
{
	g_autoptr(GString) script = g_string_new(NULL);
	gchar **lines;
	struct tool t;

	for (unsigned i = 0; i < 230; i++)
		g_string_append_printf(script, "send bob %u\n", i);
	PEOPLE_RUN(&t, d, 0, script->str, NULL);
	tool_done(&t);
	PEOPLE_RUN(&t, d, 0, "", "inbox", "--nick=bob");
	lines = g_strsplit(t.out->str, "\n", -1);
	for (unsigned i = 0; i < 230; i++) {
		g_autofree char *end = g_strdup_printf(" 127.0.0.1: %u", i);

		if (!g_str_has_suffix(lines[i], end))
			harness_fail("line %u is '%s'", i, lines[i]);
	}
	g_assert_cmpstr(lines[230], ==, "");
	g_strfreev(lines);
	tool_done(&t);
}

/* Where somebody else could read it there is no copy, nor anything of one. */
static void people_backup_refused(struct daemon *d)
{
	g_autofree char *in = g_build_filename(d->files, "copy", NULL), *open = g_build_filename(d->dir, "open", NULL);
	g_autofree char *below = g_build_filename(open, "copy", NULL), *link = g_build_filename(d->dir, "link", NULL);
	const char *const refused[] = { d->files, in, link, open, below };
	static const char *const why[] = { "served", "served", "served", "other users can write", "other users can write" };
	g_autofree char *tree = NULL;
	struct client *c = client_new(d, 0);
	struct tool t;

	PEOPLE_RUN(&t, d, 0, "", "send", "--nick=ann", "bob", "for bob alone");
	tool_done(&t);
	g_assert_cmpint(mkdir(open, 0700), ==, 0);
	g_assert_cmpint(mkdir(below, 0700), ==, 0);
	g_assert_cmpint(chmod(open, 0777), ==, 0);
	g_assert_cmpint(symlink(d->files, link), ==, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		tool_run(&t, "IOECTL", "", "-s", d->control, "backup", refused[i], NULL);
		if (t.status != 1 || !strstr(t.err->str, why[i]))
			harness_fail("backup to %s ended with %d: %s", refused[i], t.status, t.err->str);
		tool_done(&t);
	}
	tree = harness_tree(d->files);
	g_assert_cmpstr(tree, ==, ".ioe/");
	client_puts(c, "READ,copy/store.db\nREAD,store.db\n");
	client_expect_error(c, "not-found");
	client_expect_error(c, "not-found");
	client_free(c);
	/* The sticky bit keeps others from what is below. */
	g_assert_cmpint(chmod(open, 01777), ==, 0);
	g_free(people_ioectl(d, 0, "backup", below));
}

struct people_flip {
	char *link, *one, *other, *fresh;
	gint over;
};

static gpointer people_flip(gpointer data)
{
	struct people_flip *f = data;

	for (unsigned i = 0; !g_atomic_int_get(&f->over); i++) {
		(void)unlink(f->fresh);
		g_assert_cmpint(symlink(i % 2 ? f->one : f->other, f->fresh), ==, 0);
		g_assert_cmpint(rename(f->fresh, f->link), ==, 0);
	}
	return NULL;
}

/* The name is made to lead into the served folder and out of it all the time: nothing of a copy is ever in there, and
 * where one is said to be made it is there, whole. */
static void people_backup_race(struct daemon *d)
{
	struct people_flip f = { .link = g_build_filename(d->dir, "link", NULL), .one = g_build_filename(d->dir, "ours", NULL),
				 .other = d->files, .fresh = g_build_filename(d->dir, "fresh", NULL) };
	g_autofree char *copy = g_build_filename(f.one, "store.db", NULL);
	unsigned made = 0;
	GThread *thread;
	struct tool t;

	PEOPLE_RUN(&t, d, 0, "", "send", "--nick=ann", "bob", "for bob alone");
	tool_done(&t);
	g_assert_cmpint(mkdir(f.one, 0700), ==, 0);
	g_assert_cmpint(symlink(f.one, f.link), ==, 0);
	thread = g_thread_new("flip", people_flip, &f);
	for (unsigned i = 0; i < 40; i++) {
		g_autofree char *tree = NULL;

		tool_run(&t, "IOECTL", "", "-s", d->control, "backup", f.link, NULL);
		g_assert_cmpint(t.status, <=, 1);
		tool_done(&t);
		tree = harness_tree(d->files);
		g_assert_cmpstr(tree, ==, ".ioe/");
		if (t.status == 0) {
			made++;
			people_expect_whole(copy);
			g_assert_cmpint(unlink(copy), ==, 0);
		}
		tree = (g_free(tree), harness_tree(f.one));
		g_assert_cmpstr(tree, ==, "");
	}
	g_atomic_int_set(&f.over, 1);
	(void)g_thread_join(thread);
	/* Else it has shown nothing. */
	g_assert_cmpuint(made, >, 0);
	g_assert_cmpuint(made, <, 40);
	g_free(f.link);
	g_free(f.one);
	g_free(f.fresh);
}

/* What others could read before, they cannot after a start, and it is said. */
static void people_shared_state(struct daemon *d)
{
	g_autofree char *db = g_build_filename(d->state, "store.db", NULL), *out = NULL;
	GStatBuf st;

	daemon_stop(d);
	g_assert_cmpint(chmod(db, 0644), ==, 0);
	g_assert_cmpint(chmod(d->state, 0755), ==, 0);
	daemon_spawn(d);
	daemon_wait_ready(d);
	daemon_wait_log(d, "store.db; from now on only ioed's user can");
	daemon_wait_log(d, "everybody can enter");
	g_assert_cmpint(g_stat(db, &st), ==, 0);
	g_assert_cmpuint(st.st_mode & 07777, ==, 0600);
	out = people_ioectl(d, 0, "status", NULL);
	people_expect_in(out, "everybody can enter");
	g_assert_cmpint(chmod(d->state, 0700), ==, 0);
	g_free(people_ioectl(d, 0, "reload", NULL));
	g_free(out);
	out = people_ioectl(d, 0, "status", NULL);
	g_assert_null(strstr(out, "can enter"));
}

/* What TAB offers is what there is; and a server's words are never run. */
static void people_completion(struct daemon *d)
{
	static const char script[] = "source \"$1\"; PATH=${IOE_CLIENT%/*}:$PATH\n"
				     "offer() { COMP_WORDS=(ioe-client -s 127.0.0.1 : \"$@\"); COMP_CWORD=$((3 + $#))\n"
				     "_ioe_client; echo \"${COMPREPLY[@]}\"; }\n"
				     "offer \"$2\" chat ''\n"
				     "offer \"$2\" send b\n"
				     "offer \"$2\" get ''\n"
				     "offer \"$2\" get in/\n"
				     "offer \"$2\" wa\n"
				     "offer 1 chat ''\n"
				     "COMP_WORDS=(ioe-client --servers = 127.0.0.1 : \"$2\" chat --history = ''); COMP_CWORD=9\n"
				     "_ioe_client; echo \"${COMPREPLY[@]}\"\n";
	g_autofree char *file = g_build_filename(g_getenv("top_srcdir"), "tools/completions/ioe-client.bash", NULL);
	g_autofree char *folder = g_build_filename(d->files, "in", NULL), *inside = g_build_filename(folder, "one", NULL);
	g_autofree char *port = g_strdup_printf("%u", (unsigned)d->ports[0]);
	g_autofree char *trap = g_build_filename(d->files, "$(echo run >&2)", NULL);
	g_autofree char *notes = g_build_filename(d->files, "notes.txt", NULL);
	const char *args[] = { "-c", script, "bash", file, port, NULL };
	struct client *bob = client_new_ioe1(d, 0);
	struct tool t;

	g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
	harness_write_file(inside, "x", 1);
	harness_write_file(trap, "x", 1);
	harness_write_file(notes, "x", 1);
	client_ask(bob, "NICK,bob", "OK,bob");
	client_ask(bob, "JOIN,lobby", "OK,lobby,0,1,1");
	client_expect(bob, "JOINED,lobby,bob");
	tool_run_setup(&t, "PEOPLE_BASH", "", args, NULL, NULL);
	g_assert_cmpstr(t.err->str, ==, "");
	g_assert_cmpstr(t.out->str, ==,
			"--nick= --history= --since= lobby\nbob\n$(echo run >&2) in/ notes.txt\nin/one\nwatch\n--nick= --history= --since=\n\n");
	tool_done(&t);
	client_free(bob);
}

static void people_add(void)
{
	/* What tool_run() is to run, besides the tools. */
	g_assert_true(g_setenv("PEOPLE_BASH", "/bin/bash", TRUE));
	daemon_add("people/chat", DAEMON_LISTENER, people_chat);
	daemon_add("people/say", DAEMON_LISTENER "chat = { rate = 50; burst = 5; };\n", people_say);
	daemon_add("people/chat-refused", DAEMON_LISTENER, people_chat_refused);
	daemon_add("people/mail", DAEMON_LISTENER, people_mail);
	daemon_add("people/much-mail", DAEMON_LISTENER, people_much_mail);
	daemon_add("people/backup", DAEMON_LISTENER, people_backup);
	daemon_add("people/backup-refused", DAEMON_LISTENER, people_backup_refused);
	daemon_add("people/backup-race", DAEMON_LISTENER, people_backup_race);
	daemon_add("people/shared-state", DAEMON_LISTENER, people_shared_state);
	daemon_add("people/completion", DAEMON_LISTENER, people_completion);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, people_add);
}
