/* SPDX-License-Identifier: MIT */
#include "base/place.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

#include "unit/fixture/folder.h"
#include "unit/fixture/run.h"

static char why[512];

static int at(const char *name)
{
	int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s cannot be opened", name);
	return fd;
}

static int is_private(const char *name)
{
	int fd = at(name), r;

	*why = '\0';
	r = place_is_private(fd, why, sizeof(why));
	(void)close(fd);
	return r;
}

static int is_within(const char *name, const char *root_name)
{
	int fd = at(name), root = at(root_name), r = place_is_within(fd, root);

	(void)close(fd);
	(void)close(root);
	return r;
}

static void mode(const char *name, mode_t bits)
{
	ck_assert_int_eq(fchmodat(folder_fd, name, bits, 0), 0);
}

static void setup(void)
{
	folder_make();
	folder_mkdir("a");
	folder_mkdir("a/b");
	folder_mkdir("a/b/c");
	folder_mkdir("ab");
}

static void teardown(void)
{
	folder_remove();
}

START_TEST(nobody_else_may_write)
{
	static const struct {
		const char *name;
		mode_t mode;
		int want;
	} rows[] = {
		{ "a/b/c", 0700, 0 }, { "a/b/c", 0755, 0 }, { "a/b/c", 0775, -EPERM }, { "a/b/c", 0757, -EPERM },
		{ "a/b/c", 0777, -EPERM }, { "a/b/c", 01777, -EPERM }, /* in there anybody may make the name first */
		{ "a/b", 0775, -EPERM }, { "a/b", 01777, 0 }, { "a", 0757, -EPERM }, { "a", 01777, 0 },
	};

	ck_assert_msg(is_private("a/b/c") == 0, "%s", why); /* /tmp is above it */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mode(rows[i].name, rows[i].mode);
		ck_assert_msg(is_private("a/b/c") == rows[i].want, "%s %o: %s", rows[i].name, rows[i].mode, why);
		if (rows[i].want < 0) {
			ck_assert_ptr_nonnull(strstr(why, rows[i].name));
			ck_assert_ptr_nonnull(strstr(why, "other users can write to "));
		}
		mode(rows[i].name, 0755);
	}
}
END_TEST

START_TEST(it_belongs_to_nobody_else)
{
	if (fchownat(folder_fd, "a/b", 65533, (gid_t)-1, 0) < 0)
		return; /* not root */
	ck_assert_int_eq(is_private("a/b"), -EPERM);
	ck_assert_ptr_nonnull(strstr(why, "belongs to the user with the number 65533"));
	ck_assert_int_eq(is_private("a/b/c"), -EPERM); /* he may put another one in its place */
	ck_assert_int_eq(is_private("a"), 0);
	/* Nor has he a sticky bit that would keep him from it. */
	mode("a/b", 01777);
	ck_assert_int_eq(is_private("a/b/c"), -EPERM);
}
END_TEST

START_TEST(within_is_at_or_below)
{
	ck_assert_int_eq(is_within("a", "a"), 1);
	ck_assert_int_eq(is_within("a/b/c", "a"), 1);
	ck_assert_int_eq(is_within("a", "a/b"), 0);
	ck_assert_int_eq(is_within("ab", "a"), 0);
	ck_assert_int_eq(is_within("a/b", "ab"), 0);
	/* The name that it was opened by says nothing. */
	ck_assert_int_eq(symlinkat("a/b", folder_fd, "link"), 0);
	ck_assert_int_eq(is_within("link", "a"), 1);
	ck_assert_int_eq(is_within("a/b/c", "link"), 1);
	ck_assert_int_eq(place_is_within(-1, folder_fd), -EBADF);
	ck_assert_int_eq(place_is_within(folder_fd, -1), -EBADF);
}
END_TEST

