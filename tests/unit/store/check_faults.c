/* SPDX-License-Identifier: MIT */
/* The store when things go wrong: kills, disks that are full, slow or fail, files that are damaged or too new. */

#include "unit/fixture/run.h"
#include "unit/fixture/store.h"

#include "log/event.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* The program's own come before the library's: what SQLite asks of the disk goes through here. */
static atomic_int sync_errno;
static atomic_bool sync_held; /* it does not come back... */
static atomic_uint syncs_held; /* ... and who waits for that... */
static atomic_uint syncs_let;  /* ... when so many have been let through */

static struct store_backup *_Atomic stopped; /* at the next write, or at the next sync: */
static atomic_bool stopped_at_sync;
static atomic_uint writes;

static ssize_t write_any(int fd, const void *p, size_t n, off64_t off)
{
	struct store_backup *q = atomic_load(&stopped);

	if (q && !atomic_load(&stopped_at_sync))
		atomic_store(&q->stop, true);
	(void)atomic_fetch_add(&writes, 1);
	return syscall(SYS_pwrite64, fd, p, n, off);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t off)
{
	return write_any(fd, p, n, off);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t off)
{
	return write_any(fd, p, n, off);
}

static int sync_any(long call, int fd)
{
	struct store_backup *q = atomic_load(&stopped);
	int e = atomic_load(&sync_errno);

	if (q && atomic_load(&stopped_at_sync))
		atomic_store(&q->stop, true);

	if (atomic_load(&sync_held) && atomic_load(&syncs_let) > 0) {
		(void)atomic_fetch_sub(&syncs_let, 1);
	} else {
		(void)atomic_fetch_add(&syncs_held, 1);
		while (atomic_load(&sync_held))
			(void)usleep(1000);
		(void)atomic_fetch_sub(&syncs_held, 1);
	}
	if (e == 0)
		return (int)syscall(call, fd);
	errno = e;
	return -1;
}

