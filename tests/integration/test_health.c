/* SPDX-License-Identifier: MIT */
/* What is broken shows: a store that cannot be opened, a served folder that is gone, another one, or read-only. */

#include "base/macro.h"
#include "client.h"
#include "tool.h"

#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEALTH_EXIT_FAILED   1
#define HEALTH_EXIT_DEGRADED 13

#define HEALTH_CONFIG DAEMON_LISTENER "file = { root = \"@DIR@/share\"; };\n"

/* ioectl must end with @status. What it printed, to be freed; *ret_err, where it is not NULL, likewise. */
static char *health_ioectl(struct daemon *d, int status, const char *a, const char *b, char **ret_err)
{
	struct tool t;
	char *out;

	tool_run(&t, "IOECTL", "", "-s", d->control, a, b, NULL);
	if (t.status != status)
		harness_fail("ioectl %s %s ended with %d, not with %d: %s%s", a, b, t.status, status, t.out->str, t.err->str);
	out = g_strdup(t.out->str);
	if (ret_err)
		*ret_err = g_strdup(t.err->str);
	tool_done(&t);
	return out;
}

static char *health_path(const struct daemon *d, const char *name)
{
	return g_build_filename(d->dir, name, NULL);
}

/* A status, asked for again until it has @text (or, not @there, has it no more): workers look at the folder. */
static void health_wait_status(struct daemon *d, const char *text, bool there)
{
	gint64 deadline = harness_deadline();

	for (;;) {
		g_autofree char *status = daemon_varlink(d, "{\"method\":\"org.ioe.control.Status\"}");

		if ((strstr(status, text) != NULL) == there)
			return;
		if (g_get_monotonic_time() > deadline)
			harness_fail("the status %s '%s': %s", there ? "never has" : "goes on to have", text, status);
	}
}

/* Stores */

static void health_write_at(const char *path, off_t at, const void *data, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(pwrite(fd, data, n, at), ==, (ssize_t)n);
	(void)close(fd);
}

static void health_head(const char *path)
{
	g_autofree char *noise = harness_noise(8192, 1);

	health_write_at(path, 0, noise, 8192);
}

static void health_newer(const char *path)
{
	health_write_at(path, 60, "\0\0\0\x63", 4); /* user_version */
}

static void health_cut(const char *path)
{
	g_assert_cmpint(truncate(path, 100), ==, 0);
}

static void health_foreign(const char *path)
{
	health_write_at(path, 68, "xxxx", 4); /* application_id */
}

static void health_folder(const char *path)
{
	g_assert_cmpint(unlink(path), ==, 0);
	g_assert_cmpint(mkdir(path, 0700), ==, 0);
}

static const struct health_store {
	const char *name;
	void (*hurt)(const char *path);
	const char *words;
} health_stores[] = {
	{ "head", health_head, "damaged" },
	{ "newer", health_newer, "newer" },
	{ "cut", health_cut, "damaged" },
	{ "foreign", health_foreign, "not one of ioed" },
	{ "folder", health_folder, "store.db cannot be" },
};

static void health_expect_no_store(struct daemon *d, const char *words)
{
	g_autofree char *json = daemon_varlink(d, "{\"method\":\"org.ioe.control.Status\"}");
	g_autofree char *status = health_ioectl(d, HEALTH_EXIT_DEGRADED, "status", NULL, NULL);
	g_autofree char *metrics = health_ioectl(d, 0, "metrics", NULL, NULL);

	g_assert_nonnull(strstr(json, "\"state\":\"degraded\""));
	g_assert_nonnull(strstr(json, "\"warning_names\":[\"store\"]"));
	g_assert_nonnull(strstr(status, ": degraded\n"));
	g_assert_nonnull(strstr(status, words));
	g_assert_nonnull(strstr(metrics, "\nioe_store_up 0\n"));
	g_assert_nonnull(strstr(metrics, "\nioe_warnings 1\n"));
	g_assert_nonnull(strstr(metrics, "\nioe_warning{ioe_warning=\"store\"} 1\n"));
	g_assert_nonnull(strstr(metrics, "\nioe_warning{ioe_warning=\"root-gone\"} 0\n"));
	g_assert_nonnull(strstr(metrics, "\nioe_state{ioe_state=\"degraded\"} 1\n"));
	g_free(health_ioectl(d, 0, "wait", NULL, NULL)); /* it serves */
}

