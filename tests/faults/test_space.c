/* SPDX-License-Identifier: MIT */
/*
 * Real disks that cannot take what is written: full ones, ones that become full in the middle of an upload, ones that
 * are read-only, files that may not become so large. Writing is refused with the right word, nothing half-done stays,
 * reading goes on, and writing does again as soon as there is a way, without a restart.
 */

#include "faults/disk.h"
#include "faults/fail_plan.h"
#include "integration/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SPACE_BYTES (1 << 20)

/* A refusal is no reason to wait. */
#define SPACE_REFUSAL_USEC (G_USEC_PER_SEC / 2)

static unsigned long space_rounds;

struct space {
	struct daemon *d;
	struct disk disk;
	struct client *client;
	char *kept, *other;
};

static void space_prepare(struct space *s, const char *type)
{
	g_autofree char *extra = NULL;

	s->d = daemon_new(1, DAEMON_LISTENER);
	s->kept = harness_noise(SPACE_BYTES, 1);
	s->other = harness_noise(SPACE_BYTES, 2);
	disk_init(&s->disk, s->d->dir, type, s->d->files);
	disk_mount(&s->disk);
	extra = g_build_filename(s->d->files, "lost+found", NULL);
	(void)rmdir(extra);
}

static void space_start(struct space *s)
{
	daemon_spawn(s->d);
	daemon_wait_ready(s->d);
	s->client = client_new_ioe1(s->d, 0);
}

static void space_done(struct space *s)
{
	client_free(s->client);
	daemon_stop(s->d);
	disk_done(&s->disk);
	g_free(s->kept);
	g_free(s->other);
	(void)daemon_free(s->d);
}

static void space_send(struct space *s, const char *name, const char *data)
{
	client_printf(s->client, "WRITE,%s,%d\n", name, SPACE_BYTES);
	client_write(s->client, data, SPACE_BYTES);
}

static void space_write(struct space *s, const char *name, const char *data)
{
	g_autofree char *ok = g_strdup_printf("OK,received,%d", SPACE_BYTES);

	space_send(s, name, data);
	client_expect(s->client, ok);
}

static void space_expect(struct space *s, const char *name, const char *data)
{
	client_printf(s->client, "READ,%s\n", name);
	client_expect_sized(s->client, data, SPACE_BYTES);
}

/* What there is can be read, the listing is what it was, and the session is in step. */
static void space_check_reading(struct space *s, const char *listing)
{
	space_expect(s, "kept", s->kept);
	client_puts(s->client, "LIST\n");
	client_expect_sized(s->client, listing, strlen(listing));
	client_ask(s->client, "PING,step", "PONG,step");
}

static void space_refused(struct space *s, const char *name, const char *code)
{
	gint64 before;

	space_send(s, name, s->other);
	before = g_get_monotonic_time();
	client_expect_error(s->client, code);
	if (g_get_monotonic_time() - before > SPACE_REFUSAL_USEC)
		harness_fail("The refusal took longer than 0.5 s.");
}

static void space_check_spool(struct space *s)
{
	g_autofree char *spool = g_build_filename(s->d->files, ".ioe", NULL), *left = harness_tree(spool);

	g_assert_cmpstr(left, ==, "");
}

/* Takes all there is, in ever smaller pieces. */
static char *space_fill(struct space *s)
{
	char *path = g_build_filename(s->d->files, "filler", NULL);
	off_t size = 0;
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	g_assert_cmpint(fd, >=, 0);
	for (off_t piece = 256 << 20; piece >= 4096;)
		if (fallocate(fd, 0, size, piece) == 0)
			size += piece;
		else
			piece /= 2;
	(void)close(fd);
	return path;
}

static void space_full(gconstpointer type)
{
	unsigned rounds = harness_is_long() ? 200 : 8;
	struct space s;

	if (!disk_may_make(type))
		return;
	space_prepare(&s, type);
	space_start(&s);
	space_write(&s, "kept", s.kept);
	for (unsigned i = 0; i < rounds; i++) {
		g_autofree char *filler = space_fill(&s);

		space_refused(&s, "new", "no-space");
		space_refused(&s, "kept", "no-space");
		space_check_reading(&s, "filler\nkept\n");
		space_check_spool(&s);
		g_assert_cmpint(unlink(filler), ==, 0);
		space_write(&s, "kept", i % 2 ? s.kept : s.other);
		space_expect(&s, "kept", i % 2 ? s.kept : s.other);
		space_write(&s, "kept", s.kept);
		space_rounds++;
	}
	space_done(&s);
}

