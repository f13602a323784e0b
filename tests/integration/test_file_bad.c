/* SPDX-License-Identifier: MIT */
/*
 * Names and sizes that nobody should send, disks that are full, folders that change under the daemon's feet. After
 * each the session is in step and nothing half-done is left.
 */

#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char *bad_path(struct daemon *d, const char *name)
{
	return g_build_filename(d->files, name, NULL);
}

static void bad_put(struct daemon *d, const char *name, const char *text)
{
	g_autofree char *path = bad_path(d, name);

	harness_write_file(path, text, strlen(text));
}

static void bad_link(struct daemon *d, const char *target, const char *name)
{
	g_autofree char *path = bad_path(d, name);

	g_assert_cmpint(symlink(target, path), ==, 0);
}

/* The files below the root; .ioe/ itself may be there. */
static void bad_expect_tree(const char *root, const char *expected)
{
	g_autofree char *tree = harness_tree(root);
	const char *rest = g_str_has_prefix(tree, ".ioe/") ? tree + strlen(".ioe/") : tree;

	g_assert_cmpstr(*rest == '\n' ? rest + 1 : rest, ==, expected);
}

/* Refused for READ, and for WRITE with its bytes thrown away. */
static void bad_name(struct client *c, const char *name, const char *codes)
{
	client_printf(c, "READ,%s\n", name);
	client_expect_error(c, codes);
	client_printf(c, "WRITE,%s,7\nPING\nabPING,in step\n", name);
	client_expect_error(c, codes);
	client_expect(c, "PONG,in step");
}

static void bad_names(struct client *c)
{
	static const char *const denied[] = {
		"..", "../x", "../../etc/passwd", "a/..", "a/../b", "a/../../x", "/", "/etc/passwd", "//", "a//b", "a/",
		".", "./a", "a/.", "a/./b", ".hidden", "a/.hidden", ".ioe", ".ioe/x", "...", "..a", "",
		"tab\there", "esc\x1b[2J", "del\x7f", "cr\rx", "c1\xc2\x9bx", "\x01",
		"\xff\xfe", "\xc3", "a\xe2\x82", "\xc0\xae\xc0\xae/x", "a/\xf0\x9f\x92",
	};
	struct daemon *d = c->daemon;
	struct client *ioe1 = client_new_ioe1(d, 0);

	for (size_t i = 0; i < G_N_ELEMENTS(denied); i++) {
		/* A lone IAC belongs to telnet where the dialect is line. */
		if (!strchr(denied[i], '\xff'))
			bad_name(c, denied[i], "denied");
		if (!strpbrk(denied[i], "\t\x1b\x7f\r\x01"))
			bad_name(ioe1, denied[i], "denied");
	}
	bad_name(ioe1, "a%00b", "denied");
	bad_name(ioe1, "%2e%2E", "denied");
	bad_name(ioe1, "%2E./x", "denied");
	bad_name(ioe1, "a%0Ab", "denied");
	bad_name(ioe1, "%1b[2J", "denied");
	bad_name(ioe1, "%2fetc%2fpasswd", "denied");
	bad_expect_tree(d->files, "");
	client_free(ioe1);
}

static void bad_long_names(struct client *c)
{
	struct daemon *d = c->daemon;
	g_autofree char *n255 = g_strnfill(255, 'n'), *n256 = g_strnfill(256, 'n'), *n300 = g_strnfill(300, 'n');
	g_autofree char *n100 = g_strnfill(100, 'n'), *below = g_strconcat("folder/", n300, NULL);
	g_autoptr(GString) deep = g_string_new(n100);

	bad_name(c, n256, "bad-argument");
	bad_name(c, n300, "bad-argument");
	bad_name(c, below, "bad-argument");
	client_printf(c, "READ,%s\n", n255);
	client_expect_error(c, "not-found");
	client_printf(c, "WRITE,%s,2\nok", n255);
	client_expect(c, "OK,received,2");
	client_printf(c, "READ,%s\n", n255);
	client_expect_sized(c, "ok", 2);

	while (deep->len < 3900)
		g_string_append_printf(deep, "/%s", n100);
	bad_name(c, deep->str, "not-found");
	while (deep->len <= 4000)
		g_string_append_printf(deep, "/%s", n100);
	bad_name(c, deep->str, "bad-argument");
	bad_expect_tree(d->files, n255);
}

