/* SPDX-License-Identifier: MIT */
/*
 * A commit that takes long. The store lies on a disk that stands still in the middle of one: what has to be on disk
 * before it is answered waits for that and is then all there, and nobody else waits. That is an order of events and no
 * time, so it is the same on a slow machine. How long the others take beside it is printed.
 *
 * The long form has a disk on which each write takes 2 s, commits that follow one another, and the times beside them.
 */

#include "faults/device.h"
#include "faults/disk.h"
#include "integration/mail.h"
#include "integration/room.h"

#include <poll.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOW_CONFIG DAEMON_LISTENER "file = { root = \"@DIR@/served\"; };\n"
#define SLOW_KEPT   SLOW_CONFIG "chat = { rate = 0; };\n"
#define SLOW_REPORTED   SLOW_CONFIG "chat = { rate = 0; durable = false; };\n"

#define SLOW_FILE    "a small file"
#define SLOW_DELAY   2000 /* ms a write, in the long form */
#define SLOW_ROUNDS  300  /* of what is measured while the disk stands still */
#define SLOW_COMMITS 20   /* ... or while so many follow one another */
#define SLOW_BATCH   64   /* messages that wait for each of them */

enum slow_what {
	SLOW_PING,
	SLOW_READ,
	SLOW_SAY,
	SLOW_MAX,
};

static const char *const slow_words[SLOW_MAX] = { "PING", "READ", "SAY until it is heard" };

static struct slow_times {
	const char *when;
	unsigned reactors;
	GArray *usec[SLOW_MAX]; /* gint64 */
	unsigned commits;
	gint64 shortest, longest;
} slow_times[7]; /* up to the first whose @when is NULL */

struct slow {
	struct daemon *d;
	struct disk disk;
	struct device device;
	void *pinned; /* the database, of which nothing has to be read from the disk */
	size_t n_pinned;
	struct slow_times *times;
	GString *where; /* what is being done, in words */
};

static struct slow_times *slow_new_times(const char *when, unsigned reactors)
{
	struct slow_times *t = slow_times;

	while (t->when)
		t++;
	*t = (struct slow_times){ .when = when, .reactors = reactors };
	for (unsigned i = 0; i < SLOW_MAX; i++)
		t->usec[i] = g_array_new(FALSE, FALSE, sizeof(gint64));
	return t;
}

static int slow_compare(gconstpointer a, gconstpointer b)
{
	gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

	return (x > y) - (x < y);
}

static double slow_msec(const GArray *usec, unsigned permille)
{
	return (double)g_array_index(usec, gint64, (usec->len - 1) * permille / 1000) / 1000;
}

static void slow_print(struct slow_times *t)
{
	for (unsigned i = 0; i < SLOW_MAX; i++) {
		if (t->usec[i]->len > 0) {
			g_array_sort(t->usec[i], slow_compare);
			printf("# counts: %s, %u reactor%s: %u times %s: p50 %.3f, p99 %.3f, at most %.3f ms\n", t->when,
			       t->reactors, t->reactors > 1 ? "s" : "", t->usec[i]->len, slow_words[i],
			       slow_msec(t->usec[i], 500), slow_msec(t->usec[i], 990), slow_msec(t->usec[i], 1000));
		}
		g_array_unref(t->usec[i]);
	}
	if (t->commits > 0)
		printf("# counts: %s, %u reactor%s: %u commits of %.1f to %.1f s\n", t->when, t->reactors,
		       t->reactors > 1 ? "s" : "", t->commits, (double)t->shortest / G_USEC_PER_SEC,
		       (double)t->longest / G_USEC_PER_SEC);
}

/* The daemon and its disk. */

static void slow_spawn(struct slow *s)
{
	daemon_spawn(s->d);
	daemon_wait_ready(s->d);
}

