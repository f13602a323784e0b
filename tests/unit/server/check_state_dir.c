/* SPDX-License-Identifier: MIT */
/* The state directory: made, this daemon's alone, and named once for all. */

#include "server/state_dir.h"
#include "base/macro.h"
#include "server/server.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/file.h>

#include "unit/fixture/folder.h"
#include "unit/fixture/run.h"

static char state_dir[128], runtime_dir[128], why[1024];
static struct server_options options = { .state_dir = state_dir, .runtime_dir = runtime_dir };

static void setup(void)
{
	(void)unsetenv("STATE_DIRECTORY");
	(void)unsetenv("RUNTIME_DIRECTORY");
	folder_make();
	(void)snprintf(state_dir, sizeof(state_dir), "%s/a/b/state", folder_path);
	(void)snprintf(runtime_dir, sizeof(runtime_dir), "%s/run/x", folder_path);
}

static void teardown(void)
{
	folder_remove();
}

static int open_state(struct server *s)
{
	*s = (struct server){ .args.instance = 7, .state_fd = -1, .lock_fd = -1 };
	*why = '\0';
	return state_dir_open(s, &options, why, sizeof(why));
}

/* Must be refused with this error, and a sentence that has these words in it. */
static void refuse(int error, const char *a, const char *b)
{
	struct server s;
	int r = open_state(&s);

	ck_assert_msg(r == error, "%d instead of %d: %s", r, error, why);
	ck_assert_msg(strstr(why, a) && strstr(why, b), "'%s' lacks '%s' or '%s'", why, a, b);
	state_dir_close(&s);
}

static unsigned mode_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(fstatat(folder_fd, name, &st, 0), 0);
	return st.st_mode & 07777;
}

START_TEST(is_made_with_its_parents)
{
	struct server s;

	(void)umask(0);
	ck_assert_msg(open_state(&s) == 0, "%s", why);
	ck_assert_str_eq(s.state_dir, state_dir);
	ck_assert_str_eq(s.runtime_dir, runtime_dir);
	ck_assert_uint_eq(mode_of("a"), 0755);
	ck_assert_uint_eq(mode_of("a/b/state"), 0700);
	ck_assert_uint_eq(mode_of("run/x"), 0755);
	ck_assert_uint_eq(mode_of("a/b/state/store-id"), 0600);
	ck_assert_uint_eq(mode_of("a/b/state/lock"), 0600);
	ck_assert(fcntl(s.state_fd, F_GETFD) & FD_CLOEXEC);
	ck_assert(fcntl(s.lock_fd, F_GETFD) & FD_CLOEXEC);
	state_dir_close(&s);
}
END_TEST

START_TEST(the_store_keeps_its_name)
{
	struct server s;
	char id[33], text[64];

	ck_assert_msg(open_state(&s) == 0, "%s", why);
	ck_assert_uint_eq(strlen(s.reactors.store_id), 32);
	ck_assert_uint_eq(strspn(s.reactors.store_id, "0123456789abcdef"), 32);
	memcpy(id, s.reactors.store_id, sizeof(id));
	state_dir_close(&s);
	(void)snprintf(text, sizeof(text), "%s\n", id);
	folder_expect("a/b/state/store-id", text);

	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(open_state(&s), 0);
		ck_assert_str_eq(s.reactors.store_id, id);
		state_dir_close(&s);
	}
	/* Other data, another name. */
	ck_assert_int_eq(unlinkat(folder_fd, "a/b/state/store-id", 0), 0);
	ck_assert_int_eq(open_state(&s), 0);
	ck_assert_str_ne(s.reactors.store_id, id);
	state_dir_close(&s);
	ck_assert_uint_eq(folder_count("a/b/state"), 2);
}
END_TEST