/* No empty list, which would say that there is nothing. */
static void health_expect_no_lists(struct daemon *d)
{
	static const char *const lists[] = { "mailboxes", "rooms" };

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_autofree char *err = NULL, *out = health_ioectl(d, HEALTH_EXIT_FAILED, lists[i], NULL, &err);
		g_autofree char *json = health_ioectl(d, HEALTH_EXIT_FAILED, "-j", lists[i], NULL);

		g_assert_cmpstr(out, ==, "");
		g_assert_true(g_str_has_prefix(json, "{\n  \"error\":"));
		g_assert_cmpstr(err, !=, "");
	}
}

static void health_store(unsigned reactors, const void *data)
{
	const struct health_store *kind = data;
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *path = g_build_filename(d->state, "store.db", NULL), *kept = NULL, *mail = NULL;
	struct client *c = client_new_ioe1(d, 0);
	gsize n;

	client_puts(c, "NICK,ann\nSEND,bob,the keys are on the table\n");
	client_expect(c, "OK,ann");
	g_free(client_line(c));
	client_free(c);
	daemon_stop(d);
	g_assert_true(g_file_get_contents(path, &kept, &n, NULL));
	kind->hurt(path);

	daemon_spawn(d);
	daemon_wait_notified(d, "degraded: store");
	daemon_wait_log(d, kind->words);
	daemon_wait_log(d, "the server refuses all that must be stored");
	health_expect_no_store(d, kind->words);
	health_expect_no_lists(d);
	daemon_stop(d);

	(void)rmdir(path);
	harness_write_file(path, kept, n);
	daemon_spawn(d);
	daemon_wait_ready(d);
	g_free(health_ioectl(d, 0, "status", NULL, NULL));
	c = client_new_ioe1(d, 0);
	client_ask(c, "NICK,bob", "OK,bob");
	client_puts(c, "FETCH\n");
	mail = client_line(c);
	g_assert_nonnull(strstr(mail, "the keys are on the table"));
	client_free(c);
	daemon_finish(d);
}

/* A page in the middle: it opens, and what shows is what is read. */
static void health_page(unsigned reactors)
{
	static const char zeros[1024];
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *path = g_build_filename(d->state, "store.db", NULL), *text = harness_noise(900, 1), *status = NULL;
	struct client *c = client_new_ioe1(d, 0);
	struct stat st;

	for (size_t i = 0; i < 900; i++)
		text[i] = (char)('a' + (text[i] & 15));
	client_ask(c, "NICK,ann", "OK,ann");
	for (unsigned i = 0; i < 50; i++) {
		client_printf(c, "SEND,bob,%s\n", text);
		g_free(client_line(c));
	}
	client_free(c);
	daemon_stop(d);
	g_assert_cmpint(stat(path, &st), ==, 0);
	for (off_t at = st.st_size / 2; at < st.st_size; at += 1024)
		health_write_at(path, at / 1024 * 1024, zeros, sizeof(zeros));

	daemon_spawn(d);
	daemon_wait_ready(d);
	c = client_new_ioe1(d, 0);
	client_ask(c, "NICK,bob", "OK,bob");
	client_refused(c, "FETCH", "unavailable");
	status = health_ioectl(d, HEALTH_EXIT_DEGRADED, "status", NULL, NULL);
	g_assert_nonnull(strstr(status, "malformed"));
	client_free(c);
	daemon_finish(d);
}

/* The state directory is emptied under the daemon: nothing more is acknowledged that would be gone with it. */
static void health_store_removed(unsigned reactors)
{
	static const char *const names[] = { "store.db", "store.db-wal" };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
		g_autofree char *path = g_build_filename(d->state, names[i], NULL), *line = NULL;
		struct client *c = client_new_ioe1(d, 0);

		client_puts(c, "NICK,ann\nSEND,bob,one\n");
		client_expect(c, "OK,ann");
		line = client_line(c);
		g_assert_true(g_str_has_prefix(line, "OK,"));
		g_assert_cmpint(unlink(path), ==, 0);
		health_wait_status(d, "\"warning_names\":[\"store\"]", true);
		daemon_wait_log(d, "was moved away or removed while ioed ran");
		client_refused(c, "SEND,bob,two", "unavailable");
		client_free(c);
		daemon_finish(d);
	}
}