int fsync(int fd)
{
	return sync_any(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return sync_any(SYS_fdatasync, fd);
}

static atomic_uint events[LOG_EVENT_MAX]; /* how often, of each */

static void report(enum log_level level _unused_, const struct log_field *fields, size_t n_fields,
		   const char *text _unused_)
{
	for (unsigned i = 0; i < LOG_EVENT_MAX && n_fields > 0; i++)
		if (strcmp(fields[0].value, log_event_rows[i].id) == 0)
			(void)atomic_fetch_add(&events[i], 1);
}

static void setup(void)
{
	log_set_level(LOG_LEVEL_ERR);
	log_set_sink(report);
	folder_make();
}

static void teardown(void)
{
	folder_remove();
}

static const char *refused(int *ret)
{
	static char why[1024];

	*ret = store_try(folder_path, why, sizeof(why));
	ck_assert_int_lt(*ret, 0);
	loop_done(&store_home);
	return why;
}

START_TEST(a_newer_one_is_left_alone)
{
	const char *why;
	int r;

	store_begin();
	(void)store_said(store_opened(0, "lobby", NULL), "text");
	store_end();
	store_tamper("PRAGMA user_version = 99");
	why = refused(&r);
	ck_assert_int_eq(r, -EPROTONOSUPPORT);
	ck_assert_ptr_nonnull(strstr(why, "newer ioed (its schema is 99, this one knows 2 at most)"));
	store_tamper("PRAGMA user_version = 2");
	store_begin();
	store_expect(0, "lobby", "1:bob:text ");
	store_end();
}
END_TEST

START_TEST(somebody_elses_database_is_left_alone)
{
	int r;

	store_tamper("CREATE TABLE accounts (id INTEGER)");
	ck_assert_ptr_nonnull(strstr(refused(&r), "not one of ioed"));
	ck_assert_int_eq(r, -EBADMSG);
}
END_TEST

START_TEST(what_is_no_database_is_left_alone)
{
	char text[2048];
	int r;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	folder_put("store.db", text);
	ck_assert_ptr_nonnull(strstr(refused(&r), "is damaged"));
	ck_assert_int_eq(r, -EBADMSG);
	folder_expect("store.db", text);
}
END_TEST

START_TEST(a_folder_that_is_not_there)
{
	char why[1024];

	ck_assert_int_lt(store_try("/nowhere/at/all", why, sizeof(why)), 0);
	ck_assert_ptr_nonnull(strstr(why, "/nowhere/at/all/store.db cannot be opened: No such file or directory"));
	loop_done(&store_home);
}
END_TEST

/* Damage in the middle is met when it is read: the page fails, and the store with the next that it is in the way of. */
START_TEST(damage_never_ends_the_process)
{
	struct store_page page;
	char garbage[4096];
	off_t end;
	int fd;

	store_begin();
	for (unsigned i = 0; i < 500; i++)
		(void)store_said(store_opened(0, "lobby", NULL), "a text of some length, so that there are several pages of them");
	store_end();
	memset(garbage, 0xa5, sizeof(garbage));
	fd = openat(folder_fd, "store.db", O_RDWR | O_CLOEXEC);
	end = lseek(fd, 0, SEEK_END);
	for (off_t at = 3L * 4096; at < end; at += 4096)
		ck_assert_int_eq(pwrite(fd, garbage, sizeof(garbage), at), 4096);
	(void)close(fd);
	{
		char why[1024] = "";
		int r = store_try(folder_path, why, sizeof(why));

		if (r < 0) {
			ck_assert_ptr_nonnull(strstr(why, "is damaged"));
			loop_done(&store_home);
			return;
		}
	}
	store_page_of(&page, 0, "lobby", 0, 1000);
	ck_assert_int_ne(STORE_CALL(store_page, &page), 0);
	store_page_done(&page);
	{
		struct store_open q = { .name_len = 5, .name = "lobby" };
		struct store_state state;

		ck_assert_int_ne(STORE_CALL(store_open, &q), 0);
		store_open_done(&q);
		store_get_state(store, clock_usec(), &state);
		ck_assert(!state.closed || strstr(state.why, "until ioed is started again"));
	}
	store_end();
}
END_TEST

/* After a sync that failed nobody knows what is on disk: it fails, all with it, and there is no second try. */
START_TEST(a_failed_sync_closes_it)
{
	struct store_channel *c;
	struct store_append q[10];
	struct store_state state;
	unsigned before;

	store_begin();
	c = store_opened(0, "lobby", NULL);
	ck_assert_uint_eq(store_said(c, "one"), 1);
	before = store_answers;
	atomic_store(&sync_errno, EIO);
	for (unsigned i = 0; i < ELEMENTSOF(q); i++) {
		q[i] = store_text(c, "bob", "lost", NULL);
		store_prepare(&q[i].request);
		ck_assert_int_eq(store_append(store, &q[i]), 0);
	}
	store_wait(before + ELEMENTSOF(q));
	for (unsigned i = 0; i < ELEMENTSOF(q); i++)
		ck_assert_int_eq(q[i].request.result, STORE_E_IO);
	atomic_store(&sync_errno, 0);
	ck_assert_int_eq(STORE_CALL(store_append, &q[0]), STORE_E_IO);
	store_get_state(store, clock_usec(), &state);
	ck_assert(state.closed);
	ck_assert_ptr_nonnull(strstr(state.why, "until ioed is started again"));
	ck_assert_uint_eq(state.queued_bytes, 0);
	ck_assert_uint_eq(events[LOG_EVENT_STORE_CLOSED], 1);
	/* What was there can still be read. */
	store_expect(0, "lobby", "1:bob:one ");
	store_end();
}
END_TEST

/* Pages do not wait for a commit that does not come back; what waits for it is one transaction behind it. */
START_TEST(a_slow_disk_holds_up_no_reader)
{
	static struct store_append q[500];
	struct store_channel *c;
	struct store_state state;
	unsigned before;

	store_begin();
	c = store_opened(0, "lobby", NULL);
	(void)store_said(c, "one");
	atomic_store(&sync_held, true);
	before = store_answers;
	for (unsigned i = 0; i < ELEMENTSOF(q); i++) {
		q[i] = store_text(c, "bob", "text", NULL);
		store_prepare(&q[i].request);
		ck_assert_int_eq(store_append(store, &q[i]), 0);
	}
	store_expect(0, "lobby", "1:bob:one ");
	store_expect(0, "lobby", "1:bob:one ");
	ck_assert_uint_eq(store_answers, before + 2);
	while (atomic_load(&syncs_held) == 0)
		(void)usleep(1000);
	atomic_store(&sync_held, false);
	store_wait(before + 2 + ELEMENTSOF(q));
	store_get_state(store, clock_usec(), &state);
	ck_assert_uint_le(state.commits, 4);
	store_end();
}
END_TEST

/* Nor who opens a channel, whether it is on disk or not: what is behind it is written with the next transaction. */
START_TEST(a_slow_disk_holds_up_nobody_who_opens)
{
	struct store_channel *lobby, *old, *fresh;
	struct store_counts counts;
	struct store_append q, next;
	unsigned before;

	store_begin();
	old = store_opened(0, "old", NULL);
	(void)store_said(old, "one");
	store_close(store, old);
	lobby = store_opened(0, "lobby", NULL);
	(void)store_said(lobby, "one");
	atomic_store(&sync_held, true);
	before = store_answers;
	q = store_text(lobby, "bob", "two", NULL);
	store_prepare(&q.request);
	ck_assert_int_eq(store_append(store, &q), 0);
	while (atomic_load(&syncs_held) == 0)
		(void)usleep(1000);
	old = store_opened(0, "old", &counts);
	ck_assert_uint_eq(counts.last, 1);
	ck_assert_uint_eq(counts.count, 1);
	fresh = store_opened(1, "fresh", &counts);
	ck_assert_uint_eq(counts.id, 0);
	store_close(store, fresh);
	fresh = store_opened(1, "fresh", &counts);
	ck_assert_uint_eq(store_answers, before + 3);
	next = store_text(old, "bob", "two", NULL);
	store_prepare(&next.request);
	ck_assert_int_eq(store_append(store, &next), 0);
	atomic_store(&sync_held, false);
	store_wait(before + 5);
	ck_assert_int_eq(q.request.result, 0);
	ck_assert_int_eq(next.request.result, 0);
	ck_assert_uint_eq(next.counts.last, 2);
	ck_assert_uint_eq(next.counts.count, 2);
	ck_assert_uint_eq(store_said(fresh, "one"), 1);
	store_expect(0, "old", "1:bob:one 2:bob:two ");
	store_end();
}
END_TEST

/* Hours go by at once. */
static atomic_uint_fast64_t later_usec;

static uint64_t later_real(void)
{
	return clock_real_usec() + atomic_load(&later_usec);
}

static uint64_t later_boot(void)
{
	return clock_boot_usec() + atomic_load(&later_usec);
}

static void later_boot_id(char ret[STORE_BOOT_ID_MAX + 1])
{
	(void)snprintf(ret, STORE_BOOT_ID_MAX + 1, "this one");
}

static const struct store_clock later_clock = { later_real, later_boot, later_boot_id };

/* While a name is being given back, which nobody can tell the end of, whoever asks for that name waits for it. */
START_TEST(what_is_being_forgotten_is_not_opened)
{
	struct store_open open = { .kind = 1, .name_len = 3, .name = "ann" };
	struct store_remove all = { .upto = STORE_NUMBER_MAX };
	struct store_rule rule = { .max_messages = 10 };
	unsigned before;

	store_clock = &later_clock;
	store_begin();
	(void)store_said(store_opened(0, "lobby", NULL), "one");
	all.channel = store_opened(1, "ann", NULL);
	(void)store_said(all.channel, "one");
	ck_assert_int_eq(STORE_CALL(store_remove, &all), 0);
	store_close(store, all.channel);
	atomic_store(&syncs_let, 1); /* that an hour has gone by is written down first */
	atomic_store(&sync_held, true);
	atomic_store(&later_usec, 2 * 3600 * USEC_PER_SEC);
	ck_assert_int_eq(store_set_rule(store, 1, &rule), 0); /* the walk begins anew */
	while (atomic_load(&syncs_let) > 0 || atomic_load(&syncs_held) == 0)
		(void)usleep(1000);
	before = store_answers;
	store_prepare(&open.request);
	ck_assert_int_eq(store_open(store, &open), 0);
	store_expect(0, "lobby", "1:bob:one ");
	atomic_store(&sync_held, false);
	store_wait(before + 2);
	ck_assert_int_eq(open.request.result, 0);
	ck_assert_uint_eq(open.counts.id, 0);
	ck_assert_uint_eq(store_said(open.channel, "two"), 2);
	store_end();
}
END_TEST

/* At once, while it copies, or at the last moment: nothing is left, and the next one is whole. */
START_TEST(a_backup_stops)
{
	struct store_channel *c;
	static char text[4096]; /* more in all than SQLite keeps in memory before it writes */
	char dir[96];
	struct store_backup q = { .dir = dir, .served_fd = -1 };
	unsigned before, whole = 0;

	memset(text, 'x', sizeof(text) - 1);
	store_begin();
	c = store_opened(0, "lobby", NULL);
	(void)snprintf(dir, sizeof(dir), "%s/copy", folder_path);
	for (unsigned i = 0; i < 3000; i++) {
		struct store_append a = store_text(c, "bob", text, NULL);

		ck_assert_int_eq(STORE_CALL(store_append, &a), 0);
	}
	atomic_store(&q.stop, true);
	ck_assert_int_eq(STORE_CALL(store_backup, &q), -ECANCELED);
	for (unsigned at_sync = 0; at_sync < 2; at_sync++) {
		atomic_store(&q.stop, false);
		atomic_store(&stopped_at_sync, at_sync);
		atomic_store(&stopped, &q);
		before = atomic_load(&writes);
		ck_assert_int_eq(STORE_CALL(store_backup, &q), -ECANCELED);
		atomic_store(&stopped, NULL);
		if (at_sync == 0)
			whole = atomic_load(&writes) - before;
		else
			ck_assert_uint_gt(atomic_load(&writes) - before, whole);
		ck_assert_uint_eq(folder_count("copy"), 0);
	}
	atomic_store(&q.stop, false);
	ck_assert_int_eq(STORE_CALL(store_backup, &q), 0);
	ck_assert_uint_eq(folder_count("copy"), 1);
	store_end();
}
END_TEST

/* In a mount namespace of its own. False: that cannot be had here. */
static bool mount_small(const char *options)
{
	if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return false;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("tmpfs", folder_path, "tmpfs", 0, options) == 0;
}

/* Fills, fails with that word, and goes on where there is room again: nothing that was acknowledged is missing. */
START_TEST(a_full_disk_is_no_end)
{
	static char text[16384];
	struct store_channel *c;
	struct store_append q;
	struct store_page page;
	uint64_t acknowledged = 0;
	int fd, r = 0;

	if (!mount_small("size=1m")) {
		(void)fprintf(stderr, "a_full_disk_is_no_end: left out, no own mount namespace may be made here\n");
		return;
	}
	memset(text, 'x', sizeof(text) - 1);
	store_begin();
	c = store_opened(0, "lobby", NULL);
	fd = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(openat(fd, "ballast", O_RDWR | O_CREAT | O_CLOEXEC, 0600) >= 0, 1);
	{
		int ballast = openat(fd, "ballast", O_RDWR | O_CLOEXEC);

		ck_assert_int_eq(posix_fallocate(ballast, 0, 300 << 10), 0);
		(void)close(ballast);
	}
	for (unsigned round = 0; round < 2; round++) {
		for (r = 0; r == 0;) {
			q = store_text(c, "bob", text, NULL);
			r = STORE_CALL(store_append, &q);
			if (r == 0) {
				ck_assert_uint_eq(q.counts.last, acknowledged + 1);
				acknowledged++;
			}
			ck_assert_uint_lt(acknowledged, 200);
		}
		ck_assert_int_eq(r, STORE_E_NO_SPACE);
		if (round == 0)
			ck_assert_int_eq(unlinkat(fd, "ballast", 0), 0);
	}
	ck_assert_uint_gt(acknowledged, 10);
	ck_assert_uint_eq(events[LOG_EVENT_DISK_FULL], 2);
	/* However often it is tried, it is told so many times (log.burst), and once more at the end. */
	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(STORE_CALL(store_append, &q), STORE_E_NO_SPACE);
	ck_assert_uint_eq(events[LOG_EVENT_DISK_FULL], 10);
	ck_assert_uint_eq(events[LOG_EVENT_STORE_CLOSED], 0);
	store_page_of(&page, 0, "lobby", 0, 1000);
	page.max_bytes = 16 << 20;
	ck_assert_int_eq(STORE_CALL(store_page, &page), 0);
	ck_assert_uint_eq(page.n_rows, acknowledged);
	ck_assert_uint_eq(page.last, acknowledged);
	store_page_done(&page);
	(void)close(fd);
	store_end();
	ck_assert_uint_eq(events[LOG_EVENT_DISK_FULL], 11);
	(void)umount2(folder_path, MNT_DETACH);
}
END_TEST

/* To the last block. */
static void fill_up(const char *name)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", folder_path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	for (size_t piece = 1 << 20; piece >= 4096;) {
		off_t end = lseek(fd, 0, SEEK_END);

		if (fallocate(fd, 0, end, (off_t)piece) < 0)
			piece /= 2;
	}
	(void)close(fd);
}

