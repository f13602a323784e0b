/* SPDX-License-Identifier: MIT */
/* Names and what they lead to, by openat2() and element by element: the two must answer alike. */

#include "roles/file/path.h"
#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "unit/fixture/folder.h"
#include "unit/fixture/forbid.h"
#include "unit/fixture/run.h"

static struct path_root root;

/* A tree with all that is not a file, and a folder outside of it. */
static void setup(void)
{
	folder_make();
	folder_mkdir("root");
	folder_mkdir("root/d");
	folder_mkdir("root/d/e");
	folder_mkdir("outside");
	folder_put("root/f", "f");
	folder_put("root/d/f", "d/f");
	folder_put("root/d/e/f", "d/e/f");
	folder_put("outside/f", "SECRET");
	ck_assert_int_eq(symlinkat("../outside", folder_fd, "root/out"), 0);
	ck_assert_int_eq(symlinkat("../outside/f", folder_fd, "root/outfile"), 0);
	ck_assert_int_eq(symlinkat("/", folder_fd, "root/slash"), 0);
	ck_assert_int_eq(symlinkat("d", folder_fd, "root/in"), 0);
	ck_assert_int_eq(symlinkat("f", folder_fd, "root/infile"), 0);
	ck_assert_int_eq(symlinkat("loop", folder_fd, "root/loop"), 0);
	ck_assert_int_eq(symlinkat("nowhere", folder_fd, "root/dangling"), 0);
	ck_assert_int_eq(mkfifoat(folder_fd, "root/fifo", 0644), 0);
	root = (struct path_root){ .fd = openat(folder_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	ck_assert_int_ge(root.fd, 0);
}

static void teardown(void)
{
	(void)close(root.fd);
	folder_remove();
}

static int check(const char *name, size_t len)
{
	char path[PATH_BYTES_MAX + 1];
	const char *why = NULL;
	int r = path_check(name, len, path, &why);

	if (r == 0) {
		ck_assert_uint_eq(strlen(path), len);
		ck_assert_int_eq(memcmp(path, name, len), 0);
	} else {
		ck_assert_ptr_nonnull(why);
		ck_assert_uint_gt(strlen(why), 10);
	}
	return r;
}

START_TEST(names)
{
	static const char *const good[] = { "a", "a b", "a,b", "a.b", "a..", "a/b", "a/b/c", "\303\244", "a\\b", "-", "~",
					    "%2e%2e", "a/%2f" };
	static const char *const bad[] = { "", "/", "/a", "a/", "a//b", ".", "..", ".a", "a/.", "a/..", "a/../b", "../a",
					   "./a", "a/.b/c", "\377", "a\tb", "a\177", "a\nb", "\302\205", "\300\256\300\256",
					   "\355\240\200", "a/\300\257", "\360\237\222" };

	for (size_t i = 0; i < ELEMENTSOF(good); i++)
		ck_assert_int_eq(check(good[i], strlen(good[i])), 0);
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		ck_assert_int_eq(check(bad[i], strlen(bad[i])), PATH_E_DENIED);
	ck_assert_int_eq(check("a\0b", 3), PATH_E_DENIED);
	ck_assert_int_eq(check("\0", 1), PATH_E_DENIED);
}
END_TEST

START_TEST(long_names)
{
	char name[PATH_BYTES_MAX + 10];

	memset(name, 'x', sizeof(name));
	ck_assert_int_eq(check(name, 255), 0);
	ck_assert_int_eq(check(name, 256), PATH_E_TOO_LONG);
	name[255] = '/';
	ck_assert_int_eq(check(name, 511), 0);
	ck_assert_int_eq(check(name, 512), PATH_E_TOO_LONG);
	for (size_t i = 1; i < sizeof(name); i += 2)
		name[i] = '/';
	ck_assert_int_eq(check(name, PATH_BYTES_MAX - 1), 0);
	ck_assert_int_eq(check(name, PATH_BYTES_MAX), PATH_E_DENIED); /* it ends in / */
	ck_assert_int_eq(check(name, PATH_BYTES_MAX + 1), PATH_E_TOO_LONG);
	name[PATH_BYTES_MAX - 1] = 'y';
	ck_assert_int_eq(check(name, PATH_BYTES_MAX), 0);
}
END_TEST

START_TEST(names_that_are_shown)
{
	ck_assert(path_is_shown("a", 1));
	ck_assert(!path_is_shown(".a", 2));
	ck_assert(!path_is_shown("a\n", 2));
	ck_assert(!path_is_shown("\377", 1));
	ck_assert(!path_is_shown("", 0));
}
END_TEST

/* What an open came to: the first byte of the file, '/' for a folder, '-' for something else, or the errno. */
static int look(const char *path, int flags)
{
	int fd = path_open(&root, path, flags), r;
	struct stat st;
	char c;

	if (fd < 0)
		return fd;
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	r = S_ISDIR(st.st_mode) ? '/' : S_ISREG(st.st_mode) && read(fd, &c, 1) == 1 ? c : '-';
	(void)close(fd);
	return r;
}

START_TEST(what_names_lead_to)
{
	static const struct {
		const char *path;
		int flags, want;
	} rows[] = {
		{ "", O_RDONLY | O_DIRECTORY, '/' },
		{ "f", O_RDONLY, 'f' },
		{ "d", O_RDONLY, '/' },
		{ "d", O_RDONLY | O_DIRECTORY, '/' },
		{ "d/f", O_RDONLY, 'd' },
		{ "d/e/f", O_RDONLY, 'd' },
		{ "f", O_RDONLY | O_DIRECTORY, -ENOTDIR },
		{ "f/x", O_RDONLY, -ENOTDIR },
		{ "g", O_RDONLY, -ENOENT },
		{ "g/x", O_RDONLY, -ENOENT },
		{ "d/g", O_RDONLY, -ENOENT },
		{ "out", O_RDONLY, -ELOOP },
		{ "out", O_RDONLY | O_DIRECTORY, -ELOOP },
		{ "out/f", O_RDONLY, -ELOOP },
		{ "out/nothing", O_RDONLY, -ELOOP },
		{ "outfile", O_RDONLY, -ELOOP },
		{ "slash", O_RDONLY, -ELOOP },
		{ "slash/etc/passwd", O_RDONLY, -ELOOP },
		{ "in", O_RDONLY | O_DIRECTORY, -ELOOP },
		{ "in/f", O_RDONLY, -ELOOP },
		{ "infile", O_RDONLY, -ELOOP },
		{ "infile", O_RDONLY | O_DIRECTORY, -ELOOP },
		{ "infile/x", O_RDONLY, -ELOOP },
		{ "loop", O_RDONLY, -ELOOP },
		{ "loop/x", O_RDONLY, -ELOOP },
		{ "dangling", O_RDONLY, -ELOOP },
		{ "dangling", O_RDONLY | O_CREAT, -ELOOP },
		{ "fifo", O_RDONLY, '-' }, /* at once: nobody writes into it */
		{ "fifo/x", O_RDONLY, -ENOTDIR },
	};

	root.walk = _i;
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		int got = look(rows[i].path, rows[i].flags);

		ck_assert_msg(got == rows[i].want, "'%s', flags %o: %d instead of %d", rows[i].path, rows[i].flags, got,
			      rows[i].want);
	}
	ck_assert_int_eq(faccessat(folder_fd, "root/nowhere", F_OK, 0), -1);
}
END_TEST

/* As a second fence: names that path_check() never lets through do not get out either. */
START_TEST(unchecked_names_do_not_get_out)
{
	static const char *const bad[] = { "../outside/f", "d/../../outside/f", "/etc/passwd" };

	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		ck_assert_int_eq(look(bad[i], O_RDONLY), -EXDEV);
}
END_TEST

START_TEST(long_paths_are_an_error_of_their_own)
{
	char path[600];

	root.walk = _i;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(look(path, O_RDONLY), -ENAMETOOLONG);
	path[400] = '/';
	ck_assert_int_eq(look(path, O_RDONLY), -ENAMETOOLONG);
}
END_TEST

START_TEST(a_socket_is_an_error)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	root.walk = _i;
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/root/socket", folder_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_eq(look("socket", O_RDONLY), -ENXIO);
	(void)close(fd);
}
END_TEST