/* What is in order says so. */
static void health_fine(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	g_autofree char *status = health_ioectl(d, 0, "status", NULL, NULL);
	g_autofree char *metrics = health_ioectl(d, 0, "metrics", NULL, NULL);
	g_autofree char *rooms = health_ioectl(d, 0, "-j", "rooms", NULL);

	g_assert_nonnull(strstr(status, "Warnings   none\n"));
	g_assert_nonnull(strstr(metrics, "\nioe_store_up 1\n"));
	g_assert_cmpstr(rooms, ==, "[\n]\n");
	daemon_finish(d);
}

/* Listeners that others can reach: all places tell of each, with what its roles let everybody do. */
static char *health_exposed(const struct daemon *d, unsigned listener, const char *address, const char *may)
{
	return g_strdup_printf("everybody who reaches %s:%u may %s: this version asks for no password; use address = ", address,
			       d->ports[listener], may);
}

static void health_open(unsigned reactors)
{
	static const char loopback[] = "listeners = ( { address = \"127.0.0.1\"; port = 0; roles = [ \"file\" ]; } );\n";
	struct daemon *d = daemon_start(reactors, "listeners = (\n"
					"  { address = \"0.0.0.0\"; port = 0; roles = [ \"file\", \"compute\" ]; },\n"
					"  { address = \"127.0.0.1\"; port = 0; roles = [ \"relay\", \"chat\" ]; }\n);\n");
	g_autofree char *files = health_exposed(d, 0, "0.0.0.0", "read, store and replace files and have numbers doubled");
	char *text;

	daemon_wait_log(d, files);
	text = daemon_take_log(d);
	g_assert_null(strstr(text, " mail"));
	g_free(text);
	/* Again with a reload, and no more once it is closed. */
	daemon_signal(d, SIGHUP);
	daemon_wait_ready(d);
	daemon_wait_log(d, files);
	text = health_ioectl(d, 0, "status", NULL, NULL);
	g_assert_nonnull(strstr(text, files));
	g_assert_null(strstr(text, " mail"));
	g_free(text);
	text = health_ioectl(d, 0, "metrics", NULL, NULL);
	g_assert_nonnull(strstr(text, "ioe_warning=\"open-to-network\"} 1\n"));
	g_free(text);
	g_free(daemon_take_log(d));
	daemon_write_config(d, loopback);
	daemon_signal(d, SIGHUP);
	daemon_wait_ready(d);
	text = health_ioectl(d, 0, "status", NULL, NULL);
	g_assert_nonnull(strstr(text, "Warnings   none\n"));
	g_free(text);
	daemon_wait_log(d, "reloaded the configuration");
	text = daemon_take_log(d);
	g_assert_null(strstr(text, "everybody who"));
	g_free(text);
	daemon_finish(d);
}

/* Before anything is bound; as many as there may be. */
static void health_open_check(void)
{
	g_autoptr(GString) config = g_string_new("listeners = (\n");
	g_autofree char *path = NULL;
	struct daemon *d;
	struct tool t;
	char *at;

	for (unsigned i = 0; i < 60; i++)
		g_string_append_printf(config, "  { address = \"%s\"; port = %u; roles = [ \"%s\" ]; },\n",
				       i % 2 ? "192.0.2.1" : "::", 1000 + i, i % 3 == 0 || i == 59 ? "chat" : "relay");
	g_string_append(config, "  { address = \"::1\"; port = 0; roles = [ \"relay\" ]; },\n"
			"  { address = \"127.1.2.3\"; port_base = 5; roles = [ \"relay\" ]; },\n"
			"  { address = \"192.0.2.1\"; port = 0; roles = [ \"relay\" ]; },\n"
			"  { address = \"192.0.2.1\"; port_base = 2000; roles = [ \"relay\" ]; }\n);\n");
	d = daemon_new(0, config->str);
	path = health_path(d, "ioe.conf");
	for (unsigned tool = 0; tool < 2; tool++) {
		if (tool == 0)
			tool_run(&t, "IOED", "", "-t", "-i", "7", "-c", path, NULL);
		else
			tool_run(&t, "IOECTL", "", "-i", "7", "check", path, NULL);
		g_assert_cmpint(t.status, ==, 0);
		at = tool == 0 ? t.err->str : t.out->str;
		g_assert_nonnull(strstr(t.out->str, "is in order"));
		g_assert_nonnull(strstr(at, "everybody who reaches [::]:1000 may read and speak in all rooms: this version asks "
					    "for no password; use address = \"::1\", or a firewall\n"));
		g_assert_nonnull(strstr(at, "everybody who reaches 192.0.2.1:1059 may read and speak"));
		g_assert_nonnull(strstr(at, "192.0.2.1, a port that the kernel chooses may send and read mail in any name: "));
		g_assert_nonnull(strstr(at, "192.0.2.1:2007 may send and read mail in any name: this version asks for no "
					    "password; use address = \"127.0.0.1\", or a firewall\n"));
		for (unsigned n = 0; n < 62; n++) {
			at = strstr(at, "everybody who reaches ");
			g_assert_nonnull(at);
			at++;
		}
		g_assert_null(strstr(at, "everybody who reaches "));
		tool_done(&t);
	}
	(void)daemon_free(d);
}