/* What has been there for long, and is not in memory after a restart: on a disk that is as fast as any. */
static void slow_prepare(struct slow *s)
{
	struct client *alice, *carol;

	slow_spawn(s);
	alice = room_client(s->d, "alice");
	carol = mail_client(s->d, "carol");
	room_join(alice, "old", "alice", "OK,old,0,1,1");
	client_puts(alice, "SAY,old,long ago\n");
	room_received(alice, "old", 1, "alice", "long ago");
	client_expect(alice, "OK,1");
	(void)mail_send(carol, "dave", "waiting");
	(void)mail_send(carol, "erin", "waiting");
	client_free(alice);
	client_free(carol);
	daemon_stop(s->d);
}

static void slow_init(struct slow *s, unsigned reactors, unsigned delay_msec)
{
	g_autofree char *served = NULL, *file = NULL;

	*s = (struct slow){ .d = daemon_new(reactors, SLOW_KEPT) };
	s->where = g_string_new("Start");
	harness_show(s->where);
	served = g_build_filename(s->d->dir, "served", NULL);
	file = g_build_filename(served, "small", NULL);
	g_assert_cmpint(mkdir(served, 0755), ==, 0);
	harness_write_file(file, SLOW_FILE, strlen(SLOW_FILE));
	disk_init(&s->disk, s->d->dir, "ext4", s->d->state);
	disk_mount(&s->disk);
	slow_prepare(s);
	disk_unmount(&s->disk);
	device_start(&s->device, s->d->dir, s->disk.image, delay_msec);
	s->disk.device = s->device.path;
	disk_mount(&s->disk);
}

/* A disk that stands still gives nothing to read, either: what there is stays in memory. */
static void slow_hold(struct slow *s)
{
	g_autofree char *path = g_build_filename(s->d->state, "store.db", NULL);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(fstat(fd, &st), ==, 0);
	s->n_pinned = (size_t)st.st_size;
	s->pinned = mmap(NULL, s->n_pinned, PROT_READ, MAP_SHARED, fd, 0);
	g_assert_true(s->pinned != MAP_FAILED);
	g_assert_cmpint(mlock(s->pinned, s->n_pinned), ==, 0);
	(void)close(fd);
	device_hold(&s->device);
}

static void slow_let_go(struct slow *s)
{
	device_let_go(&s->device);
	(void)munmap(s->pinned, s->n_pinned);
}

/* The power fails, and what was not on disk by then is lost; then it is started with what there is. */
static void slow_cut(struct slow *s)
{
	disk_cut(&s->disk);
	daemon_kill(s->d);
	g_free(daemon_take_log(s->d));
	disk_unmount(&s->disk);
	device_stop(&s->device);
	s->disk.device = NULL;
	disk_mount(&s->disk);
	slow_spawn(s);
}

static void slow_done(struct slow *s)
{
	daemon_stop(s->d);
	disk_done(&s->disk);
	(void)daemon_free(s->d);
	harness_hide(s->where);
	(void)g_string_free(s->where, TRUE);
}