/* What is not a regular file: links (to anything, anywhere in the path), folders, FIFOs, sockets, devices. */
static void bad_kinds(struct client *c)
{
	struct daemon *d = c->daemon;
	g_autofree char *folder = bad_path(d, "folder"), *fifo = bad_path(d, "fifo"), *outside = NULL;
	g_autofree char *secret = g_build_filename(d->dir, "secret", NULL), *kept = NULL;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	harness_write_file(secret, "secret", 6);
	g_assert_cmpint(mkdir(folder, 0755), ==, 0);
	g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
	bad_put(d, "file", "text");
	bad_put(d, "folder/in", "text");
	bad_link(d, "file", "to-file");
	bad_link(d, secret, "to-secret");
	bad_link(d, "../../secret", "to-secret-too");
	bad_link(d, "folder", "to-folder");
	bad_link(d, "..", "folder/up");
	bad_link(d, d->dir, "to-outside");
	bad_link(d, "/proc/self/root", "to-root");
	bad_link(d, "nowhere", "to-nowhere");
	bad_link(d, "loop", "loop");
	outside = bad_path(d, "socket");
	g_assert_cmpuint(g_strlcpy(sa.sun_path, outside, sizeof(sa.sun_path)), <, sizeof(sa.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), ==, 0);

	bad_name(c, "to-file", "denied");
	bad_name(c, "to-secret", "denied");
	bad_name(c, "to-secret-too", "denied");
	bad_name(c, "to-nowhere", "denied");
	bad_name(c, "loop", "denied");
	bad_name(c, "to-folder/in", "denied");
	bad_name(c, "to-outside/secret", "denied");
	bad_name(c, "to-root/etc/passwd", "denied");
	bad_name(c, "folder/up/file", "denied");
	bad_name(c, "folder", "denied|bad-argument|not-found|exists");
	bad_name(c, "file/in it", "denied|bad-argument|not-found");
	client_refused(c, "LIST,to-folder", "denied");
	client_refused(c, "LIST,to-outside", "denied");
	client_refused(c, "READ,fifo", "denied|bad-argument|not-found");
	client_refused(c, "READ,socket", "denied|bad-argument|not-found");
	client_ask(c, "PING", "PONG");
	g_assert_true(g_file_get_contents(secret, &kept, NULL, NULL));
	g_assert_cmpstr(kept, ==, "secret");
	(void)close(fd);
}

static void bad_sizes(struct daemon *d)
{
	static const char *const sizes[] = {
		"-1", "+1", "x", "", " ", " 1", "1 ", "1x", "0x10", "1e3", "1.0", "1_0", "\xd9\xa1", "18446744073709551616",
		"18446744073709551615", "9223372036854775808", "1000000000000000000", "0000000000000000001",
		"-18446744073709551616", "99999999999999999999999999999999999999999999999999",
	};

	for (int ioe1 = 0; ioe1 < 2; ioe1++) {
		struct client *c = ioe1 ? client_new_ioe1(d, 0) : client_new(d, 0);

		for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
			/* No bytes are expected: what follows is the next request. */
			client_printf(c, "WRITE,f,%s\nPING,next\n", sizes[i]);
			client_expect_error(c, "bad-argument");
			client_expect(c, "PONG,next");
		}
		client_refused(c, "WRITE,f", "bad-argument|bad-command");
		client_refused(c, "WRITE", "bad-argument|bad-command");
		client_refused(c, "WRITE,f,", "bad-argument|bad-command");
		client_ask(c, "PING", "PONG");
		client_puts(c, "WRITE,f,000000000000000003\nabc"); /* 18 digits */
		client_expect(c, "OK,received,3");
		client_free(c);
	}
	bad_expect_tree(d->files, "f");
}

static void bad_too_large(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "file = { max_size = \"64K\"; };\n");
	struct client *c = client_new(d, 0);
	g_autofree char *data = harness_noise(5 << 20, 1);

	client_puts(c, "WRITE,f,65536\n");
	client_write(c, data, 65536);
	client_expect(c, "OK,received,65536");
	client_puts(c, "WRITE,f,65537\n");
	client_write(c, data, 65537);
	client_puts(c, "PING,1\n");
	client_expect_error(c, "too-large");
	client_expect(c, "PONG,1");
	client_puts(c, "WRITE,g,5242880\n");
	client_write_pieces(c, data, 5 << 20, 200000);
	client_puts(c, "PING,2\n");
	client_expect_error(c, "too-large");
	client_expect(c, "PONG,2");
	client_puts(c, "READ,f\n");
	client_expect_sized(c, data, 65536);

	/* One that is too large and then does not come either. */
	client_puts(c, "WRITE,g,999999999999999999\nabc");
	client_half_close(c);
	client_expect_error(c, "too-large");
	client_expect_eof(c);
	client_free(c);
	bad_expect_tree(d->files, "f");
	daemon_finish(d);
}