START_TEST(a_damaged_name_is_not_guessed)
{
	static const char *const damaged[] = {
		"", "\n", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcde\n",
		"0123456789abcdef0123456789abcdef0\n", "0123456789ABCDEF0123456789ABCDEF\n",
		"0123456789abcdef0123456789abcdeg\n", "0123456789abcdef0123456789abcdef\n\n",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
	};
	struct server s;

	ck_assert_int_eq(open_state(&s), 0);
	state_dir_close(&s);
	for (size_t i = 0; i < ELEMENTSOF(damaged); i++) {
		folder_put("a/b/state/store-id", damaged[i]);
		refuse(-EBADMSG, "store-id", "damaged");
		folder_expect("a/b/state/store-id", damaged[i]);
	}
	ck_assert_int_eq(unlinkat(folder_fd, "a/b/state/store-id", 0), 0);
	folder_mkdir("a/b/state/store-id");
	refuse(-EISDIR, "store-id", "cannot be read");
}
END_TEST

START_TEST(only_one_may_have_it)
{
	struct server first, second;
	char number[32];

	ck_assert_int_eq(open_state(&first), 0);
	(void)snprintf(number, sizeof(number), "instance 7, process %d)", getpid());
	refuse(-EWOULDBLOCK, "locked by another", number);
	state_dir_close(&first);
	/* The file alone is no lock. */
	ck_assert_msg(open_state(&second) == 0, "%s", why);
	state_dir_close(&second);

	/* Who holds the lock need not have said who he is. */
	folder_put("a/b/state/lock", "");
	first.lock_fd = openat(folder_fd, "a/b/state/lock", O_RDWR);
	ck_assert_int_eq(flock(first.lock_fd, LOCK_EX), 0);
	refuse(-EWOULDBLOCK, "locked by another", "its number is unknown");
	(void)close(first.lock_fd);
}
END_TEST

START_TEST(a_link_is_no_lock)
{
	struct server s;

	ck_assert_int_eq(open_state(&s), 0);
	state_dir_close(&s);
	folder_put("victim", "precious");
	ck_assert_int_eq(unlinkat(folder_fd, "a/b/state/lock", 0), 0);
	ck_assert_int_eq(symlinkat("../../../victim", folder_fd, "a/b/state/lock"), 0);
	refuse(-ELOOP, "lock", "cannot be opened");
	folder_expect("victim", "precious");
}
END_TEST

