/* SPDX-License-Identifier: MIT */
/* The frame of a verb on files: which errors are told, what is tried again, and what is freed. */

#include "base/io.h"
#include "base/macro.h"
#include "ioed/roles.h"
#include "roles/file/file.h"
#include "roles/file/job.h"
#include "roles/file/publish.h"
#include "session/session.h"

#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/files.h"
#include "unit/fixture/folder.h"
#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"

enum {
	TRY_E_ODD = 1,
};

/* What run() comes to, by the name that is asked for. */
static const struct try_row {
	const char *name;
	int result;
	const char *error;
} tries[] = {
	{ "fine", 0, NULL },          { "odd", TRY_E_ODD, NULL },      { "none", -ENOENT, "not-found" },
	{ "link", -ELOOP, "denied" }, { "huge", -EFBIG, "too-large" },
};

static atomic_uint runs, dones;
static char root[80];

static int try_run(struct file_job *j)
{
	atomic_fetch_add(&runs, 1);
	ck_assert_uint_eq(j->body.len, 0);
	ck_assert_int_eq(buf_append_str(&j->body, j->path), 0);
	for (size_t i = 0; i < ELEMENTSOF(tries); i++)
		if (strcmp(tries[i].name, j->path) == 0)
			return tries[i].result;
	/* Its bytes stay the job's: done() does not take them. */
	j->fd = path_open(&j->state->root, j->path, O_RDONLY);
	return MIN(j->fd, 0);
}

static void try_done(struct file_job *j)
{
	atomic_fetch_add(&dones, 1);
	ck_assert_int_ge(j->error, 0);
	if (j->error == TRY_E_ODD)
		request_error(j->request, ERROR_EXISTS, "this one is odd");
	else
		request_sized(j->request, j->body.data, j->body.len);
}

static int try_act(const struct call *call)
{
	struct fields *f = call->fields;

	return file_job_run(call, f->n > 0 ? &f->at[0] : NULL, try_run, try_done);
}

/* Another verb, as it is meant to be written. */
static int delete_run(struct file_job *j)
{
	_cleanup_(closep) int dir_fd = -1;
	const char *base;

	dir_fd = path_open_parent(&j->state->root, j->path, &base);
	if (dir_fd < 0)
		return dir_fd;
	return unlinkat(dir_fd, base, 0) < 0 ? -errno : 0;
}

static void delete_done(struct file_job *j)
{
	request_ok(j->request);
}

static int delete_act(const struct call *call)
{
	return file_job_run(call, &call->fields->at[0], delete_run, delete_done);
}

/* A verb with two names and arguments of its own, as it is meant to be written. It needs two rights: its row has the
 * one to read `from`, and copy_act() asks for that to write `to`. */
struct copy {
	struct file_job job;
	uint64_t max_size;
	unsigned mode;
	bool sync, overwrite;
};

enum {
	COPY_E_TOO_LARGE = 1,
};

static int copy_bytes(const struct copy *c, int from, struct publish *to)
{
	char bytes[4096];
	uint64_t off = 0;
	ssize_t n;
	int r = 0;

	while (r >= 0 && (n = io_pread_full(from, bytes, sizeof(bytes), (off_t)off)) > 0) {
		if (off + (uint64_t)n > c->max_size)
			return COPY_E_TOO_LARGE;
		r = publish_write(to, bytes, (size_t)n, off);
		off += (uint64_t)n;
	}
	return r < 0 ? r : (int)n;
}

/* The copy gets its name in the folder in which it was begun, or none. */
static int copy_publish(struct copy *c, int from, unsigned turn)
{
	const struct file_job *j = &c->job;
	struct publish to = PUBLISH_INERT;
	int r;

	r = publish_open(&to, j->state, j->to, c->mode);
	if (r == 0)
		r = copy_bytes(c, from, &to);
	if (r == 0)
		r = file_watch_confirm(j->state, turn);
	if (r == 0)
		r = publish_commit(&to, j->state, c->sync, c->overwrite);
	publish_abandon(&to);
	return turn == file_watch_turn(&j->state->watch) ? r : -ESTALE;
}

static int copy_run(struct file_job *j)
{
	unsigned turn = file_watch_turn(&j->state->watch);
	_cleanup_(closep) int from = -1;

	atomic_fetch_add(&runs, 1);
	from = path_open(&j->state->root, j->path, O_RDONLY);
	if (from < 0)
		return from;
	j->error_path = j->to;
	return copy_publish(container_of(j, struct copy, job), from, turn);
}

static void copy_done(struct file_job *j)
{
	atomic_fetch_add(&dones, 1);
	if (j->error == COPY_E_TOO_LARGE)
		request_error(j->request, ERROR_TOO_LARGE, "'%s' is over file.max_size", j->path);
	else
		request_ok(j->request);
}