START_TEST(a_dot_hides)
{
	int root, fd;

	folder_mkdir("a/.dot");
	folder_mkdir("a/.dot/in");
	folder_mkdir(".a");
	root = at("a");
	fd = at("a/.dot/in");
	ck_assert(place_is_hidden(fd, root));
	(void)close(fd);
	fd = at("a/b/c");
	ck_assert(!place_is_hidden(fd, root));
	(void)close(fd);
	fd = at(".a"); /* which is not below */
	ck_assert(!place_is_hidden(fd, root));
	(void)close(fd);
	(void)close(root);
}
END_TEST

START_TEST(a_name_above_is_found)
{
	int fd = at("a/b/c");

	ck_assert_int_eq(place_is_below_name(fd, "mark of a check"), 0);
	folder_mkdir("a/mark of a check");
	ck_assert_int_eq(place_is_below_name(fd, "mark of a check"), 1);
	ck_assert_int_eq(place_is_below_name(folder_fd, "mark of a check"), 0);
	(void)close(fd);
}
END_TEST

static void bind(const char *from, const char *to)
{
	char a[96], b[96];

	(void)snprintf(a, sizeof(a), "%s/%s", folder_path, from);
	(void)snprintf(b, sizeof(b), "%s/%s", folder_path, to);
	ck_assert_msg(mount(a, b, NULL, MS_BIND | MS_REC, NULL) == 0, "%s on %s: %s", from, to, strerror(errno));
}

/* What is mounted elsewhere is seen there. In a mount namespace of its own, so in a process of its own. */
START_TEST(mounts_lead_elsewhere)
{
	if ((unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		(void)fprintf(stderr, "mounts_lead_elsewhere: left out, no mount namespace may be made here\n");
		return;
	}
	/* The one that there is leads to the namespace of before. */
	(void)close(folder_fd);
	folder_fd = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	folder_mkdir("a b");
	folder_mkdir("a b/in");
	folder_mkdir("root");
	folder_mkdir("root/in");
	folder_mkdir("other");
	/* The root's folder, or one below, under another name. */
	bind("a/b", "a b/in");
	ck_assert_int_eq(is_within("a b/in", "a"), 1);
	ck_assert_int_eq(is_within("a b/in/c", "a"), 1);
	ck_assert_int_eq(is_within("a b/in", "a/b/c"), 0);
	ck_assert_int_eq(is_within("a b", "a"), 0);
	/* The folder, or one above, mounted into the root. */
	bind("ab", "root/in");
	ck_assert_int_eq(is_within("ab", "root"), 1);
	folder_mkdir("ab/deep");
	ck_assert_int_eq(is_within("ab/deep", "root"), 1);
	ck_assert_int_eq(is_within("other", "root"), 0);
	ck_assert_int_eq(is_within("a", "root"), 0);
	/* And into itself: it has an end all the same. */
	bind("a", "a/b");
	ck_assert_int_eq(is_within("a/b", "a"), 1);
	ck_assert_int_eq(is_private("a/b/b"), 0);
	mode(".", 0777);
	ck_assert_int_eq(is_private("a/b/b"), -EPERM);
	mode(".", 0700);
}
END_TEST

/* PATH_MAX holds no path to it any more, which the way up does without. */
START_TEST(very_deep)
{
	char name[] = "a folder whose name is long enough that fewer of them will do than would be needed with a short one";
	int fd = at("a/b/c"), root = at("a/b"), next;

	for (unsigned i = 0; i < 100; i++) {
		ck_assert_int_eq(mkdirat(fd, name, 0700), 0);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		(void)close(fd);
		fd = next;
	}
	ck_assert_int_eq(place_is_within(fd, root), 1);
	(void)close(root);
	root = at("ab");
	ck_assert_int_eq(place_is_within(fd, root), 0);
	ck_assert_int_eq(place_is_private(fd, why, sizeof(why)), 0);
	(void)close(fd);
	(void)close(root);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("place");
	TCase *tc = tcase_create("place");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nobody_else_may_write);
	tcase_add_test(tc, it_belongs_to_nobody_else);
	tcase_add_test(tc, within_is_at_or_below);
	tcase_add_test(tc, a_dot_hides);
	tcase_add_test(tc, a_name_above_is_found);
	tcase_add_test(tc, mounts_lead_elsewhere);
	tcase_add_test(tc, very_deep);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
