/* SPDX-License-Identifier: MIT */
/* A file is there whole under its name, or it is not there at all; with O_TMPFILE and without. */

#include "roles/file/publish.h"
#include "base/macro.h"
#include "roles/file/file.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "unit/fixture/folder.h"
#include "unit/fixture/forbid.h"
#include "unit/fixture/run.h"

static struct file_state state;
static struct publish p;

static void open_root(void)
{
	state.root.fd = folder_fd = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	state.staging_fd = openat(folder_fd, ".ioe", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(state.staging_fd, 0);
}

static void setup(void)
{
	folder_make();
	folder_mkdir(".ioe");
	folder_mkdir("d");
	folder_put("old", "old");
	folder_put("d/old", "old");
	(void)close(folder_fd);
	open_root();
	p = (struct publish)PUBLISH_INERT;
}

static void teardown(void)
{
	publish_abandon(&p);
	publish_abandon(&p);
	ck_assert_uint_eq(folder_count(".ioe"), 0);
	(void)close(state.staging_fd);
	folder_remove();
}

/* The ways a file may come about: each test goes all of them. */
enum way {
	WAY_TMPFILE,
	WAY_SPOOL,       /* a file system without O_TMPFILE */
	WAY_SPOOL_LINKS, /* and without RENAME_NOREPLACE, as NFS */
	WAY_NO_PROC,     /* no /proc, by which a file without a name gets one */
	WAY_MAX,
};

static void go(int way)
{
	/* O_TMPFILE has O_DIRECTORY in it, whose bit other calls may have. */
	state.no_proc = way == WAY_NO_PROC;
	if (way == WAY_NO_PROC)
		forbid(SYS_linkat, 4, AT_SYMLINK_FOLLOW, ENOENT);
	if (way == WAY_SPOOL || way == WAY_SPOOL_LINKS)
		forbid(SYS_openat, 2, O_TMPFILE, EOPNOTSUPP);
	if (way == WAY_SPOOL_LINKS)
		forbid(SYS_renameat2, 4, 1 /* RENAME_NOREPLACE */, EINVAL);
}

static int begin(const char *path, const char *text)
{
	int r = publish_open(&p, &state, path, 0640);

	if (r >= 0)
		r = publish_write(&p, text, strlen(text), 0);
	return r;
}

/* From the first byte to the last; the error, if any, of the end. */
static int write_all(const char *path, const char *text, bool overwrite)
{
	int r;

	ck_assert_int_eq(begin(path, text), 0);
	r = publish_commit(&p, &state, true, overwrite);
	publish_abandon(&p);
	ck_assert_int_eq(p.fd, -1);
	ck_assert_uint_eq(folder_count(".ioe"), 0);
	return r;
}

START_TEST(a_new_file_is_there_at_the_end)
{
	go(_i);
	ck_assert_int_eq(begin("d/new", "hello"), 0);
	folder_expect("d/new", NULL);
	ck_assert_uint_eq(folder_count("d"), 1);
	ck_assert_int_eq(publish_write(&p, " world", 6, 5), 0);
	ck_assert_int_eq(publish_commit(&p, &state, true, false), 0);
	folder_expect("d/new", "hello world");
	publish_abandon(&p);
	folder_expect("d/new", "hello world");
	ck_assert_uint_eq(folder_count("d"), 2);
}
END_TEST

START_TEST(an_old_file_is_replaced_at_once)
{
	char got[8] = "";
	int fd;

	go(_i);
	fd = openat(folder_fd, "old", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(begin("old", "new"), 0);
	folder_expect("old", "old");
	ck_assert_int_eq(publish_commit(&p, &state, true, true), 0);
	folder_expect("old", "new");
	/* Who reads it goes on with what he opened. */
	ck_assert_int_eq(read(fd, got, sizeof(got)), 3);
	ck_assert_str_eq(got, "old");
	(void)close(fd);
	publish_abandon(&p);
	ck_assert_uint_eq(folder_count("."), 3);
}
END_TEST

START_TEST(an_old_file_stays_where_it_may_not_be_replaced)
{
	go(_i);
	ck_assert_int_eq(write_all("old", "new", false), -EEXIST);
	folder_expect("old", "old");
}
END_TEST

START_TEST(what_is_no_file_is_not_replaced)
{
	char to[8] = "";

	go(_i);
	ck_assert_int_eq(symlinkat("old", folder_fd, "link"), 0);
	ck_assert_int_eq(symlinkat("nowhere", folder_fd, "dangling"), 0);
	ck_assert_int_eq(mkfifoat(folder_fd, "fifo", 0644), 0);
	ck_assert_int_eq(write_all("d", "new", true), -EISDIR);
	ck_assert_int_eq(write_all("link", "new", true), -ELOOP);
	ck_assert_int_eq(write_all("dangling", "new", true), -ELOOP);
	ck_assert_int_eq(write_all("fifo", "new", true), -ENOTSUP);
	ck_assert_int_eq(write_all("link", "new", false), -EEXIST);
	folder_expect("old", "old");
	folder_expect("nowhere", NULL);
	ck_assert_int_eq(readlinkat(folder_fd, "link", to, sizeof(to)), 3);
}
END_TEST

START_TEST(where_there_is_no_folder_nothing_is_opened)
{
	go(_i);
	ck_assert_int_eq(symlinkat("d", folder_fd, "link"), 0);
	ck_assert_int_eq(begin("g/new", ""), -ENOENT);
	publish_abandon(&p);
	ck_assert_int_eq(begin("old/new", ""), -ENOTDIR);
	publish_abandon(&p);
	ck_assert_int_eq(begin("link/new", ""), -ELOOP);
	publish_abandon(&p);
	ck_assert_uint_eq(folder_count("d"), 1);
}
END_TEST

/* Of no bytes, of some, and of more than are moved at once, with an odd rest. */
START_TEST(bytes_are_put_in_front)
{
	static const size_t sizes[] = { 0, 1, 19, 20, 256 << 10, (256 << 10) + 1, (600 << 10) + 7 };
	char *data = malloc((600 << 10) + 64), *got = malloc((600 << 10) + 64);

	go(_i);
	for (size_t i = 0; i < (600 << 10) + 64; i++)
		data[i] = (char)(i * 2654435761U >> 7);
	for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
		size_t n = sizes[i], n_front = 1 + i % 19;
		int fd;

		ck_assert_int_eq(publish_open(&p, &state, "front", 0640), 0);
		ck_assert_int_eq(publish_write(&p, data + n_front, n, 0), 0);
		ck_assert_int_eq(publish_put_in_front(&p, n, data, n_front), 0);
		ck_assert_int_eq(publish_commit(&p, &state, false, true), 0);
		publish_abandon(&p);
		fd = openat(folder_fd, "front", O_RDONLY | O_CLOEXEC);
		ck_assert_int_eq(read(fd, got, (600 << 10) + 64), (ssize_t)(n + n_front));
		ck_assert_int_eq(memcmp(got, data, n + n_front), 0);
		(void)close(fd);
	}
	free(data);
	free(got);
}
END_TEST

START_TEST(what_is_given_up_vanishes)
{
	go(_i);
	ck_assert_int_eq(begin("d/new", "half"), 0);
	publish_abandon(&p);
	ck_assert_uint_eq(folder_count("d"), 1);
	ck_assert_uint_eq(folder_count("."), 3);
	ck_assert_uint_eq(folder_count(".ioe"), 0);
}
END_TEST

START_TEST(the_mode_is_exact)
{
	static const unsigned modes[] = { 0640, 0666, 0400, 0777, 0 };
	char name[] = "m0";
	struct stat st;

	go(_i);
	(void)umask(077);
	for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
		name[1]++;
		ck_assert_int_eq(publish_open(&p, &state, name, modes[i]), 0);
		ck_assert_int_eq(publish_commit(&p, &state, false, false), 0);
		publish_abandon(&p);
		ck_assert_int_eq(fstatat(folder_fd, name, &st, 0), 0);
		ck_assert_uint_eq(st.st_mode & 07777, modes[i]);
	}
}
END_TEST