/* The fields begin with `to`, which is what the row of WRITE names. */
static int copy_begin(const struct call *call)
{
	const struct file_options *o = call->options;
	char from[PATH_BYTES_MAX + 1], to[PATH_BYTES_MAX + 1];
	struct file_job *j;
	struct copy *c;

	if (!file_take_name(call->request, &call->fields->at[1], from) ||
	    !file_take_name(call->request, &call->fields->at[0], to))
		return ACT_ANSWERED;
	j = file_job_new(call, sizeof(struct copy), from, to);
	if (!j)
		return -ENOMEM;
	c = container_of(j, struct copy, job);
	ck_assert(c->max_size == 0 && c->mode == 0 && !c->sync && !c->overwrite);
	c->max_size = o->max_size;
	c->mode = (unsigned)o->mode;
	c->sync = o->sync;
	c->overwrite = o->overwrite;
	return file_job_submit(j, copy_run, copy_done);
}

static int copy_act(const struct call *call)
{
	struct fields to_from;

	to_from.n = 2;
	to_from.at[0] = call->fields->at[1];
	to_from.at[1] = call->fields->at[0];
	return request_act(call->request, "WRITE", &to_from, copy_begin);
}

static const struct role_verb verbs[] = {
	{ { "TRY", "TRY[,name]", "", 0, 1, VERB_BARRIER, ACCESS_NONE, 0 }, try_act },
	{ { "DELETE", "DELETE,name", "", 1, 1, VERB_BARRIER, ACCESS_NONE, 0 }, delete_act },
	{ { "COPY", "COPY,from,to", "", 2, 2, VERB_BARRIER, ACCESS_FILE_READ, 2 }, copy_act },
	{ { "WRITE", "WRITE,name,size", "", 2, 2, VERB_NOT_YET, ACCESS_FILE_ADD, 1 }, NULL },
};

static void start(void)
{
	static struct role role;
	static const struct role *const roles[] = { &role, NULL };
	char config[512];

	role = file_role;
	role.verbs = verbs;
	role.n_verbs = ELEMENTSOF(verbs);
	folder_make();
	folder_mkdir("root");
	(void)snprintf(root, sizeof(root), "%s/root", folder_path);
	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ \"file\" ]; } ); state_dir = \"%%s/state\"; "
		       "runtime_dir = \"%%s/run\"; reactors = 1; file : { root = \"%s\"; max_size = 4; };",
		       root);
	serve_start(&ioed_schema, roles, config);
}

static void stop(int c)
{
	serve_close(c);
	serve_stop();
	folder_remove();
}

static void expect_runs(unsigned n_runs, unsigned n_dones)
{
	ck_assert_uint_eq(atomic_exchange(&runs, 0), n_runs);
	ck_assert_uint_eq(atomic_exchange(&dones, 0), n_dones);
}

START_TEST(an_error_is_reported_and_an_outcome_is_the_verbs)
{
	char text[64];
	int c;

	start();
	c = serve_connect();
	for (size_t i = 0; i < ELEMENTSOF(tries); i++) {
		(void)snprintf(text, sizeof(text), "TRY,%s\n", tries[i].name);
		serve_say(c, text);
		if (tries[i].error)
			serve_expect_error(c, tries[i].error);
		else if (tries[i].result == TRY_E_ODD)
			serve_expect_error(c, "exists");
		else
			serve_expect(c, "4\nfine");
		expect_runs(1, tries[i].result >= 0);
	}
	stop(c);
}
END_TEST

START_TEST(a_bad_name_never_runs)
{
	int c;

	start();
	c = serve_connect();
	serve_say(c, "TRY,../x\nTRY,\nDELETE,.ioe\n");
	serve_expect_error(c, "denied");
	serve_expect_error(c, "denied");
	serve_expect_error(c, "denied");
	expect_runs(0, 0);
	stop(c);
}
END_TEST

/* Into nowhere, and nothing of the job is left. */
START_TEST(a_descriptor_that_is_not_taken_is_closed)
{
	unsigned before;
	int c;

	start();
	folder_put("root/f", "x");
	c = serve_connect();
	serve_say(c, "PING\n");
	serve_expect(c, "PONG\n");
	before = files_open();
	for (unsigned i = 0; i < 20; i++) {
		serve_say(c, "TRY,f\n");
		serve_expect(c, "1\nf");
	}
	serve_say(c, "PING\n");
	serve_expect(c, "PONG\n");
	ck_assert_uint_eq(files_open(), before);
	stop(c);
}
END_TEST