START_TEST(what_cannot_be_written_is_said)
{
	struct server s;

	folder_put("file", "");
	(void)snprintf(state_dir, sizeof(state_dir), "%s/file", folder_path);
	refuse(-ENOTDIR, state_dir, "state_dir");
	(void)snprintf(state_dir, sizeof(state_dir), "%s/file/below", folder_path);
	refuse(-ENOTDIR, state_dir, "state_dir");

	(void)snprintf(state_dir, sizeof(state_dir), "%s/ours", folder_path);
	(void)snprintf(runtime_dir, sizeof(runtime_dir), "%s/file/run", folder_path);
	refuse(-ENOTDIR, runtime_dir, "runtime_dir");

	/* Root may write anywhere; whoever runs the tests, nobody may not. */
	if (geteuid() == 0) {
		ck_assert_int_eq(fchmod(folder_fd, 0755), 0);
		ck_assert_int_eq(fchmodat(folder_fd, "ours", 0755, 0), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	} else {
		ck_assert_int_eq(fchmodat(folder_fd, "ours", 0500, 0), 0);
		ck_assert_int_eq(fchmod(folder_fd, 0500), 0);
	}
	refuse(-EACCES, state_dir, "systemctl start ioe@7");
	(void)snprintf(state_dir, sizeof(state_dir), "%s/new/below", folder_path);
	refuse(-EACCES, state_dir, "cannot be written");
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(fchmod(folder_fd, 0700), 0);

	(void)snprintf(state_dir, sizeof(state_dir), "%s/ours", folder_path);
	ck_assert_int_eq(fchmodat(folder_fd, "ours", 0700, 0), 0);
	(void)snprintf(runtime_dir, sizeof(runtime_dir), "%s/run", folder_path);
	ck_assert_msg(open_state(&s) == 0, "%s", why);
	state_dir_close(&s);
}
END_TEST

START_TEST(the_service_manager_goes_before)
{
	struct server s;
	char text[256];

	(void)snprintf(text, sizeof(text), "%s/mine:%s/other", folder_path, folder_path);
	(void)setenv("STATE_DIRECTORY", text, 1);
	(void)setenv("RUNTIME_DIRECTORY", "relative", 1); /* which no manager sets */
	ck_assert_msg(open_state(&s) == 0, "%s", why);
	(void)snprintf(text, sizeof(text), "%s/mine", folder_path);
	ck_assert_str_eq(s.state_dir, text);
	ck_assert_str_eq(s.runtime_dir, runtime_dir);
	ck_assert_uint_eq(folder_count("mine"), 2);
	state_dir_close(&s);
}
END_TEST

/* What was made under another umask, or copied there, is for nobody else; but only files, and only those in there. */
START_TEST(what_lies_there_is_for_nobody_else)
{
	static const char *const names[] = { "store.db", "store.db-wal", "store.db-shm", "store-id", "lock", "old.db" };
	struct server s;
	char name[64];

	ck_assert_int_eq(open_state(&s), 0);
	state_dir_close(&s);
	folder_put("victim", "theirs");
	ck_assert_int_eq(symlinkat("../../../victim", folder_fd, "a/b/state/link"), 0);
	folder_mkdir("a/b/state/files");
	folder_put("a/b/state/files/served", "text");
	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		(void)snprintf(name, sizeof(name), "a/b/state/%s", names[i]);
		if (strcmp(names[i], "store-id") != 0)
			folder_put(name, "text");
		ck_assert_int_eq(fchmodat(folder_fd, name, i % 2 ? 0666 : 0644, 0), 0);
	}
	ck_assert_int_eq(fchmodat(folder_fd, "victim", 0644, 0), 0);
	ck_assert_int_eq(fchmodat(folder_fd, "a/b/state/files/served", 0644, 0), 0);
	ck_assert_msg(open_state(&s) == 0, "%s", why);
	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		(void)snprintf(name, sizeof(name), "a/b/state/%s", names[i]);
		ck_assert_msg(mode_of(name) == 0600, "%s: %o", name, mode_of(name));
	}
	ck_assert_uint_eq(mode_of("victim"), 0644);
	ck_assert_uint_eq(mode_of("a/b/state/files"), 0755);
	ck_assert_uint_eq(mode_of("a/b/state/files/served"), 0644);
	state_dir_close(&s);
}
END_TEST

START_TEST(a_folder_that_others_can_enter_is_reported)
{
	static const struct {
		const char *name;
		mode_t mode;
		const char *said;
	} rows[] = {
		{ "a/b/state", 0700, "" }, { "a/b/state", 0750, "" }, { "a/b/state", 0755, "everybody can enter" },
		{ "a/b/state", 0701, "everybody can enter" }, { "a/b/state", 0770, "other users can write to" },
		{ "a/b/state", 01777, "other users can write to" }, { "a/b", 0777, "other users can write to" },
		{ "a/b", 01777, "" }, { "a", 0775, "other users can write to" },
	};
	struct server s;

	ck_assert_int_eq(open_state(&s), 0);
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		mode_t before = mode_of(rows[i].name);

		ck_assert_int_eq(fchmodat(folder_fd, rows[i].name, rows[i].mode, 0), 0);
		state_dir_check(&s);
		if (*rows[i].said)
			ck_assert_msg(strstr(s.state_shared, rows[i].said) != NULL, "%s %o: %s", rows[i].name,
				      rows[i].mode, s.state_shared);
		else
			ck_assert_str_eq(s.state_shared, "");
		ck_assert_int_eq(fchmodat(folder_fd, rows[i].name, before, 0), 0);
	}
	state_dir_close(&s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("state");
	TCase *tc = tcase_create("state");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, is_made_with_its_parents);
	tcase_add_test(tc, the_store_keeps_its_name);
	tcase_add_test(tc, a_damaged_name_is_not_guessed);
	tcase_add_test(tc, only_one_may_have_it);
	tcase_add_test(tc, a_link_is_no_lock);
	tcase_add_test(tc, what_cannot_be_written_is_said);
	tcase_add_test(tc, the_service_manager_goes_before);
	tcase_add_test(tc, what_lies_there_is_for_nobody_else);
	tcase_add_test(tc, a_folder_that_others_can_enter_is_reported);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
