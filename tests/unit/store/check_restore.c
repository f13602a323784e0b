/* SPDX-License-Identifier: MIT */
/*
 * Copies that are put back: whatever interrupts that, there is the old store or the new one, whole; and a copy, however
 * it came there, is served only once it has been made another STORE.
 */
#include "unit/fixture/run.h"
#include "unit/fixture/store.h"

#include "store/db.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define OLD "1:bob:old1 2:bob:old2 3:bob:old3 "
#define NEW "1:bob:old1 "

#define KILLED 42

/* The program's own come before the library's: what changes the disk goes through here. The so manyeth... */
static unsigned step_at, steps;
static int step_errno; /* ... fails so; 0: the process ends there */

static bool step(void)
{
	if (step_at == 0 || ++steps != step_at)
		return true;
	if (step_errno == 0)
		_exit(KILLED);
	errno = step_errno;
	return false;
}

int renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
	return step() ? (int)syscall(SYS_renameat2, a, from, b, to, flags) : -1;
}

int renameat(int a, const char *from, int b, const char *to)
{
	return step() ? (int)syscall(SYS_renameat2, a, from, b, to, 0) : -1;
}

int fsync(int fd)
{
	return step() ? (int)syscall(SYS_fsync, fd) : -1;
}

int mkdirat(int fd, const char *path, mode_t mode)
{
	return step() ? (int)syscall(SYS_mkdirat, fd, path, mode) : -1;
}

int fchmod(int fd, mode_t mode)
{
	return step() ? (int)syscall(SYS_fchmod, fd, mode) : -1;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t off)
{
	return step() ? syscall(SYS_pwrite64, fd, p, n, off) : -1;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t off)
{
	return step() ? syscall(SYS_pwrite64, fd, p, n, off) : -1;
}

static unsigned renewed; /* so often another STORE was asked for */
static int renew_result;
static bool renew_kills;

static int renew(void *userdata)
{
	ck_assert_ptr_eq(userdata, &renewed);
	if (renew_kills)
		_exit(KILLED);
	renewed++;
	return renew_result;
}

static int try_open(const char *dir, char *why, size_t why_size)
{
	struct store_args args = { .ops = &store_sqlite_ops, .dir = dir, .max_queued_bytes = 1 << 20, .max_channels = 1000, .renew = renew,
				   .userdata = &renewed };
	int r;

	ck_assert_int_eq(loop_init(&store_home), 0);
	r = store_new(&store, &args, why, why_size);
	if (r < 0)
		loop_done(&store_home);
	return r;
}

static void open_in(const char *dir)
{
	char why[1024] = "";

	ck_assert_msg(try_open(dir, why, sizeof(why)) == 0, "%s", why);
}

/* Runs @fn in a process of its own. How that ended. */
static int apart(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		fn();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "it was ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static char state[96], copy[96], copied[112];
static struct store_restore q;

static int restore(const char *file)
{
	int r;

	q = (struct store_restore){ .dirfd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .dir = state, .file = file };
	ck_assert_int_ge(q.dirfd, 0);
	r = store_restore(&q);
	(void)close(q.dirfd);
	ck_assert_msg((r < 0) == (q.why[0] != '\0'), "%d: %s", r, q.why);
	return r;
}

static void refused(const char *file, int error, const char *words)
{
	int r = restore(file);

	ck_assert_msg(r == error, "%s: %d: %s", file, r, q.why);
	ck_assert_msg(strstr(q.why, words) != NULL, "%s", q.why);
}

/* With what is not in the copy, some of it in the log only, since it is killed. */
static void fill(void)
{
	struct store_backup b = { .dir = copy, .served_fd = -1 };
	struct store_channel *c;

	open_in(state);
	c = store_opened(0, "lobby", NULL);
	(void)store_said(c, "old1");
	ck_assert_int_eq(STORE_CALL(store_backup, &b), 0);
	(void)store_said(c, "old2");
	(void)store_said(c, "old3");
}

/* In memory: what is killed here is not the machine. */
static void make_folder(void)
{
	(void)snprintf(folder_path, sizeof(folder_path), "/dev/shm/ioe-check.XXXXXX");
	if (!mkdtemp(folder_path)) {
		folder_make();
		return;
	}
	folder_fd = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder_fd, 0);
}

