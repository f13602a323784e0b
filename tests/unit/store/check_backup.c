/* SPDX-License-Identifier: MIT */
/* Where a copy is made and where not, and what of it is called one. */

#include "unit/fixture/run.h"
#include "unit/fixture/store.h"

#include <stdatomic.h>
#include <sys/syscall.h>

/* The program's own come before the library's. */
static void (*at_sync)(void);
static atomic_int spoil; /* of what is written to the copy: 1: one byte is another, 2: it stays away */
static atomic_uint spoiled;

static bool is_part(int fd)
{
	char link[40], path[256];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return strstr(path, "store.db.part") != NULL;
}

static ssize_t write_any(int fd, const void *p, size_t n, off64_t off)
{
	char page[4096];

	if (atomic_load(&spoil) > 0 && n <= sizeof(page) && is_part(fd) && atomic_fetch_add(&spoiled, 1) == 3) {
		memcpy(page, p, n);
		memset(page, atomic_load(&spoil) == 1 ? 0xee : 0, 64);
		return syscall(SYS_pwrite64, fd, page, n, off);
	}
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

int fsync(int fd)
{
	if (at_sync && is_part(fd))
		at_sync();
	return (int)syscall(SYS_fsync, fd);
}

static char dir[128];
static struct store_backup q;

static void setup(void)
{
	struct store_channel *c;

	folder_make();
	folder_mkdir("state");
	{
		char state[96], why[512];

		(void)snprintf(state, sizeof(state), "%s/state", folder_path);
		ck_assert_msg(store_try(state, why, sizeof(why)) == 0, "%s", why);
	}
	c = store_opened(1, "bob", NULL);
	for (unsigned i = 0; i < 200; i++)
		(void)store_said(c, "for nobody else, and as long as what people write to each other");
	at_sync = NULL;
	atomic_store(&spoil, 0);
	atomic_store(&spoiled, 0);
}

static void teardown(void)
{
	store_end();
	folder_remove();
}

static int back_up(const char *name)
{
	(void)snprintf(dir, sizeof(dir), "%s/%s", folder_path, name);
	q = (struct store_backup){ .dir = dir, .served_fd = q.served_fd, .served_mark = q.served_mark };
	return STORE_CALL(store_backup, &q);
}

static void expect_refused(const char *name, const char *word)
{
	ck_assert_int_eq(back_up(name), -EPERM);
	ck_assert_msg(strstr(q.why, word) != NULL, "%s", q.why);
}

static void begin_unserved(void)
{
	q = (struct store_backup){ .served_fd = -1 };
}

START_TEST(nobody_else_may_be_there)
{
	begin_unserved();
	folder_mkdir("open");
	ck_assert_int_eq(fchmodat(folder_fd, "open", 0777, 0), 0);
	expect_refused("open", "(its mode is 0777)");
	ck_assert_uint_eq(folder_count("open"), 0);
	folder_mkdir("open/in");
	expect_refused("open/in", "other users can write to");
	ck_assert_uint_eq(folder_count("open/in"), 0);
	ck_assert_int_eq(fchmodat(folder_fd, "open", 01777, 0), 0);
	expect_refused("open", "(its mode is 1777)");
	ck_assert_int_eq(back_up("open/in"), 0);
	ck_assert_int_eq(back_up("open/made"), 0);
	if (fchownat(folder_fd, "open", 65533, (gid_t)-1, 0) < 0)
		return; /* not root */
	expect_refused("open", "belongs to the user with the number 65533");
	expect_refused("open/in", "belongs to the user with the number 65533");
}
END_TEST

START_TEST(nothing_is_served)
{
	begin_unserved();
	folder_mkdir("files");
	folder_mkdir("files/in");
	q.served_fd = openat(folder_fd, "files", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(symlinkat("files/in", folder_fd, "link"), 0);
	expect_refused("files", "in a folder that is served");
	expect_refused("files/in", "in a folder that is served");
	expect_refused("files/in/", "in a folder that is served");
	expect_refused("files/../files/in", "in a folder that is served");
	expect_refused("link", "in a folder that is served");
	/* Not even the folder is made. */
	expect_refused("files/made", "in a folder that is served");
	expect_refused("link/made//", "in a folder that is served");
	ck_assert_uint_eq(folder_count("files"), 1);
	ck_assert_uint_eq(folder_count("files/in"), 0);
	/* Beside and above it there is a place. */
	ck_assert_int_eq(back_up("filesystem"), 0);
	ck_assert_int_eq(back_up(""), 0);
	(void)close(q.served_fd);
}
END_TEST

/* Also by another daemon, which leaves a sign. */
START_TEST(nothing_is_served_by_others)
{
	begin_unserved();
	q.served_mark = ".mark of a check";
	folder_mkdir("theirs");
	folder_mkdir("theirs/.mark of a check");
	expect_refused("theirs", "in a folder that is served");
	expect_refused("theirs/a", "in a folder that is served");
	ck_assert_uint_eq(folder_count("theirs"), 1);
	ck_assert_int_eq(back_up("ours"), 0);
}
END_TEST

/* While it is written: it goes where it was made, and is not called a copy. */
static void swap_names(void)
{
	char part[160], mine[160];

	(void)snprintf(part, sizeof(part), "%s/store.db.part", dir);
	(void)snprintf(mine, sizeof(mine), "%s/mine", folder_path);
	ck_assert_int_eq(renameat2(AT_FDCWD, part, AT_FDCWD, mine, RENAME_EXCHANGE), 0);
}

static void take_name(void)
{
	char part[160];

	(void)snprintf(part, sizeof(part), "%s/store.db.part", dir);
	ck_assert_int_eq(unlink(part), 0);
}

START_TEST(a_name_that_leads_elsewhere_is_no_copy)
{
	static void (*const ways[])(void) = { swap_names, take_name };

	begin_unserved();
	for (unsigned i = 0; i < ELEMENTSOF(ways); i++) {
		folder_put("mine", "mine");
		at_sync = ways[i];
		expect_refused("copy", "another program changed");
		ck_assert_uint_eq(folder_count("copy"), 0);
		at_sync = NULL;
	}
	ck_assert_int_eq(back_up("copy"), 0);
	ck_assert_uint_eq(folder_count("copy"), 1);
}
END_TEST

/* What is left of an earlier one is somebody's link, or not a file at all. */
START_TEST(what_is_in_the_way)
{
	struct stat st;

	begin_unserved();
	folder_mkdir("copy");
	folder_put("mine", "mine");
	ck_assert_int_eq(symlinkat("../mine", folder_fd, "copy/store.db.part"), 0);
	ck_assert_int_eq(back_up("copy"), 0);
	folder_expect("mine", "mine");
	folder_mkdir("other");
	ck_assert_int_eq(linkat(folder_fd, "mine", folder_fd, "other/store.db.part", 0), 0);
	ck_assert_int_eq(back_up("other"), 0);
	folder_expect("mine", "mine");
	ck_assert_int_eq(fstatat(folder_fd, "other/store.db", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_uint_eq(st.st_nlink, 1);
	folder_mkdir("third");
	folder_mkdir("third/store.db.part");
	ck_assert_int_eq(back_up("third"), -EEXIST);
	ck_assert_uint_eq(folder_count("third"), 1);
	ck_assert_int_eq(symlinkat("nowhere", folder_fd, "third/store.db"), 0);
	ck_assert_int_eq(back_up("third"), -EEXIST);
}
END_TEST

START_TEST(what_is_not_whole_is_no_copy)
{
	begin_unserved();
	for (int how = 1; how <= 2; how++) {
		atomic_store(&spoil, how);
		atomic_store(&spoiled, 0);
		ck_assert_msg(back_up("copy") == -EBADMSG, "%d: %s", how, q.why);
		ck_assert_uint_gt(atomic_load(&spoiled), 3);
		ck_assert_msg(strstr(q.why, "was damaged") != NULL, "%s", q.why);
		ck_assert_uint_eq(folder_count("copy"), 0);
	}
	atomic_store(&spoil, 0);
	ck_assert_int_eq(back_up("copy"), 0);
}
END_TEST

/* Nobody but its owner reads it, nor anything on the way there. */
START_TEST(modes)
{
	struct stat st;
	mode_t before = umask(0);

	begin_unserved();
	ck_assert_int_eq(back_up("copy"), 0);
	(void)umask(before);
	ck_assert_int_eq(fstatat(folder_fd, "copy", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(fstatat(folder_fd, "copy/store.db", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("backup");
	TCase *tc = tcase_create("backup");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nobody_else_may_be_there);
	tcase_add_test(tc, nothing_is_served);
	tcase_add_test(tc, nothing_is_served_by_others);
	tcase_add_test(tc, a_name_that_leads_elsewhere_is_no_copy);
	tcase_add_test(tc, what_is_in_the_way);
	tcase_add_test(tc, what_is_not_whole_is_no_copy);
	tcase_add_test(tc, modes);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