/* Fewer bytes than promised. */
static void bad_too_few(struct daemon *d)
{
	g_autofree char *data = harness_noise(1 << 20, 1);
	static const size_t sent[] = { 0, 1, 1000, 300000, (1 << 20) - 1 };

	bad_put(d, "old", "old");
	for (size_t i = 0; i < G_N_ELEMENTS(sent); i++)
		for (int way = 0; way < 3; way++) {
			struct client *c = client_new(d, 0);
			g_autofree char *rest = NULL;

			client_printf(c, "PING\nWRITE,%s,%u\n", i % 2 ? "new" : "old", 1U << 20);
			client_write(c, data, sent[i]);
			client_expect(c, "PONG");
			if (way == 0) {
				client_half_close(c);
				rest = client_until_closed(c);
				g_assert_null(strstr(rest, "OK"));
			}
			if (way == 1)
				client_reset(c);
			else
				client_free(c);
		}
	daemon_wait_sessions(d, 0);
	daemon_wait_status(d, "memory", 0);
	bad_expect_tree(d->files, "old");
}

/* A small file system that only the daemon sees; the test looks in through /proc. */
struct bad_disk {
	char uid_map[64];
	char gid_map[64];
	char *where;
	const char *options;
};

static void bad_say(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(99);
	(void)close(fd);
}