static void setup(void)
{
	make_folder();
	(void)snprintf(state, sizeof(state), "%s/state", folder_path);
	(void)snprintf(copy, sizeof(copy), "%s/copy", folder_path);
	(void)snprintf(copied, sizeof(copied), "%s/store.db", copy);
	folder_mkdir("state");
	ck_assert_int_eq(apart(fill), 0);
	renewed = 0;
	renew_result = 0;
	renew_kills = false;
	step_at = steps = 0;
}

static void teardown(void)
{
	step_at = 0;
	folder_remove();
}

static void expect(const char *what, unsigned times)
{
	renewed = 0;
	open_in(state);
	store_expect(0, "lobby", what);
	ck_assert_uint_eq(renewed, times);
	store_end();
}

/* A copy, and another STORE */

START_TEST(a_copy_becomes_another_store_once)
{
	renewed = 0;
	open_in(copy);
	ck_assert_uint_eq(renewed, 1);
	store_expect(0, "lobby", NEW);
	store_end();
	open_in(copy);
	ck_assert_uint_eq(renewed, 1);
	store_end();
	/* What is no copy never does. */
	expect(OLD, 0);
	expect(OLD, 0);
}
END_TEST

static void open_copy(void)
{
	open_in(copy);
}

START_TEST(killed_before_the_mark_is_out_it_is_asked_again)
{
	renew_kills = true;
	ck_assert_int_eq(apart(open_copy), KILLED);
	ck_assert_int_eq(apart(open_copy), KILLED);
	renew_kills = false;
	open_in(copy);
	ck_assert_uint_eq(renewed, 1);
	store_end();
}
END_TEST

START_TEST(killed_behind_that_it_is_not)
{
	ck_assert_int_eq(apart(open_copy), 0);
	open_in(copy);
	ck_assert_uint_eq(renewed, 0);
	store_end();
}
END_TEST

START_TEST(without_another_store_it_is_not_served)
{
	char why[1024] = "";

	renew_result = -ENOSPC;
	ck_assert_int_eq(try_open(copy, why, sizeof(why)), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(why, "is a restored copy and cannot be used"));
	renew_result = 0;
	open_in(copy);
	ck_assert_uint_eq(renewed, 2);
	store_end();
}
END_TEST

/* Restoring */

static unsigned kept_files(void)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "state/%s", q.kept);
	return folder_count(name);
}