static unsigned append_until_full(struct store_channel *c, const char *text)
{
	struct store_append q;
	unsigned n = 0;
	int r = 0;

	for (unsigned failed = 0; failed < 3; failed = r != 0 ? failed + 1 : 0) {
		q = store_text(c, "bob", text, NULL);
		r = STORE_CALL(store_append, &q);
		ck_assert(r == 0 || r == STORE_E_NO_SPACE);
		n += r == 0;
		ck_assert_uint_lt(n, 20000);
	}
	return n;
}

/* Each alone, with a receipt that is written for it; the numbers go on. */
static void take_out(struct store_channel *c, uint64_t from, uint64_t to)
{
	for (; from <= to; from++) {
		struct store_remove q = { .channel = c, .numbers = &from, .n_numbers = 1, .disposition = STORE_TAKEN };

		ck_assert_int_eq(STORE_CALL(store_remove, &q), 0);
		ck_assert_uint_eq(q.n_removed, 1);
	}
}

/*
 * Somebody else takes all that is left, while messages small and large wait: what is taken out is, however much that
 * is, and then there is room for mail again, in what the database has.
 */
START_TEST(a_full_disk_lets_go)
{
	static const size_t sizes[] = { 1, 40, 1000, 16383 };
	static char text[16384];
	struct store_channel *c;
	unsigned n, again;

	if (!mount_small("size=6m")) {
		(void)fprintf(stderr, "a_full_disk_lets_go: left out, no own mount namespace may be made here\n");
		return;
	}
	memset(text, 'x', sizes[_i]);
	store_rules[1].receipts = true;
	store_begin();
	c = store_opened(1, "ann", NULL);
	for (unsigned i = 0; i < 10; i++)
		(void)store_said(c, text);
	fill_up("ballast");
	n = 10 + append_until_full(c, text);
	/* What it had left in its hands is not for others. */
	fill_up("more");
	take_out(c, 1, n);
	again = append_until_full(c, text);
	/* The receipts of the smallest take as much as those did. */
	if (sizes[_i] > 1)
		ck_assert_uint_ge(again, n / 2);
	take_out(c, n + 1, n + again);
	ck_assert_uint_eq(events[LOG_EVENT_STORE_CLOSED], 0);
	store_end();
	store_rules[1].receipts = false;
	(void)umount2(folder_path, MNT_DETACH);
}
END_TEST