/* Own mounts; where that needs a right that one has not, in an own user namespace, where one has it. */
static void bad_mount(void *data)
{
	const struct bad_disk *disk = data;

	if (unshare(CLONE_NEWNS) < 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
			_exit(99);
		bad_say("/proc/self/setgroups", "deny");
		bad_say("/proc/self/uid_map", disk->uid_map);
		bad_say("/proc/self/gid_map", disk->gid_map);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", disk->where, "tmpfs", MS_NOSUID | MS_NODEV, disk->options) < 0)
		_exit(99);
}

static bool bad_can_mount(struct bad_disk *disk)
{
	int status;
	pid_t pid;

	pid = fork();
	g_assert_cmpint(pid, >=, 0);
	if (pid == 0) {
		bad_mount(disk);
		_exit(0);
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	return status == 0;
}

/* NULL, and the test is skipped, where no file system can be mounted. */
static struct daemon *bad_start_on_disk(unsigned reactors, struct bad_disk *disk, const char *options, char **ret_seen)
{
	struct daemon *d = daemon_new(reactors, DAEMON_LISTENER "file = { root = \"@DIR@/small\"; };\n");

	*disk = (struct bad_disk){ .where = g_build_filename(d->dir, "small", NULL), .options = options };
	(void)g_snprintf(disk->uid_map, sizeof(disk->uid_map), "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
	(void)g_snprintf(disk->gid_map, sizeof(disk->gid_map), "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
	g_assert_cmpint(mkdir(disk->where, 0755), ==, 0);
	if (!bad_can_mount(disk)) {
		g_test_skip("no own mount namespace may be made here, so there is no small disk to fill");
		g_free(disk->where);
		return daemon_free(d);
	}
	d->setup = bad_mount;
	d->setup_data = disk;
	daemon_spawn(d);
	daemon_wait_ready(d);
	*ret_seen = g_strdup_printf("/proc/%d/root%s", d->pid, disk->where);
	return d;
}

static uint64_t bad_free_bytes(const char *path)
{
	struct statvfs st;

	g_assert_cmpint(statvfs(path, &st), ==, 0);
	return (uint64_t)st.f_bavail * st.f_bsize;
}

/* What a failed upload took is given back; that may be a worker's last act, so it is asked for again. */
static void bad_wait_free(const char *path, uint64_t bytes)
{
	gint64 deadline = harness_deadline();

	while (bad_free_bytes(path) < bytes)
		if (g_get_monotonic_time() > deadline)
			harness_fail("The space of a failed upload is not given back.");
}

static void bad_full_disk(unsigned reactors)
{
	const size_t n = 600000, too_much = 3 << 20;
	g_autofree char *data = harness_noise(too_much, 1), *seen = NULL, *filler = NULL;
	struct bad_disk disk;
	struct daemon *d = bad_start_on_disk(reactors, &disk, "size=1m,mode=0755", &seen);
	struct client *c;
	uint64_t before;

	if (!d)
		return;
	c = client_new(d, 0);
	client_printf(c, "WRITE,kept,%zu\n", n);
	client_write(c, data, n);
	client_expect(c, "OK,received,600000");
	before = bad_free_bytes(seen);
	for (unsigned round = 0; round < 5; round++) {
		client_printf(c, "WRITE,%s,%zu\n", round % 2 ? "kept" : "new", too_much);
		client_write(c, data, too_much);
		client_puts(c, "PING,in step\nREAD,kept\nLIST\n");
		client_expect_error(c, "no-space");
		client_expect(c, "PONG,in step");
		client_expect_sized(c, data, n);
		client_expect_sized(c, "kept\n", 5);
		bad_expect_tree(seen, "kept");
		bad_wait_free(seen, before);
	}

	/* Full by another's hand; then there is space again. */
	filler = g_build_filename(seen, "filler", NULL);
	harness_write_file(filler, data, before - 4096);
	client_printf(c, "WRITE,new,%d\n", 100000);
	client_write(c, data, 100000);
	client_puts(c, "PING\n");
	client_expect_error(c, "no-space");
	client_expect(c, "PONG");
	g_assert_cmpint(unlink(filler), ==, 0);
	client_printf(c, "WRITE,new,%d\n", 100000);
	client_write(c, data, 100000);
	client_expect(c, "OK,received,100000");
	client_puts(c, "READ,new\n");
	client_expect_sized(c, data, 100000);
	bad_expect_tree(seen, "kept\nnew");
	client_free(c);
	daemon_finish(d);
	g_free(disk.where);
}

static void bad_no_inodes(unsigned reactors)
{
	g_autofree char *seen = NULL;
	struct bad_disk disk;
	struct daemon *d = bad_start_on_disk(reactors, &disk, "size=1m,nr_inodes=8,mode=0755", &seen);
	struct client *c;
	unsigned n = 0;

	if (!d)
		return;
	c = client_new(d, 0);
	for (;; n++) {
		g_autofree char *line = NULL;

		g_assert_cmpuint(n, <, 8);
		client_printf(c, "WRITE,f%u,3\nabc", n);
		line = client_line(c);
		if (strcmp(line, "OK,received,3") == 0)
			continue;
		g_assert_true(g_str_has_prefix(line, "ERROR: no-space: "));
		break;
	}
	g_assert_cmpuint(n, >, 0);
	client_puts(c, "READ,f0\n");
	client_expect_sized(c, "abc", 3);
	client_ask(c, "PING", "PONG");
	client_free(c);
	daemon_finish(d);
	g_free(disk.where);
}

/* A link and a folder take each other's place all the time: nothing outside is ever read or written. */
static gpointer bad_swap(gpointer data)
{
	struct daemon *d = ((void **)data)[0];
	volatile gint *stop = ((void **)data)[1];
	g_autofree char *a = bad_path(d, "swap"), *b = bad_path(d, "other");

	while (!g_atomic_int_get(stop))
		(void)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2U /* RENAME_EXCHANGE */);
	return NULL;
}

static void bad_races(struct client *c)
{
	struct daemon *d = c->daemon;
	g_autofree char *inside = bad_path(d, "swap"), *outside = g_build_filename(d->dir, "outside", NULL);
	g_autofree char *f = g_build_filename(outside, "f", NULL), *kept = NULL, *tree = NULL;
	gint stop = 0;
	void *data[] = { d, &stop };
	GThread *swapper;

	g_assert_cmpint(mkdir(inside, 0755), ==, 0);
	g_assert_cmpint(mkdir(outside, 0755), ==, 0);
	harness_write_file(f, "secret", 6);
	bad_put(d, "swap/f", "public");
	bad_link(d, outside, "other");
	swapper = g_thread_new("swap", bad_swap, data);
	for (unsigned i = 0; i < 3000; i++) {
		bool ours = i % 8 == 0;
		g_autofree char *line = NULL;

		client_puts(c, ours ? "WRITE,swap/new,6\nthiefs" : "READ,swap/f\n");
		line = client_line(c);
		if (!ours && strcmp(line, "6") == 0) {
			g_autofree char *body = client_bytes(c, 6);

			g_assert_cmpstr(body, ==, "public");
		} else if (strcmp(line, "OK,received,6") != 0) {
			g_assert_true(g_str_has_prefix(line, "ERROR: "));
		}
	}
	g_atomic_int_set(&stop, 1);
	(void)g_thread_join(swapper);
	client_ask(c, "PING", "PONG");
	g_assert_true(g_file_get_contents(f, &kept, NULL, NULL));
	g_assert_cmpstr(kept, ==, "secret");
	tree = harness_tree(outside);
	g_assert_cmpstr(tree, ==, "f");
}

static void bad_add(void)
{
	client_add("file-bad/names", DAEMON_LISTENER, bad_names);
	client_add("file-bad/long-names", DAEMON_LISTENER, bad_long_names);
	client_add("file-bad/kinds", DAEMON_LISTENER, bad_kinds);
	daemon_add("file-bad/sizes", DAEMON_LISTENER, bad_sizes);
	harness_add("file-bad/too-large", bad_too_large);
	daemon_add("file-bad/too-few", DAEMON_LISTENER, bad_too_few);
	harness_add("file-bad/full-disk", bad_full_disk);
	harness_add("file-bad/no-inodes", bad_no_inodes);
	client_add("file-bad/races", DAEMON_LISTENER, bad_races);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, bad_add);
}