/* The first half has been taken when the other finds no place. */
static void space_full_meanwhile(gconstpointer type)
{
	const size_t n = 8 << 20, half = n / 2;
	g_autofree char *data = harness_noise(n, 3), *filler = NULL;
	gint64 deadline = harness_deadline();
	struct space s;
	uint64_t before;

	if (!disk_may_make(type))
		return;
	space_prepare(&s, type);
	space_start(&s);
	space_write(&s, "kept", s.kept);
	before = daemon_status(s.d, "bytes_in");
	client_printf(s.client, "WRITE,kept,%zu\n", n);
	client_write(s.client, data, half);
	while (daemon_status(s.d, "bytes_in") < before + half)
		if (g_get_monotonic_time() > deadline)
			harness_fail("The daemon does not take half of the file.");
	filler = space_fill(&s);
	client_write(s.client, data + half, n - half);
	client_expect_error(s.client, "no-space");
	space_check_reading(&s, "filler\nkept\n");
	space_check_spool(&s);
	g_assert_cmpint(unlink(filler), ==, 0);
	space_write(&s, "new", s.other);
	space_check_reading(&s, "kept\nnew\n");
	space_rounds++;
	space_done(&s);
}

static void space_read_only(gconstpointer type)
{
	unsigned rounds = harness_is_long() ? 200 : 8;
	struct space s;

	if (!disk_may_make(type))
		return;
	space_prepare(&s, type);
	space_start(&s);
	space_write(&s, "kept", s.kept);
	for (unsigned i = 0; i < rounds; i++) {
		disk_remount(&s.disk, true);
		space_refused(&s, "new", "denied");
		space_refused(&s, "kept", "denied");
		space_check_reading(&s, "kept\n");
		disk_remount(&s.disk, false);
		space_write(&s, "kept", s.other);
		space_write(&s, "kept", s.kept);
		space_check_reading(&s, "kept\n");
		space_check_spool(&s);
		space_rounds++;
	}
	space_done(&s);
}

/* It has never been able to write there: it starts, says so, and serves what there is. */
static void space_read_only_start(gconstpointer type)
{
	g_autofree char *path = NULL;
	struct space s;

	if (!disk_may_make(type))
		return;
	space_prepare(&s, type);
	path = g_build_filename(s.d->files, "kept", NULL);
	harness_write_file(path, s.kept, SPACE_BYTES);
	disk_remount(&s.disk, true);
	space_start(&s);
	daemon_wait_log(s.d, "files can be read only");
	space_refused(&s, "new", "denied");
	space_refused(&s, "kept", "denied");
	space_check_reading(&s, "kept\n");
	client_free(s.client);
	daemon_stop(s.d);

	disk_remount(&s.disk, false);
	space_start(&s);
	space_write(&s, "new", s.other);
	space_check_reading(&s, "kept\nnew\n");
	space_rounds++;
	space_done(&s);
}

static void space_limit_files(void *data)
{
	const struct rlimit limit = { .rlim_cur = SPACE_BYTES / 2, .rlim_max = SPACE_BYTES / 2 };

	(void)data;
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		_exit(99);
}

/* A write over the limit also raises SIGXFSZ, which would end a program that did not think of it. */
static void space_file_limit(void)
{
	struct space s = { .d = daemon_new(1, DAEMON_LISTENER), .other = harness_noise(SPACE_BYTES, 2) };

	s.d->setup = space_limit_files;
	space_start(&s);
	space_refused(&s, "new", "too-large");
	client_puts(s.client, "WRITE,small,3\nabcREAD,small\n");
	client_expect(s.client, "OK,received,3");
	client_expect_sized(s.client, "abc", 3);
	client_puts(s.client, "LIST\n");
	client_expect_sized(s.client, "small\n", 6);
	space_check_spool(&s);
	client_free(s.client);
	daemon_finish(s.d);
	g_free(s.other);
	space_rounds++;
}

static void space_add(void)
{
	static const char *const types[] = { "ext4", "xfs" };

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autofree char *full = g_strdup_printf("/space/%s/full", types[i]);
		g_autofree char *meanwhile = g_strdup_printf("/space/%s/full-meanwhile", types[i]);
		g_autofree char *read_only = g_strdup_printf("/space/%s/read-only", types[i]);
		g_autofree char *start = g_strdup_printf("/space/%s/read-only-start", types[i]);

		g_test_add_data_func(full, types[i], space_full);
		g_test_add_data_func(meanwhile, types[i], space_full_meanwhile);
		g_test_add_data_func(read_only, types[i], space_read_only);
		g_test_add_data_func(start, types[i], space_read_only_start);
	}
	g_test_add_func("/space/file-limit", space_file_limit);
}

static void space_report(void)
{
	printf("# counts: %lu rounds of a disk that takes nothing and then does again\n", space_rounds);
}

int main(int argc, char **argv)
{
	return disk_main(argc, argv, space_add, space_report);
}