START_TEST(parents)
{
	static const struct {
		const char *path, *base;
		int want; /* 0: a folder */
	} rows[] = {
		{ "x", "x", 0 },	  { "d/x", "x", 0 },	      { "d/e/long name", "long name", 0 },
		{ "g/x", NULL, -ENOENT }, { "f/x", NULL, -ENOTDIR },  { "out/x", NULL, -ELOOP },
		{ "in/x", NULL, -ELOOP }, { "d/g/x", NULL, -ENOENT }, { "infile/x", NULL, -ELOOP },
	};

	root.walk = _i;
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		const char *base;
		int fd = path_open_parent(&root, rows[i].path, &base);

		ck_assert_msg((fd < 0 ? fd : 0) == rows[i].want, "%s: %d instead of %d", rows[i].path, fd, rows[i].want);
		if (fd < 0)
			continue;
		ck_assert_str_eq(base, rows[i].base);
		ck_assert_int_eq(fsync(fd), 0);
		(void)close(fd);
	}
}
END_TEST

START_TEST(from_memory_or_not_at_all)
{
	int fd;

	/* What was just asked for is in memory. */
	(void)look("d/f", O_RDONLY);
	fd = path_open_cached(&root, "d/f", O_RDONLY);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	ck_assert_int_eq(path_open_cached(&root, "d/f", O_RDWR | O_CREAT), -EAGAIN); /* which may block */
	ck_assert_int_eq(path_open_cached(&root, "out/f", O_RDONLY), -ELOOP);
	root.walk = true;
	ck_assert_int_eq(path_open_cached(&root, "d/f", O_RDONLY), -EAGAIN);
}
END_TEST