/* Folders */

static struct daemon *health_start_share(unsigned reactors)
{
	struct daemon *d = daemon_new(reactors, HEALTH_CONFIG);
	g_autofree char *share = health_path(d, "share"), *file = g_build_filename(share, "one", NULL);

	g_assert_cmpint(mkdir(share, 0700), ==, 0);
	harness_write_file(file, "1", 1);
	daemon_spawn(d);
	daemon_wait_ready(d);
	return d;
}

static void health_make(const struct daemon *d, const char *name, const char *file)
{
	g_autofree char *dir = health_path(d, name), *path = g_build_filename(dir, file, NULL);

	g_assert_cmpint(mkdir(dir, 0700), ==, 0);
	harness_write_file(path, "22", 2);
}

static void health_remove(const struct daemon *d, const char *name)
{
	g_autofree char *dir = health_path(d, name), *ioe = g_build_filename(dir, ".ioe", NULL);
	g_autoptr(GDir) all = g_dir_open(dir, 0, NULL);

	(void)rmdir(ioe);
	for (const char *n; (n = g_dir_read_name(all));) {
		g_autofree char *path = g_build_filename(dir, n, NULL);

		(void)unlink(path);
	}
	g_assert_cmpint(rmdir(dir), ==, 0);
}

static void health_rename(const struct daemon *d, const char *from, const char *to)
{
	g_autofree char *a = health_path(d, from), *b = health_path(d, to);

	g_assert_cmpint(rename(a, b), ==, 0);
}

/* What is asked first finds the new one, whichever it is: it was removed, and nothing is found in it any more. */
static void health_replaced(unsigned reactors)
{
	static const char *const firsts[] = { "LIST\n", "READ,two\n", "WRITE,three,1\nx" };
	static const char *const answers[] = { "4", "2", "OK,received,1" };

	for (size_t i = 0; i <= G_N_ELEMENTS(firsts); i++) {
		struct daemon *d = health_start_share(reactors);
		struct client *c = client_new(d, 0);

		client_puts(c, "READ,one\n");
		client_expect_sized(c, "1", 1);
		health_rename(d, "share", "old");
		health_make(d, "share", "two");
		if (i < G_N_ELEMENTS(firsts)) /* else it is only moved away */
			health_remove(d, "old");
		client_puts(c, firsts[i % G_N_ELEMENTS(firsts)]);
		client_expect(c, answers[i % G_N_ELEMENTS(firsts)]);
		if (i % G_N_ELEMENTS(firsts) == 0)
			client_expect(c, "two");
		else if (i == 1)
			g_free(client_bytes(c, 2));
		client_puts(c, "READ,two\n");
		client_expect_sized(c, "22", 2);
		client_refused(c, "READ,one", "not-found");
		daemon_wait_log(d, "the served folder was replaced");
		health_wait_status(d, "\"state\":\"running\"", true);
		client_free(c);
		daemon_finish(d);
	}
}