/* What failed, or found an empty root, is tried once more in the folder that has taken the root's place. */
START_TEST(a_root_that_was_replaced_is_tried_again)
{
	char old[100];
	int c;

	start();
	(void)snprintf(old, sizeof(old), "%s/old", folder_path);
	c = serve_connect();
	for (unsigned i = 0; i < 2; i++) {
		folder_mkdir("new");
		folder_put("new/f", "x");
		/* The daemon's folder has no name any more: removed with all that is in it. */
		(void)nftw(root, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
		ck_assert_int_eq(renameat(folder_fd, "new", folder_fd, "root"), 0);
		serve_say(c, i == 0 ? "TRY,f\n" : "TRY\n");
		serve_expect(c, i == 0 ? "1\nf" : "0\n");
		expect_runs(2, 1);
	}
	stop(c);
}
END_TEST

START_TEST(a_root_that_is_gone)
{
	int c;

	start();
	(void)nftw(root, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	c = serve_connect();
	serve_say(c, "TRY,f\n");
	serve_expect_error(c, "unavailable");
	expect_runs(1, 0);
	serve_say(c, "TRY,f\n");
	serve_expect_error(c, "unavailable");
	expect_runs(0, 0);
	stop(c);
}
END_TEST

START_TEST(a_verb_of_a_few_lines)
{
	int c;

	start();
	folder_put("root/f", "x");
	c = serve_connect();
	serve_say(c, "DELETE,f\nDELETE,f\nDELETE,none/f\n");
	serve_expect(c, "OK\n");
	serve_expect_error(c, "not-found");
	serve_expect_error(c, "not-found");
	folder_expect("root/f", NULL);
	stop(c);
}
END_TEST

static void expect_refusal(int c, const char *text)
{
	char line[256];

	(void)serve_line(c, line, sizeof(line));
	ck_assert_msg(strncmp(line, text, strlen(text)) == 0, "'%s' is not '%s'", line, text);
}

START_TEST(a_verb_of_two_names)
{
	int c;

	start();
	folder_put("root/f", "x");
	c = serve_connect();
	serve_say(c, "COPY,f,g\nCOPY,g,g\n");
	serve_expect(c, "OK\nOK\n");
	folder_expect("root/f", "x");
	folder_expect("root/g", "x");
	expect_runs(2, 2);
	stop(c);
}
END_TEST

START_TEST(an_error_has_the_name_that_it_is_about)
{
	int c;

	start();
	folder_put("root/f", "x");
	folder_put("root/large", "12345678");
	folder_mkdir("root/d");
	c = serve_connect();
	serve_say(c, "COPY,none,g\nCOPY,f,none/g\nCOPY,f,d\nCOPY,large,g\n");
	expect_refusal(c, "ERROR: not-found: 'none' ");
	expect_refusal(c, "ERROR: not-found: 'none/g' ");
	expect_refusal(c, "ERROR: denied: 'd' ");
	expect_refusal(c, "ERROR: too-large: 'large' ");
	expect_runs(4, 1);
	serve_say(c, "COPY,f,../g\nCOPY,../f,g\n");
	expect_refusal(c, "ERROR: denied: '../g' ");
	expect_refusal(c, "ERROR: denied: '../f' ");
	expect_runs(0, 0);
	folder_expect("root/g", NULL);
	stop(c);
}
END_TEST

/* A copy fails in a folder that was removed, and is made in the new one. One that was begun in a folder that was moved
 * away is refused, and leaves nothing in either. */
START_TEST(two_names_in_a_root_that_was_replaced)
{
	int c;

	start();
	c = serve_connect();
	folder_mkdir("new");
	folder_put("new/f", "new");
	(void)nftw(root, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	ck_assert_int_eq(renameat(folder_fd, "new", folder_fd, "root"), 0);
	serve_say(c, "COPY,f,g\n");
	serve_expect(c, "OK\n");
	expect_runs(2, 1);
	folder_expect("root/g", "new");

	folder_mkdir("new");
	ck_assert_int_eq(renameat(folder_fd, "root", folder_fd, "old"), 0);
	ck_assert_int_eq(renameat(folder_fd, "new", folder_fd, "root"), 0);
	serve_say(c, "COPY,f,h\n");
	expect_refusal(c, "ERROR: unavailable: ");
	expect_runs(1, 0);
	folder_expect("root/h", NULL);
	folder_expect("old/h", NULL);
	stop(c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("job");
	TCase *tc = tcase_create("job");

	tcase_add_test(tc, an_error_is_reported_and_an_outcome_is_the_verbs);
	tcase_add_test(tc, a_bad_name_never_runs);
	tcase_add_test(tc, a_descriptor_that_is_not_taken_is_closed);
	tcase_add_test(tc, a_root_that_was_replaced_is_tried_again);
	tcase_add_test(tc, a_root_that_is_gone);
	tcase_add_test(tc, a_verb_of_a_few_lines);
	tcase_add_test(tc, a_verb_of_two_names);
	tcase_add_test(tc, an_error_has_the_name_that_it_is_about);
	tcase_add_test(tc, two_names_in_a_root_that_was_replaced);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