START_TEST(the_probe_shows_which_way)
{
	root.walk = true;
	path_probe(&root);
	ck_assert(!root.walk); /* as this kernel has it */
	forbid(SYS_openat2, 0, 0, _i ? EPERM : ENOSYS);
	path_probe(&root);
	ck_assert(root.walk);
	ck_assert_int_eq(look("d/e/f", O_RDONLY), 'd');
}
END_TEST

static atomic_bool swap_end;

/* A name is a folder or file of ours, then a link outside, then ours again, as fast as the kernel can. */
static void *swap(_unused_ void *arg)
{
	unsigned i = 0;

	while (!atomic_load(&swap_end)) {
		(void)renameat2(folder_fd, "root/d", folder_fd, "root/out", RENAME_EXCHANGE);
		(void)renameat2(folder_fd, "root/f", folder_fd, "root/outfile", RENAME_EXCHANGE);
		if (i++ % 2)
			(void)renameat2(folder_fd, "root/d/e", folder_fd, "outside", RENAME_EXCHANGE);
	}
	return NULL;
}

START_TEST(no_race_leads_outside)
{
	static const char *const paths[] = { "d/f", "f", "d/e/f", "out/f", "outfile" };
	unsigned inside = 0, refused = 0;
	struct stat secret, parent;
	const char *base;
	pthread_t thread;

	root.walk = _i;
	/* The folder outside may come in by a rename, its file may not be told from one of ours then: so it is
	 * empty. */
	ck_assert_int_eq(unlinkat(folder_fd, "root/d/e/f", 0), 0);
	ck_assert_int_eq(fstatat(folder_fd, "outside/f", &secret, 0), 0);
	folder_mkdir("elsewhere");
	ck_assert_int_eq(renameat(folder_fd, "outside/f", folder_fd, "elsewhere/f"), 0);
	ck_assert_int_eq(unlinkat(folder_fd, "root/out", 0), 0);
	ck_assert_int_eq(unlinkat(folder_fd, "root/outfile", 0), 0);
	ck_assert_int_eq(symlinkat("../elsewhere", folder_fd, "root/out"), 0);
	ck_assert_int_eq(symlinkat("../elsewhere/f", folder_fd, "root/outfile"), 0);
	ck_assert_int_eq(fstatat(folder_fd, "elsewhere", &parent, 0), 0);

	ck_assert_int_eq(pthread_create(&thread, NULL, swap, NULL), 0);
	for (unsigned i = 0; i < 100000 || inside == 0 || refused == 0; i++) {
		struct stat st;
		int fd = i % 2 ? path_open(&root, paths[i / 2 % ELEMENTSOF(paths)], O_RDONLY) :
				 path_open_parent(&root, paths[i / 2 % ELEMENTSOF(paths)], &base);

		if (fd < 0) {
			refused += fd == -ELOOP;
			continue;
		}
		if (fstat(fd, &st) < 0 || st.st_ino == secret.st_ino || st.st_ino == parent.st_ino)
			ck_abort_msg("%s led outside", paths[i / 2 % ELEMENTSOF(paths)]);
		inside++;
		(void)close(fd);
	}
	atomic_store(&swap_end, true);
	(void)pthread_join(thread, NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("path");
	TCase *tc = tcase_create("path");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, names);
	tcase_add_test(tc, long_names);
	tcase_add_test(tc, names_that_are_shown);
	tcase_add_loop_test(tc, what_names_lead_to, 0, 2);
	tcase_add_test(tc, unchecked_names_do_not_get_out);
	tcase_add_loop_test(tc, long_paths_are_an_error_of_their_own, 0, 2);
	tcase_add_loop_test(tc, a_socket_is_an_error, 0, 2);
	tcase_add_loop_test(tc, parents, 0, 2);
	tcase_add_test(tc, from_memory_or_not_at_all);
	tcase_add_loop_test(tc, the_probe_shows_which_way, 0, 2);
	tcase_add_loop_test(tc, no_race_leads_outside, 0, 2);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