/* Removed, and nothing in its place: no empty list, no "not there", and nothing is put where nobody sees it. */
static void health_gone(unsigned reactors)
{
	struct daemon *d = health_start_share(reactors);
	struct client *c = client_new(d, 0);
	g_autofree char *status = NULL, *tree = NULL;

	health_rename(d, "share", "old");
	client_puts(c, "WRITE,two,2\n22"); /* the old one is there yet, but who would find it */
	client_expect_error(c, "unavailable");
	client_refused(c, "LIST", "unavailable");
	client_refused(c, "READ,one", "unavailable");
	client_refused(c, "READ,none", "unavailable");
	client_puts(c, "WRITE,two,2\n22");
	client_expect_error(c, "unavailable");
	client_ask(c, "PING", "PONG");
	daemon_wait_log(d, "is gone (No such file or directory)");
	status = health_ioectl(d, HEALTH_EXIT_DEGRADED, "status", NULL, NULL);
	g_assert_nonnull(strstr(status, "mount it, or make it again"));
	tree = harness_tree(d->dir);
	g_assert_null(strstr(tree, "two"));

	health_rename(d, "old", "share");
	client_puts(c, "READ,one\n");
	client_expect_sized(c, "1", 1);
	client_puts(c, "WRITE,two,2\n22");
	client_expect(c, "OK,received,2");
	daemon_wait_log(d, "is back");
	g_free(health_ioectl(d, 0, "status", NULL, NULL));
	client_free(c);
	daemon_finish(d);
}

/* It becomes a file, a link that leads nowhere, a folder again. */
static void health_something_else(unsigned reactors)
{
	struct daemon *d = health_start_share(reactors);
	g_autofree char *share = health_path(d, "share");
	struct client *c = client_new(d, 0);

	health_rename(d, "share", "old");
	harness_write_file(share, "x", 1);
	client_refused(c, "WRITE,two,0", "unavailable");
	health_wait_status(d, "Not a directory", true);
	g_assert_cmpint(unlink(share), ==, 0);
	g_assert_cmpint(symlink("nowhere", share), ==, 0);
	health_wait_status(d, "No such file", true);
	client_refused(c, "LIST", "unavailable");
	g_assert_cmpint(unlink(share), ==, 0);
	/* A link to a folder is one, as at the start. */
	health_make(d, "other", "two");
	g_assert_cmpint(symlink("other", share), ==, 0);
	client_puts(c, "READ,two\n");
	client_expect_sized(c, "22", 2);
	client_ask(c, "WRITE,three,0", "OK,received,0");
	client_free(c);
	daemon_finish(d);
}

/* What is under way: a large file is read to its end, one that is half there is refused, and the session is in step. */
static void health_under_way(unsigned reactors)
{
	const size_t n = 8 << 20, half = 700000;
	struct daemon *d = health_start_share(reactors);
	struct client *reads = client_new(d, 0), *writes = client_new(d, 0);
	g_autofree char *data = harness_noise(n, 3), *large = g_build_filename(d->dir, "share", "large", NULL), *tree = NULL;
	g_autofree char *share = health_path(d, "share");
	gint64 deadline = harness_deadline();
	unsigned descriptors;

	client_ask(reads, "PING", "PONG");
	client_ask(writes, "PING", "PONG");
	descriptors = daemon_descriptors(d);
	harness_write_file(large, data, n);
	client_printf(writes, "WRITE,new,%zu\n", 2 * half);
	client_write(writes, data, half);
	while (daemon_descriptors(d) < descriptors + 2) /* the file, and the folder that it shall be in */
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
	client_puts(reads, "READ,large\n");
	client_expect(reads, "8388608");
	health_rename(d, "share", "old");
	health_make(d, "share", "two");
	health_wait_status(d, "\"warnings\":[]", true);
	daemon_wait_log(d, "the served folder was replaced");

	client_write(writes, data + half, half);
	client_expect_error(writes, "unavailable");
	client_ask(writes, "PING", "PONG");
	{
		g_autofree char *got = client_bytes(reads, n);

		g_assert_cmpint(memcmp(got, data, n), ==, 0);
	}
	client_refused(reads, "READ,large", "not-found");
	client_printf(writes, "WRITE,new,%zu\n", half);
	client_write(writes, data, half);
	client_expect(writes, "OK,received,700000");
	tree = harness_tree(share);
	g_assert_cmpstr(tree, ==, ".ioe/\nnew\ntwo");
	client_free(reads);
	client_free(writes);
	daemon_finish(d);
}

/* Two folders change places hundreds of times, while files are put, replaced and read: each OK is true, and all is
 * answered. */
struct health_swaps {
	char *a, *b, *between;
	gint stop;
};