START_TEST(a_failed_sync_shows_nothing)
{
	go(_i);
	forbid(SYS_fsync, 0, 0, EIO);
	ck_assert_int_eq(write_all("d/new", "new", true), -EIO);
	ck_assert_int_eq(write_all("old", "new", true), -EIO);
	folder_expect("d/new", NULL);
	folder_expect("old", "old");
	/* Who asked for no sync is not bothered. */
	ck_assert_int_eq(begin("old", "new"), 0);
	ck_assert_int_eq(publish_commit(&p, &state, false, true), 0);
	folder_expect("old", "new");
}
END_TEST

START_TEST(a_failed_rename_leaves_the_old_file)
{
	go(_i);
#ifdef SYS_renameat
	forbid(SYS_renameat, 0, 0, EIO);
#endif
	forbid(SYS_renameat2, 4, 0, EIO);
	ck_assert_int_eq(write_all("old", "new", true), -EIO);
	folder_expect("old", "old");
	ck_assert_uint_eq(folder_count("."), 3);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
	go(_i);
	forbid(SYS_pwrite64, 0, 0, ENOSPC);
	ck_assert_int_eq(begin("d/new", "x"), -ENOSPC);
	publish_abandon(&p);
	ck_assert_uint_eq(folder_count("d"), 1);
}
END_TEST

