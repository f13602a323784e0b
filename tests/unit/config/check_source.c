/* SPDX-License-Identifier: MIT */
/* The files of a configuration: what may be one, their order, and the faults of all of them. */
#include "config/config.h"

#include "base/io.h"
#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/fixture/config_values.h"
#include "unit/fixture/folder.h"
#include "unit/fixture/run.h"

static const char *put(const char *name, const char *text, mode_t mode)
{
	static char path[128];
	_cleanup_(closep) int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/%s", folder_path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_write_all(fd, text, strlen(text)), 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	return path;
}

static void put_folder(const char *name, mode_t mode)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder_path, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

/* Loads the folder's ioe.conf; @want: the sentences, "@" in them is the folder; NULL: it must load. */
static struct settings *load(unsigned instance, int error, const char *want)
{
	struct settings *s = NULL;
	struct buf why = {}, wanted = {};
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/ioe.conf", folder_path);
	for (; want && *want; want++)
		ck_assert_int_eq(*want == '@' ? buf_append_str(&wanted, folder_path) : buf_append(&wanted, want, 1), 0);
	ck_assert_int_eq(config_load(path, instance, &schema, &s, &why), error);
	ck_assert_str_eq(buf_str(&why), buf_str(&wanted));
	ck_assert(!s == (error < 0));
	if (s)
		ck_assert_str_eq(s->source, path);
	buf_done(&why);
	buf_done(&wanted);
	return s;
}

START_TEST(drop_ins)
{
	_cleanup_(settings_unrefp) struct settings *one = NULL, *two = NULL;

	(void)put("ioe.conf", "workers = 2; reactors = 2; state_dir = \"/base\"; limits = { line = 100; pipeline = 2; };\n"
			      "listeners = ( { port = 1; roles = [ \"file\" ]; }, { port = 2; roles = [ \"file\" ]; } );\n"
			      "instances = ( { id = 2; workers = 22; limits = { line = 222; }; }, { id = 3; workers = 33; } );", 0644);
	put_folder("ioe.conf.d", 0755);
	(void)put("ioe.conf.d/10-b.conf", "workers = 10; limits = { line = 1010; };", 0640);
	(void)put("ioe.conf.d/9-a.conf", "workers = 9; reactors = 9;", 0600);
	(void)put("ioe.conf.d/Z.conf", "stop_timeout = \"26s\"; legacy_wait = \"1s\";", 0600);
	(void)put("ioe.conf.d/a.conf", "stop_timeout = \"1s\"; listeners = ( { port = 3; roles = [ \"chat\" ]; } );", 0600);
	(void)put("ioe.conf.d/.hidden.conf", "workers = 55;", 0600);
	(void)put("ioe.conf.d/z.conf~", "workers = 56;", 0600);
	(void)put("ioe.conf.d/README", "this is no configuration", 0600);
	(void)put("ioe.conf.d/.conf", "workers = 57;", 0600);

	one = load(1, 0, NULL);
	ck_assert_uint_eq(config_top(one)->workers, 9); /* "9-a" is behind "10-b" */
	ck_assert_uint_eq(config_top(one)->reactors, 9);
	ck_assert_uint_eq(config_top(one)->stop_timeout_usec, USEC_PER_SEC); /* "a" is behind "Z" */
	ck_assert_uint_eq(config_top(one)->legacy_wait_usec, USEC_PER_SEC);
	ck_assert_str_eq(config_top(one)->state_dir, "/base");
	ck_assert_uint_eq(config_limits(one)->line, 1010);
	ck_assert_uint_eq(config_limits(one)->pipeline, 2);
	ck_assert_uint_eq(one->n_listeners, 1);

	/* The instance's own group is over all files, wherever it stands. */
	two = load(2, 0, NULL);
	ck_assert_uint_eq(config_top(two)->workers, 22);
	ck_assert_uint_eq(config_limits(two)->line, 222);

	/* A list replaces a list; what is replaced is checked all the same. */
	two = settings_unref(two);
	(void)put("ioe.conf.d/b.conf", "instances = ( { id = 3; } );", 0600);
	two = load(2, 0, NULL);
	ck_assert_uint_eq(config_top(two)->workers, 9);
	(void)put("ioe.conf.d/c.conf", "instances = ( { id = 3; workers = 0; } );", 0600);
	(void)put("ioe.conf.d/d.conf", "instances = ( );", 0600);
	(void)load(3, -EINVAL, "@/ioe.conf.d/c.conf:1: workers = 0 is outside 1 to 64\n");
}
END_TEST