static gpointer health_swap(gpointer data)
{
	struct health_swaps *s = data;

	while (!g_atomic_int_get(&s->stop)) {
		g_assert_cmpint(rename(s->a, s->between), ==, 0);
		g_assert_cmpint(rename(s->b, s->a), ==, 0);
		g_assert_cmpint(rename(s->between, s->b), ==, 0);
		g_thread_yield();
	}
	return NULL;
}

static void health_storm(unsigned reactors)
{
	struct daemon *d = health_start_share(reactors);
	struct health_swaps s = { health_path(d, "share"), health_path(d, "other"), health_path(d, "between"), 0 };
	struct client *c = client_new(d, 0);
	unsigned descriptors, stored = 0, refused = 0;
	GThread *thread;
	size_t n;

	health_make(d, "other", "two");
	client_refused(c, "READ,none", "not-found");
	descriptors = daemon_descriptors(d);
	thread = g_thread_new("swap", health_swap, &s);
	for (unsigned i = 0; i < 300; i++) {
		g_autofree char *line = NULL;

		client_printf(c, "WRITE,f%u,4\nabcd", i % 2 ? i : 0);
		line = client_line(c);
		stored += strcmp(line, "OK,received,4") == 0;
		refused += g_str_has_prefix(line, "ERROR: unavailable: ");
		if (strcmp(line, "OK,received,4") == 0 && i % 2) {
			g_autofree char *name = g_strdup_printf("f%u", i), *x = g_build_filename(s.a, name, NULL),
					*y = g_build_filename(s.b, name, NULL), *z = g_build_filename(s.between, name, NULL);
			gint64 deadline = harness_deadline();

			/* They move while they are looked for. */
			while (access(x, F_OK) < 0 && access(y, F_OK) < 0 && access(z, F_OK) < 0)
				if (g_get_monotonic_time() > deadline)
					harness_fail("%s was acknowledged and is nowhere", name);
		}
	}
	g_atomic_int_set(&s.stop, 1);
	(void)g_thread_join(thread);
	g_assert_cmpuint(stored + refused, ==, 300);
	client_puts(c, "LIST\n"); /* finds the one that is there in the end */
	g_free(client_sized(c, &n));
	client_ask(c, "WRITE,last,0", "OK,received,0");
	g_assert_cmpuint(daemon_descriptors(d), ==, descriptors);
	client_free(c);
	g_free(s.a);
	g_free(s.b);
	g_free(s.between);
	daemon_finish(d);
}

/* A share that is mounted late, read-only at first, and is taken away under the daemon. */
static void health_mounts(unsigned reactors)
{
	struct daemon *d = health_start_share(reactors);
	g_autofree char *share = health_path(d, "share"), *file = g_build_filename(share, "late", NULL), *metrics = NULL;
	struct client *c = client_new(d, 0);

	g_assert_cmpint(mount("ioe-test", share, "tmpfs", 0, NULL), ==, 0);
	harness_write_file(file, "22", 2);
	g_assert_cmpint(mount(NULL, share, NULL, MS_REMOUNT | MS_RDONLY, NULL), ==, 0);
	health_wait_status(d, "\"root-read-only\"", true);
	metrics = health_ioectl(d, 0, "metrics", NULL, NULL);
	g_assert_nonnull(strstr(metrics, "\nioe_warning{ioe_warning=\"root-read-only\"} 1\n"));
	daemon_wait_log(d, "the served folder was replaced");
	daemon_wait_log(d, "ReadWritePaths=");
	g_free(health_ioectl(d, 0, "status", NULL, NULL)); /* it may be meant so */
	client_puts(c, "READ,late\n");
	client_expect_sized(c, "22", 2);
	client_refused(c, "WRITE,two,0", "denied");

	g_assert_cmpint(mount(NULL, share, NULL, MS_REMOUNT, NULL), ==, 0);
	health_wait_status(d, "\"warnings\":[]", true);
	daemon_wait_log(d, "can be written again");
	client_ask(c, "WRITE,two,0", "OK,received,0");

	g_free(daemon_take_log(d));
	g_assert_cmpint(umount2(share, MNT_DETACH), ==, 0);
	health_wait_status(d, "\"warnings\":[]", true);
	daemon_wait_log(d, "the served folder was replaced");
	client_puts(c, "READ,one\n");
	client_expect_sized(c, "1", 1);
	client_free(c);
	daemon_finish(d);
}