/* Many at once have a name each, and one does not take another's away. */
START_TEST(many_at_once)
{
	struct publish many[50];
	char name[16];

	go(_i);
	for (unsigned i = 0; i < ELEMENTSOF(many); i++) {
		(void)snprintf(name, sizeof(name), i % 2 ? "old" : "d/%u", i);
		many[i] = (struct publish)PUBLISH_INERT;
		ck_assert_int_eq(publish_open(&many[i], &state, name, 0644), 0);
		ck_assert_int_eq(publish_write(&many[i], name, strlen(name), 0), 0);
	}
	for (unsigned i = 0; i < ELEMENTSOF(many); i++) {
		if (i % 5)
			ck_assert_int_eq(publish_commit(&many[i], &state, false, true), 0);
		publish_abandon(&many[i]);
	}
	folder_expect("old", "old");
	for (unsigned i = 0; i < ELEMENTSOF(many); i += 2) {
		(void)snprintf(name, sizeof(name), "d/%u", i);
		folder_expect(name, i % 5 ? name : NULL);
	}
}
END_TEST

/* Other file systems in the root: of their own kind, or the same one once more. */
enum mount_kind {
	MOUNT_TMPFS,
	MOUNT_BIND,
	MOUNT_KINDS,
};

static bool mount_at(const char *name, enum mount_kind kind)
{
	char at[128], from[128];

	(void)snprintf(at, sizeof(at), "%s/%s", folder_path, name);
	(void)snprintf(from, sizeof(from), "%s/d", folder_path);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		(void)fprintf(stderr, "skipped: no own mounts may be made here\n");
		return false;
	}
	/* What was opened before does not see them. */
	(void)close(folder_fd);
	(void)close(state.staging_fd);
	open_root();
	folder_mkdir(name);
	if (kind == MOUNT_TMPFS)
		ck_assert_int_eq(mount("tmpfs", at, "tmpfs", 0, "mode=0755"), 0);
	else
		ck_assert_int_eq(mount(from, at, NULL, MS_BIND, NULL), 0);
	return true;
}

static void unmount_at(const char *name)
{
	char at[128];

	(void)snprintf(at, sizeof(at), "%s/%s", folder_path, name);
	ck_assert_int_eq(umount2(at, MNT_DETACH), 0);
}

/* Every way over every kind of mount. What was left where somebody was killed is gone with the next file. */
START_TEST(below_a_mount_files_are_replaced_too)
{
	if (!mount_at("m", (enum mount_kind)(_i % MOUNT_KINDS)))
		return;
	go(_i / MOUNT_KINDS);
	ck_assert_int_eq(write_all("m/new", "new", false), 0);
	folder_expect("m/new", "new");
	ck_assert_int_eq(write_all("m/new", "newer", true), 0);
	folder_expect("m/new", "newer");
	folder_put("m/.ioe/0-1", "left");
	ck_assert_int_eq(write_all("m/new", "newest", true), 0);
	folder_expect("m/new", "newest");
	ck_assert_uint_eq(folder_count("m/.ioe"), 0);
	ck_assert_int_eq(write_all("m/new", "refused", false), -EEXIST);
	ck_assert_uint_eq(folder_count("m/.ioe"), 0);
	folder_expect("m/new", "newest");
	unmount_at("m");
}
END_TEST

/* Two at once: neither takes away what the other has there. */
START_TEST(below_a_mount_two_at_once)
{
	struct publish other = PUBLISH_INERT;

	if (!mount_at("m", 0))
		return;
	go(_i);
	folder_put("m/one", "");
	folder_put("m/two", "");
	ck_assert_int_eq(begin("m/one", "1"), 0);
	ck_assert_int_eq(publish_open(&other, &state, "m/two", 0644), 0);
	ck_assert_int_eq(publish_write(&other, "2", 1, 0), 0);
	ck_assert_int_eq(publish_commit(&p, &state, true, true), 0);
	ck_assert_int_eq(publish_commit(&other, &state, true, true), 0);
	publish_abandon(&other);
	publish_abandon(&p);
	folder_expect("m/one", "1");
	folder_expect("m/two", "2");
	unmount_at("m");
}
END_TEST