START_TEST(a_read_only_disk_is_reported)
{
	const char *why;
	int r;

	if (!mount_small("size=1m")) {
		(void)fprintf(stderr, "a_read_only_disk_is_told: left out, no own mount namespace may be made here\n");
		return;
	}
	store_begin();
	(void)store_said(store_opened(0, "lobby", NULL), "text");
	store_end();
	ck_assert_int_eq(mount(NULL, folder_path, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	why = refused(&r);
	ck_assert_int_eq(r, -EROFS);
	ck_assert_ptr_nonnull(strstr(why, "cannot be written"));
	(void)umount2(folder_path, MNT_DETACH);
}
END_TEST

START_TEST(somebody_who_holds_the_lock_is_waited_for)
{
	struct store_append q;
	char path[96];
	sqlite3 *db;

	store_begin();
	q = store_text(store_opened(0, "lobby", NULL), "bob", "text", NULL);
	(void)snprintf(path, sizeof(path), "%s/store.db", folder_path);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 10000); /* what the store has begun comes to its end first */
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(STORE_CALL(store_append, &q), STORE_E_BUSY);
	(void)sqlite3_close(db);
	ck_assert_int_eq(STORE_CALL(store_append, &q), 0);
	store_end();
}
END_TEST

/* What the child has been told is on disk, as many at once as there are; it ends when it is killed. */
struct reported {
	atomic_ullong last[4]; /* of each channel */
};

static void child_appends(struct reported *reported)
{
	struct store_append q[4][8];
	struct store_channel *c[4];
	char name[8];

	store_begin();
	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), "room%u", i);
		c[i] = store_opened(i % 2, name, NULL);
	}
	for (;;) {
		unsigned before = store_answers;

		for (unsigned i = 0; i < 32; i++) {
			struct store_append *a = &q[i % 4][i / 4];

			*a = store_text(c[i % 4], "bob", "a text", NULL);
			store_prepare(&a->request);
			(void)store_append(store, a);
		}
		store_wait(before + 32);
		for (unsigned i = 0; i < 32; i++)
			if (q[i % 4][i / 4].request.result == 0)
				atomic_store(&reported->last[i % 4], q[i % 4][i / 4].counts.last);
	}
}