static void health_mount(unsigned reactors)
{
	harness_run_in_mounts(health_mounts, reactors);
}

/* Its hidden folder is taken away: replacing needs it. */
static void health_no_spool(unsigned reactors)
{
	struct daemon *d = health_start_share(reactors);
	g_autofree char *spool = g_build_filename(d->dir, "share", ".ioe", NULL);
	struct client *c = client_new(d, 0);

	g_assert_cmpint(rmdir(spool), ==, 0);
	health_wait_status(d, "\"warnings\":[]", true);
	while (access(spool, F_OK) < 0)
		health_wait_status(d, "\"warnings\":[]", true);
	client_puts(c, "WRITE,one,2\n22");
	client_expect(c, "OK,received,2");
	client_free(c);
	daemon_finish(d);
}

/* Root is refused nothing, so his daemon runs as somebody else. */
#define HEALTH_NOBODY 65534

static void health_drop(_unused_ void *data)
{
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(HEALTH_NOBODY) < 0 || setuid(HEALTH_NOBODY) < 0))
		_exit(127);
}

static int health_give_one(const char *path, _unused_ const struct stat *st, _unused_ int type, _unused_ struct FTW *ftw)
{
	return lchown(path, HEALTH_NOBODY, HEALTH_NOBODY);
}

/* The folder belongs to somebody else, with or without an .ioe that is the daemon's; then it is given to the daemon. */
static void health_denied(unsigned reactors, const void *data)
{
	bool spool = *(const bool *)data, root = geteuid() == 0;
	struct daemon *d = daemon_new(reactors, HEALTH_CONFIG);
	g_autofree char *share = health_path(d, "share"), *ioe = g_build_filename(share, ".ioe", NULL), *status = NULL;
	struct client *c;

	g_assert_cmpint(mkdir(share, 0755), ==, 0);
	if (spool)
		g_assert_cmpint(mkdir(ioe, 0700), ==, 0);
	if (root) {
		g_assert_cmpint(nftw(d->dir, health_give_one, 16, FTW_PHYS), ==, 0);
		g_assert_cmpint(chown(share, 0, 0), ==, 0);
	} else {
		g_assert_cmpint(chmod(share, 0555), ==, 0);
	}
	d->setup = health_drop;
	daemon_spawn(d);
	daemon_wait_ready(d);
	daemon_wait_log(d, "cannot be written: Permission denied");
	status = health_ioectl(d, 0, "status", NULL, NULL);
	g_assert_nonnull(strstr(status, "writable for the user that ioed runs as"));
	c = client_new(d, 0);
	client_refused(c, "WRITE,one,0", "denied");

	if (root)
		g_assert_cmpint(chown(share, HEALTH_NOBODY, HEALTH_NOBODY), ==, 0);
	else
		g_assert_cmpint(chmod(share, 0755), ==, 0);
	health_wait_status(d, "\"warnings\":[]", true);
	daemon_wait_log(d, "can be written again");
	client_ask(c, "WRITE,one,0", "OK,received,0");
	client_puts(c, "WRITE,one,1\nx"); /* which needs the hidden folder */
	client_expect(c, "OK,received,1");
	client_free(c);
	daemon_finish(d);
}

static void health_add(void)
{
	g_test_add_func("/health/open-check", health_open_check);
	harness_add("health/fine", health_fine);
	harness_add("health/open", health_open);
	for (size_t i = 0; i < G_N_ELEMENTS(health_stores); i++) {
		g_autofree char *name = g_strdup_printf("health/store-%s", health_stores[i].name);

		harness_add_data(name, health_store, &health_stores[i], sizeof(health_stores[i]));
	}
	harness_add("health/store-page", health_page);
	harness_add("health/store-removed", health_store_removed);
	harness_add("health/replaced", health_replaced);
	harness_add("health/gone", health_gone);
	harness_add("health/something-else", health_something_else);
	harness_add("health/under-way", health_under_way);
	harness_add("health/storm", health_storm);
	harness_add("health/mount", health_mount);
	harness_add("health/no-spool", health_no_spool);
	harness_add_data("health/denied", health_denied, &(bool){ false }, sizeof(bool));
	harness_add_data("health/denied-spool", health_denied, &(bool){ true }, sizeof(bool));
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, health_add);
}