/* What the end would say is known before the first byte. */
START_TEST(a_look_says_what_the_end_would)
{
	folder_mkdir("d/folder");
	ck_assert_int_eq(symlinkat("old", folder_fd, "link"), 0);
	ck_assert_int_eq(mkfifoat(folder_fd, "fifo", 0600), 0);
	ck_assert_int_eq(publish_look(&state, "new", false), 0);
	ck_assert_int_eq(publish_look(&state, "d/new", true), 0);
	ck_assert_int_eq(publish_look(&state, "d/old", true), 0);
	ck_assert_int_eq(publish_look(&state, "d/old", false), -EEXIST);
	ck_assert_int_eq(publish_look(&state, "d/folder", true), -EISDIR);
	ck_assert_int_eq(publish_look(&state, "link", true), -ELOOP);
	ck_assert_int_eq(publish_look(&state, "fifo", true), -ENOTSUP);
	ck_assert_int_eq(publish_look(&state, "none/new", true), -ENOENT);
	ck_assert_int_eq(publish_look(&state, "old/new", true), -ENOTDIR);
	ck_assert_uint_eq(folder_count("d"), 2);
}
END_TEST

/* Unmounted while the daemon runs: that is no folder that is missing. */
START_TEST(proc_that_is_gone_is_named)
{
	ck_assert_int_eq(begin("new", "text"), 0);
	forbid(SYS_linkat, 4, AT_SYMLINK_FOLLOW, ENOENT);
	ck_assert_int_eq(publish_commit(&p, &state, false, true), -ENOENT);
#ifdef SYS_access
	forbid(SYS_access, 0, 0, ENOENT);
#endif
	forbid(SYS_faccessat, 0, 0, ENOENT);
	ck_assert_int_eq(publish_commit(&p, &state, false, true), -ENOSYS);
	publish_abandon(&p);
	folder_expect("new", NULL);
}
END_TEST

START_TEST(a_folder_that_cannot_be_written_says_so)
{
	struct file_state read_only = { .root.fd = folder_fd, .staging_fd = -1 };

	ck_assert_int_eq(publish_look(&read_only, "new", true), -EROFS);
	ck_assert_int_eq(publish_open(&p, &read_only, "new", 0644), -EROFS);
	publish_abandon(&p);
}
END_TEST

START_TEST(the_longest_name)
{
	char name[256] = "";

	go(_i);
	memset(name, 'x', 255);
	ck_assert_int_eq(write_all(name, "long", false), 0);
	ck_assert_int_eq(write_all(name, "longer", true), 0);
	folder_expect(name, "longer");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("publish");
	TCase *tc = tcase_create("publish");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_new_file_is_there_at_the_end, 0, WAY_MAX);
	tcase_add_loop_test(tc, an_old_file_is_replaced_at_once, 0, WAY_MAX);
	tcase_add_loop_test(tc, an_old_file_stays_where_it_may_not_be_replaced, 0, WAY_MAX);
	tcase_add_loop_test(tc, what_is_no_file_is_not_replaced, 0, WAY_MAX);
	tcase_add_loop_test(tc, where_there_is_no_folder_nothing_is_opened, 0, WAY_MAX);
	tcase_add_loop_test(tc, bytes_are_put_in_front, 0, WAY_MAX);
	tcase_add_loop_test(tc, what_is_given_up_vanishes, 0, WAY_MAX);
	tcase_add_loop_test(tc, the_mode_is_exact, 0, WAY_MAX);
	tcase_add_loop_test(tc, a_failed_sync_shows_nothing, 0, WAY_MAX);
	tcase_add_loop_test(tc, a_failed_rename_leaves_the_old_file, 0, WAY_MAX);
	tcase_add_loop_test(tc, a_full_disk_is_an_error, 0, WAY_MAX);
	tcase_add_loop_test(tc, many_at_once, 0, WAY_MAX);
	tcase_add_loop_test(tc, below_a_mount_files_are_replaced_too, 0, WAY_MAX * MOUNT_KINDS);
	tcase_add_loop_test(tc, below_a_mount_two_at_once, 0, WAY_MAX);
	tcase_add_test(tc, a_look_says_what_the_end_would);
	tcase_add_test(tc, proc_that_is_gone_is_named);
	tcase_add_test(tc, a_folder_that_cannot_be_written_says_so);
	tcase_add_loop_test(tc, the_longest_name, 0, WAY_MAX);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