/* Whether one of the daemon's threads is in the kernel and waits for the disk. */
static bool slow_is_stuck(const struct daemon *d)
{
	g_autofree char *tasks = g_strdup_printf("/proc/%d/task", (int)d->pid);
	g_autoptr(GDir) dir = g_dir_open(tasks, 0, NULL);
	const char *task;

	g_assert_nonnull(dir);
	while ((task = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(tasks, task, "stat", NULL), *stat = NULL;
		const char *end;

		if (!g_file_get_contents(path, &stat, NULL, NULL))
			continue;
		end = strrchr(stat, ')');
		if (end && g_str_has_prefix(end, ") D"))
			return true;
	}
	return false;
}

/* What was asked before is being committed, and that goes no further. */
static void slow_wait_stuck(const struct daemon *d)
{
	gint64 deadline = harness_deadline();

	for (unsigned seen = 0; seen < 3; seen = slow_is_stuck(d) ? seen + 1 : 0)
		if (g_get_monotonic_time() > deadline)
			harness_fail("Nobody waits for the disk.");
		else
			g_usleep(5000);
}

static void slow_expect_silence(struct client *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	if (c->at < c->in->len || poll(&p, 1, 0) != 0)
		harness_fail("It was answered before it can be on disk.");
}

static void slow_at(struct slow *s, const char *what)
{
	g_string_printf(s->where, "%s\n", what);
}

/* What is measured. */

static void slow_note(struct slow *s, enum slow_what what, gint64 begin)
{
	gint64 usec = g_get_monotonic_time() - begin;

	g_array_append_val(s->times->usec[what], usec);
}

static void slow_round(struct slow *s, struct client *c)
{
	gint64 begin = g_get_monotonic_time();

	client_ask(c, "PING", "PONG");
	slow_note(s, SLOW_PING, begin);
	begin = g_get_monotonic_time();
	client_puts(c, "READ,small\n");
	client_expect_sized(c, SLOW_FILE, strlen(SLOW_FILE));
	slow_note(s, SLOW_READ, begin);
}

/* Said by one and heard by the other, with the number behind the last one's. */
static void slow_say(struct slow *s, struct client *from, struct client *to, guint64 *last)
{
	g_autofree char *text = g_strdup_printf("text behind %" G_GUINT64_FORMAT, *last), *line = NULL;
	gint64 begin = g_get_monotonic_time();
	struct room_said said;

	client_printf(from, "SAY,lounge,%s\n", text);
	line = client_line(to);
	slow_note(s, SLOW_SAY, begin);
	if (!room_parse(line, "lounge", &said) || said.seq != *last + 1 || strcmp(said.text, text) != 0)
		harness_fail("Not '%s' behind %u, but: %s", text, (unsigned)*last, line);
	room_received(from, "lounge", ++*last, "alice", text);
	g_free(client_line(from));
	room_said_clear(&said);
}

static void slow_list_rooms(struct client *c)
{
	g_autofree char *list = NULL;
	size_t n;

	client_puts(c, "ROOMS\n");
	list = client_sized(c, &n);
	g_assert_nonnull(strstr(list, "old,1,1,"));
	g_assert_nonnull(strstr(list, "fresh,1,"));
}

/* The number of the first one that is said in a room. */
static guint64 slow_say_first(struct client *from, const char *room)
{
	g_autofree char *line = NULL, *ok = NULL;
	struct room_said said;
	guint64 seq;

	client_printf(from, "SAY,%s,first\n", room);
	line = client_line(from);
	if (!room_parse(line, room, &said))
		harness_fail("Not the first one said in %s: %s", room, line);
	seq = said.seq;
	ok = g_strdup_printf("OK,%" G_GUINT64_FORMAT, seq);
	client_expect(from, ok);
	room_said_clear(&said);
	return seq;
}

static void slow_expect_kept(struct daemon *d, const char *text)
{
	struct client *bob = room_client(d, "bob");
	g_autofree char *history = NULL;

	room_join(bob, "kept", "bob", "OK,kept,1,1,1");
	history = room_history(bob, "kept", 0, 10);
	g_assert_cmpstr(history, ==, text);
	client_free(bob);
}

static void slow_expect_mail(struct daemon *d, const char *name, unsigned n)
{
	struct client *c = mail_client(d, name);
	g_autofree char *ok = g_strdup_printf("OK,%u,0", n);

	client_puts(c, "FETCH\n");
	for (unsigned i = 0; i < n; i++) {
		g_autofree char *text = g_strdup_printf("letter %u", i);

		(void)mail_expect(c, "carol", text);
	}
	client_expect(c, ok);
	client_free(c);
}

/* What waits in nobody's memory: it is read beside the commit. */
static void slow_read_mail(struct daemon *d)
{
	struct client *dave = mail_client(d, "dave"), *erin = mail_client(d, "erin"), *fay = mail_client(d, "fay");

	client_ask(fay, "MAILBOX", "OK,0,0,0");
	client_ask(fay, "FETCH", "OK,0,0");
	mail_expect_box(dave, 1);
	client_puts(dave, "FETCH\n");
	(void)mail_expect(dave, "carol", "waiting");
	client_expect(dave, "OK,1,0");
	client_ask(erin, "WAIT,on", "OK");
	(void)mail_expect(erin, "carol", "waiting");
	client_ask(fay, "WAIT,on", "OK");
	client_free(dave);
	client_free(erin);
	client_free(fay);
}

static void slow_send(struct client *carol, unsigned from)
{
	for (unsigned i = from; i < from + SLOW_BATCH; i++)
		client_printf(carol, "SEND,gina,letter %u\n", i);
}

static void slow_send_hangs(struct slow *s, struct client *carol)
{
	slow_send(carol, 0);
	slow_wait_stuck(s->d);
}

static void slow_send_ends(struct client *carol)
{
	for (unsigned i = 0; i < SLOW_BATCH; i++)
		(void)mail_take_id(carol);
}

/* After a crash numbers go on behind all that were given, also where nothing was kept. */
static void slow_expect_behind(struct daemon *d, const char *room, guint64 last)
{
	struct client *c = room_client(d, "alice");
	g_autofree char *joined = g_strdup_printf("JOINED,%s,alice", room), *line = NULL;

	client_printf(c, "JOIN,%s,%" G_GUINT64_FORMAT "\n", room, last);
	line = client_line(c);
	g_assert_true(g_str_has_prefix(line, "OK,"));
	client_expect(c, joined);
	g_assert_cmpuint(slow_say_first(c, room), >, last);
	client_free(c);
}

/* Two in a room that is not kept. Returns the number of what was said last. */
static guint64 slow_meet(struct slow *s, struct client **ret_alice, struct client **ret_bob)
{
	struct client *alice = room_client(s->d, "alice"), *bob = room_client(s->d, "bob");
	guint64 last;

	room_join(alice, "lounge", "alice", "OK,lounge,0,1,1");
	last = slow_say_first(alice, "lounge");
	client_puts(bob, "JOIN,lounge\n");
	g_free(room_until(bob, "JOINED,lounge,bob"));
	client_expect(alice, "JOINED,lounge,bob");
	*ret_alice = alice;
	*ret_bob = bob;
	return last;
}

/* Rooms that are not kept. */
static void slow_reported(unsigned reactors)
{
	struct client *alice, *bob, *carol, *dora;
	guint64 last, first;
	struct slow s;

	if (!device_may_start())
		return;
	slow_init(&s, reactors, 0);
	daemon_write_config(s.d, SLOW_REPORTED);
	slow_spawn(&s);
	s.times = slow_new_times("beside a commit that waits for the disk", reactors);
	carol = mail_client(s.d, "carol");
	last = slow_meet(&s, &alice, &bob);

	slow_hold(&s);
	slow_at(&s, "A commit hangs");
	slow_send_hangs(&s, carol);
	slow_at(&s, "Rounds");
	for (unsigned i = 0; i < SLOW_ROUNDS; i++) {
		slow_round(&s, alice);
		slow_say(&s, alice, bob, &last);
	}
	slow_at(&s, "Rooms are entered");
	/* And rooms that are not there yet, or not in memory. */
	dora = room_client(s.d, "dora");
	client_puts(dora, "JOIN,lounge\n");
	g_free(room_until(dora, "JOINED,lounge,dora"));
	room_join(dora, "fresh", "dora", "OK,fresh,0,1,1");
	client_puts(dora, "JOIN,old\n");
	g_free(room_until(dora, "JOINED,old,dora"));
	slow_list_rooms(dora);
	slow_at(&s, "Mail is read");
	slow_read_mail(s.d);
	slow_at(&s, "The first text in a room");
	first = slow_say_first(dora, "fresh");
	slow_expect_silence(carol);
	slow_at(&s, "The commit goes on");
	slow_let_go(&s);
	slow_send_ends(carol);
	client_free(alice);
	client_free(bob);
	client_free(carol);
	client_free(dora);

	slow_at(&s, "The power is cut");
	slow_cut(&s);
	slow_expect_mail(s.d, "gina", SLOW_BATCH);
	slow_expect_behind(s.d, "lounge", last);
	slow_expect_behind(s.d, "fresh", first);
	slow_done(&s);
}

/* Rooms that are. */
static void slow_kept(unsigned reactors)
{
	struct client *alice, *bob, *carol, *dora;
	g_autofree char *old = NULL;
	struct slow s;

	if (!device_may_start())
		return;
	slow_init(&s, reactors, 0);
	slow_spawn(&s);
	s.times = slow_new_times("beside what is said in a room that is kept, and waits for the disk", reactors);
	alice = room_client(s.d, "alice");
	bob = room_client(s.d, "bob");
	carol = mail_client(s.d, "carol");
	room_join(alice, "kept", "alice", "OK,kept,0,1,1");
	room_join(bob, "kept", "bob", "OK,kept,0,2,1");
	client_expect(alice, "JOINED,kept,bob");

	slow_hold(&s);
	client_puts(alice, "SAY,kept,on disk\n");
	slow_at(&s, "A commit hangs");
	slow_send_hangs(&s, carol);
	dora = room_client(s.d, "dora");
	slow_at(&s, "Rounds");
	for (unsigned i = 0; i < SLOW_ROUNDS; i++)
		slow_round(&s, dora);
	slow_at(&s, "Rooms are entered");
	client_puts(dora, "JOIN,old,0\n");
	client_expect(dora, "OK,old,1,1,1");
	client_expect(dora, "JOINED,old,dora");
	g_free(room_until(dora, "SAID,old,1,"));
	old = room_history(dora, "old", 0, 10);
	g_assert_cmpstr(old, ==, "1 long ago\n");
	room_join(dora, "fresh", "dora", "OK,fresh,0,1,1");
	slow_list_rooms(dora);
	slow_at(&s, "Mail is read");
	slow_read_mail(s.d);
	slow_at(&s, "Nobody has heard");
	/* Nobody hears what may yet be lost. */
	slow_expect_silence(alice);
	slow_expect_silence(bob);
	slow_expect_silence(carol);
	slow_at(&s, "The commit goes on");
	slow_let_go(&s);
	room_received(alice, "kept", 1, "alice", "on disk");
	client_expect(alice, "OK,1");
	room_received(bob, "kept", 1, "alice", "on disk");
	slow_send_ends(carol);
	client_free(alice);
	client_free(bob);
	client_free(carol);
	client_free(dora);

	slow_at(&s, "The power is cut");
	slow_cut(&s);
	slow_expect_kept(s.d, "1 on disk\n");
	slow_expect_mail(s.d, "gina", SLOW_BATCH);
	slow_done(&s);
}

static void slow_note_commit(struct slow_times *t, gint64 begin)
{
	gint64 usec = g_get_monotonic_time() - begin;

	t->shortest = t->commits == 0 ? usec : MIN(t->shortest, usec);
	t->longest = MAX(t->longest, usec);
	t->commits++;
}

/* Commits that follow one another, each as long as such a disk takes, and what is asked meanwhile, once a
 * millisecond. */
static void slow_commits(unsigned reactors)
{
	struct client *alice, *bob, *carol;
	unsigned sent = 0;
	struct slow s;
	guint64 last;

	if (!device_may_start())
		return;
	slow_init(&s, reactors, SLOW_DELAY);
	daemon_write_config(s.d, SLOW_REPORTED);
	slow_spawn(&s);
	s.times = slow_new_times("beside commits to a disk that takes 2 s for a write", reactors);
	carol = mail_client(s.d, "carol");
	last = slow_meet(&s, &alice, &bob);
	for (; sent < SLOW_COMMITS * SLOW_BATCH; sent += SLOW_BATCH) {
		gint64 begin = g_get_monotonic_time();

		slow_send(carol, sent);
		while (!harness_poll(carol->fd, POLLIN, g_get_monotonic_time() + 1000)) {
			slow_round(&s, alice);
			slow_say(&s, alice, bob, &last);
		}
		slow_note_commit(s.times, begin);
		slow_send_ends(carol);
	}
	client_free(alice);
	client_free(bob);
	client_free(carol);
	slow_cut(&s);
	slow_expect_mail(s.d, "gina", sent);
	slow_done(&s);
}

static void slow_add(void)
{
	harness_add("slow/told", slow_reported);
	harness_add("slow/kept", slow_kept);
	if (harness_is_long())
		harness_add("slow/commits", slow_commits);
}

static void slow_report(void)
{
	for (struct slow_times *t = slow_times; t->when; t++)
		slow_print(t);
}

int main(int argc, char **argv)
{
	return disk_main(argc, argv, slow_add, slow_report);
}