START_TEST(what_was_there_is_kept)
{
	struct stat st;
	char name[160];

	ck_assert_int_eq(restore(copied), 0);
	ck_assert_int_eq(strncmp(q.kept, "replaced-2", 10), 0);
	ck_assert_uint_eq(kept_files(), 3); /* with the log, and what belongs to it */
	ck_assert_int_eq(fstatat(folder_fd, "state/store.db", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	(void)snprintf(name, sizeof(name), "state/%s", q.kept);
	ck_assert_int_eq(fstatat(folder_fd, name, &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	expect(NEW, 1);
	expect(NEW, 0);
	(void)snprintf(name, sizeof(name), "%s/%s", state, q.kept);
	open_in(name);
	store_expect(0, "lobby", OLD);
	store_end();
}
END_TEST

/* Very often, and within a second: each has a folder of its own, and the first is as it was. */
START_TEST(restoring_again_and_again)
{
	char first[RESTORE_KEPT_MAX], name[160];

	ck_assert_int_eq(restore(copied), 0);
	memcpy(first, q.kept, sizeof(first));
	for (unsigned i = 0; i < 50; i++) {
		ck_assert_int_eq(restore(copied), 0);
		ck_assert_str_ne(q.kept, first);
		ck_assert_uint_eq(kept_files(), 1);
	}
	ck_assert_uint_eq(folder_count("state"), 52);
	(void)snprintf(name, sizeof(name), "%s/%s", state, first);
	open_in(name);
	store_expect(0, "lobby", OLD);
	store_end();
}
END_TEST

START_TEST(where_there_was_nothing)
{
	(void)snprintf(state, sizeof(state), "%s/other", folder_path);
	folder_mkdir("other");
	ck_assert_int_eq(restore(copied), 0);
	ck_assert_str_eq(q.kept, "");
	ck_assert_uint_eq(folder_count("other"), 1);
	expect(NEW, 1);
}
END_TEST

/* Copied with cp(1) from a store that was closed in order: it has no mark, and a log is what it says it has. */
START_TEST(a_copy_by_hand_is_marked)
{
	char from[128], by_hand[96];

	expect(OLD, 0);
	(void)snprintf(from, sizeof(from), "%s/store.db", state);
	(void)snprintf(by_hand, sizeof(by_hand), "%s/by-hand", folder_path);
	ck_assert_int_eq(link(from, by_hand), 0);
	refused(by_hand, -EINVAL, "is the database itself");
	ck_assert_int_eq(restore(copied), 0);
	expect(NEW, 1);
	ck_assert_int_eq(restore(by_hand), 0);
	expect(OLD, 1);
	expect(OLD, 0);
}
END_TEST

/* Copies by copy_file_range() where that is as good: to be changed. */
static void spoiled(char path[static 96], off_t at, const void *data, size_t n)
{
	int from = open(copied, O_RDONLY | O_CLOEXEC), to;
	struct stat st;

	(void)snprintf(path, 96, "%s/spoiled", folder_path);
	to = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_eq(fstat(from, &st), 0);
	ck_assert_int_eq(copy_file_range(from, NULL, to, NULL, (size_t)st.st_size, 0), st.st_size);
	if (data)
		ck_assert_int_eq(syscall(SYS_pwrite64, to, data, n, at < 0 ? st.st_size + at : at), (long)n);
	else
		ck_assert_int_eq(ftruncate(to, at < 0 ? st.st_size + at : at), 0);
	(void)close(from);
	(void)close(to);
}

START_TEST(what_is_no_copy_is_refused)
{
	static const char zeros[1024];
	char path[96], wal[112], kept[96];
	struct stat before, after;

	ck_assert_int_eq(fstatat(folder_fd, "state/store.db", &before, 0), 0);
	refused("/nowhere/at/all", -ENOENT, "cannot be read");
	refused(copy, -EINVAL, "is no file");
	spoiled(path, 0, "x", 1);
	refused(path, -EBADMSG, "is no database of ioed's");
	spoiled(path, 68, "abcd", 4);
	refused(path, -EBADMSG, "is no database of ioed's");
	spoiled(path, 60, "\0\0\0\x63", 4);
	refused(path, -EPROTONOSUPPORT, "by a newer ioed (its schema is 99)");
	spoiled(path, 60, "\0\0\0\0", 4);
	refused(path, -EBADMSG, "is damaged");
	spoiled(path, 0, NULL, 0);
	refused(path, -EBADMSG, "is no database");
	spoiled(path, 99, NULL, 0);
	refused(path, -EBADMSG, "is no database");
	spoiled(path, 100, NULL, 0);
	refused(path, -EBADMSG, "is damaged");
	spoiled(path, -1, NULL, 0);
	refused(path, -EBADMSG, "is damaged");
	spoiled(path, -1024, NULL, 0);
	refused(path, -EBADMSG, "is damaged");
	for (off_t page = 1024; page < 8 * 1024; page += 1024) {
		spoiled(path, page, zeros, sizeof(zeros));
		refused(path, -EBADMSG, "is damaged");
	}
	spoiled(path, 0, "S", 1);
	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	ck_assert_int_eq(symlink(copied, wal), 0);
	refused(path, -EINVAL, "is not complete without");
	(void)unlink(wal);
	ck_assert_int_eq(restore(path), 0); /* but for that it was one */

	/* And up to here nothing had been touched. */
	ck_assert_uint_eq(kept_files(), 3);
	(void)snprintf(kept, sizeof(kept), "state/%s/store.db", q.kept);
	ck_assert_int_eq(fstatat(folder_fd, kept, &after, 0), 0);
	ck_assert_uint_eq(after.st_ino, before.st_ino);
	ck_assert_int_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
}
END_TEST

static void restore_it(void)
{
	if (restore(copied) < 0)
		_exit(1);
}

/* What lies there without having been opened. */
static void expect_tidy(void)
{
	folder_expect("state/store.db.part", NULL);
	folder_expect("state/store.db.restored", NULL);
}

/* Interrupted at each of its steps, by a kill or by a failure; then again while that is finished; then started. */
static void interrupted(int error)
{
	bool done = false, was_new = false;

	for (unsigned n = 1; !done; n++) {
		bool is_new;
		int status;

		ck_assert_uint_lt(n, 200);
		step_errno = error;
		step_at = n;
		status = apart(restore_it);
		done = status == 0;
		/* The daemon's start meets the same, the sooner the more often. */
		for (unsigned k = n % 3 + 1; k <= 6 && !done; k += 2) {
			step_at = k;
			(void)apart(restore_it);
		}
		step_at = 0;
		renewed = 0;
		open_in(state);
		is_new = renewed == 1;
		store_expect(0, "lobby", is_new ? NEW : OLD);
		store_end();
		expect_tidy();
		ck_assert_msg(!done || is_new, "it was said to be done at step %u, and is not", n);
		was_new = was_new || is_new;
		teardown();
		setup();
	}
	ck_assert(was_new);
}

START_TEST(killed_at_each_step)
{
	interrupted(0);
}
END_TEST

START_TEST(failing_at_each_step)
{
	interrupted(EIO);
}
END_TEST

/* Only once, and the daemon's start alone finishes it: as soon as the new one counts once, it does at all later
 * steps. */
START_TEST(a_start_finishes_it)
{
	unsigned first_new = 0, last_old = 0;

	for (unsigned n = 1;; n++) {
		int status;

		step_at = n;
		status = apart(restore_it);
		step_at = 0;
		renewed = 0;
		open_in(state);
		if (renewed == 0)
			last_old = n;
		else if (first_new == 0)
			first_new = n;
		store_expect(0, "lobby", renewed ? NEW : OLD);
		store_end();
		expect_tidy();
		if (status == 0)
			break;
		ck_assert_int_eq(status, KILLED);
		teardown();
		setup();
	}
	ck_assert_uint_gt(first_new, 3);
	ck_assert_uint_eq(last_old + 1, first_new);
}
END_TEST

/* Root does it for the user whose folder it is. */
START_TEST(files_are_the_folders_owners)
{
	static const char *const names[] = { "state", "state/store.db" };
	struct stat st;
	char name[96];

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(state, 65534, 65533), 0);
	ck_assert_int_eq(restore(copied), 0);
	(void)snprintf(name, sizeof(name), "state/%s", q.kept);
	for (size_t i = 0; i < ELEMENTSOF(names) + 1; i++) {
		ck_assert_int_eq(fstatat(folder_fd, i < ELEMENTSOF(names) ? names[i] : name, &st, 0), 0);
		ck_assert_uint_eq(st.st_uid, 65534);
		ck_assert_uint_eq(st.st_gid, 65533);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("restore");
	TCase *tc = tcase_create("restore");

	tcase_set_timeout(tc, 300);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_copy_becomes_another_store_once);
	tcase_add_test(tc, killed_before_the_mark_is_out_it_is_asked_again);
	tcase_add_test(tc, killed_behind_that_it_is_not);
	tcase_add_test(tc, without_another_store_it_is_not_served);
	tcase_add_test(tc, what_was_there_is_kept);
	tcase_add_test(tc, restoring_again_and_again);
	tcase_add_test(tc, where_there_was_nothing);
	tcase_add_test(tc, a_copy_by_hand_is_marked);
	tcase_add_test(tc, what_is_no_copy_is_refused);
	tcase_add_test(tc, killed_at_each_step);
	tcase_add_test(tc, failing_at_each_step);
	tcase_add_test(tc, a_start_finishes_it);
	tcase_add_test(tc, files_are_the_folders_owners);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