/* The first error of syntax of each file, and all others of all files, in one go. */
START_TEST(faults_of_all_files)
{
	(void)put("ioe.conf", "workers = 0;\nlimits = { lin = 5; };\n", 0644);
	put_folder("ioe.conf.d", 0755);
	(void)put("ioe.conf.d/a.conf", "workers;\nreactors;", 0640);
	(void)put("ioe.conf.d/b.conf", "\n\"", 0640);
	(void)put("ioe.conf.d/c.conf", "reactors = 0; instances = ( { id = 9; workers = 99; } );", 0640);
	(void)load(1, -EINVAL,
		   "@/ioe.conf.d/a.conf:1: syntax error before or in \"workers;\": a setting is NAME = VALUE; and a list is "
		   "( A, B ) without a comma behind the last\n"
		   "@/ioe.conf.d/b.conf:2: a string stands where none can be: a setting is NAME = VALUE;\n"
		   "@/ioe.conf:1: workers = 0 is outside 1 to 64\n"
		   "@/ioe.conf:2: limits.lin is no option; limits has connections, per_address, line, output, pipeline, idle, "
		   "line_time, memory\n"
		   "@/ioe.conf.d/c.conf:1: reactors = 0 is outside 1 to 64\n"
		   "@/ioe.conf.d/c.conf:1: workers = 99 is outside 1 to 64\n");
}
END_TEST

START_TEST(files_that_cannot_be)
{
	const char *path;

	(void)load(1, -ENOENT, "@/ioe.conf: cannot be opened: No such file or directory\n");

	path = put("ioe.conf", "", 0646);
	(void)load(1, -EPERM, "@/ioe.conf: everybody can write to it, so it is not used; to change that: chmod o-w @/ioe.conf\n");
	ck_assert_int_eq(chmod(path, 0664), 0);
	(void)settings_unref(load(1, 0, NULL));

	ck_assert_int_eq(truncate(path, 1024 * 1024 + 1), 0);
	(void)load(1, -EFBIG, "@/ioe.conf: its 1048577 bytes are more than 1M, the limit of a configuration\n");
	ck_assert_int_eq(truncate(path, 1), 0);
	(void)load(1, -EINVAL, "@/ioe.conf:1: the file has a NUL byte, so it is not text\n");

	ck_assert_int_eq(unlink(path), 0);
	put_folder("ioe.conf", 0755);
	(void)load(1, -EISDIR, "@/ioe.conf: this is no regular file\n");
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	(void)load(1, -EINVAL, "@/ioe.conf: this is no regular file\n");
	ck_assert_int_eq(unlink(path), 0);

	(void)put("ioe.conf", "", 0644);
	put_folder("ioe.conf.d", 0757);
	(void)load(1, -EPERM, "@/ioe.conf.d: everybody can write to it, so it is not used; to change that: chmod o-w "
			      "@/ioe.conf.d\n");
	(void)put("ioe.conf.d/x.conf", "workers = 0;", 0602);
	(void)load(1, -EPERM, "@/ioe.conf.d: everybody can write to it, so it is not used; to change that: chmod o-w "
			      "@/ioe.conf.d\n"
			      "@/ioe.conf.d/x.conf: everybody can write to it, so it is not used; to change that: chmod o-w "
			      "@/ioe.conf.d/x.conf\n");
}
END_TEST

/* The folder of drop-ins is a file; a drop-in is a link to nothing. */
START_TEST(drop_ins_that_cannot_be)
{
	const char *path;

	(void)put("ioe.conf", "", 0644);
	path = put("ioe.conf.d", "", 0644);
	(void)load(1, -ENOTDIR, "@/ioe.conf.d: the folder of drop-ins cannot be read: Not a directory\n");
	ck_assert_int_eq(unlink(path), 0);
	put_folder("ioe.conf.d", 0755);
	path = put("ioe.conf.d/x.conf", "", 0644);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("nowhere", path), 0);
	(void)load(1, -ENOENT, "@/ioe.conf.d/x.conf: cannot be opened: No such file or directory\n");
}
END_TEST

START_TEST(default_file)
{
	_cleanup_(settings_unrefp) struct settings *s = NULL;
	struct buf why = {};

	if (access(CONFIG_PATH, F_OK) == 0 || access(CONFIG_PATH ".d", F_OK) == 0)
		return; /* what is in it is not this test's affair */
	ck_assert_int_eq(config_load(NULL, 4, &schema, &s, &why), 0);
	config_expect_default(s, 4);
	ck_assert_str_eq(s->source, "built-in defaults");
	buf_done(&why);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("source");
	TCase *tc = tcase_create("source");

	tcase_add_checked_fixture(tc, folder_make, folder_remove);
	tcase_add_test(tc, drop_ins);
	tcase_add_test(tc, faults_of_all_files);
	tcase_add_test(tc, files_that_cannot_be);
	tcase_add_test(tc, drop_ins_that_cannot_be);
	tcase_add_test(tc, default_file);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