static uint64_t reported_in_all(struct reported *reported)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < ELEMENTSOF(reported->last); i++)
		n += atomic_load(&reported->last[i]);
	return n;
}

/* Every other child gets as far as to be told something, however busy the machine is. */
static void wait_for_kill(struct reported *reported, unsigned round, uint64_t before, unsigned *seed)
{
	uint64_t until = clock_usec() + 60 * USEC_PER_SEC;

	while (round % 2 == 0 && reported_in_all(reported) <= before) {
		ck_assert_msg(clock_usec() < until, "nothing is told");
		(void)usleep(1000);
	}
	(void)usleep((useconds_t)rand_r(seed) % 30000);
}

START_TEST(a_kill_loses_nothing_that_was_answered)
{
	struct reported *reported = mmap(NULL, sizeof(*reported), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t total = 0;
	unsigned seed = 1;

	for (unsigned round = 0; round < 20; round++) {
		uint64_t before = reported_in_all(reported);
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			child_appends(reported);
		wait_for_kill(reported, round, before, &seed);
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);

		store_begin();
		total = 0;
		for (unsigned i = 0; i < 4; i++) {
			struct store_counts counts;
			char name[8];

			(void)snprintf(name, sizeof(name), "room%u", i);
			(void)store_opened(i % 2, name, &counts);
			ck_assert_uint_ge(counts.last, atomic_load(&reported->last[i]));
			/* Each number has its message: none was used by what failed. */
			ck_assert_uint_eq(counts.count, counts.last);
			ck_assert_uint_eq(counts.bytes, counts.last * 9);
			total += counts.last;
		}
		store_end();
	}
	ck_assert_uint_ge(total, 100);
	(void)munmap(reported, sizeof(*reported));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store_faults");
	TCase *tc = tcase_create("store_faults");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_newer_one_is_left_alone);
	tcase_add_test(tc, somebody_elses_database_is_left_alone);
	tcase_add_test(tc, what_is_no_database_is_left_alone);
	tcase_add_test(tc, a_folder_that_is_not_there);
	tcase_add_test(tc, damage_never_ends_the_process);
	tcase_add_test(tc, a_failed_sync_closes_it);
	tcase_add_test(tc, a_slow_disk_holds_up_no_reader);
	tcase_add_test(tc, a_slow_disk_holds_up_nobody_who_opens);
	tcase_add_test(tc, what_is_being_forgotten_is_not_opened);
	tcase_add_test(tc, a_backup_stops);
	tcase_add_test(tc, a_full_disk_is_no_end);
	tcase_add_loop_test(tc, a_full_disk_lets_go, 0, 4);
	tcase_add_test(tc, a_read_only_disk_is_reported);
	tcase_add_test(tc, somebody_who_holds_the_lock_is_waited_for);
	tcase_add_test(tc, a_kill_loses_nothing_that_was_answered);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
