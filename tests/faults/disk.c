/* SPDX-License-Identifier: MIT */
#include "faults/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

/* XFS_IOC_GOINGDOWN of XFS's headers, which ext4 knows, too; older kernels' headers name it nowhere else. */
#define DISK_SHUTDOWN       _IOR('X', 125, unsigned)
#define DISK_SHUTDOWN_NOLOG 2U /* nor is the journal written any more */

/* The store's log alone may have 64 MiB. XFS makes none that is smaller; what is not written takes no space. */
#define DISK_BYTES_EXT4 (192 << 20)
#define DISK_BYTES_XFS  (320 << 20)

bool disk_may_mount(const char **ret_why)
{
	if (geteuid() != 0)
		*ret_why = "only root may mount a file system in a file";
	else if (access("/dev/loop-control", R_OK | W_OK) < 0)
		*ret_why = "there is no /dev/loop-control";
	else if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		*ret_why = "no own mount namespace may be made here";
	else
		return true;
	return false;
}

int disk_main(int argc, char **argv, void (*add)(void), void (*report)(void))
{
	const char *why;
	int r;

	if (!disk_may_mount(&why)) {
		printf("Skipped: %s\n", why);
		return 77;
	}
	r = harness_main(argc, argv, add);
	report();
	return r;
}

/* What it complains about, or NULL where it succeeds. */
static char *disk_run(const char *const *argv)
{
	g_autofree char *said = NULL;
	int status;

	if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &said,
			  &status, NULL))
		return g_strdup("it cannot be run");
	return status == 0 ? NULL : g_steal_pointer(&said);
}

static char *disk_mkfs(const char *type)
{
	g_autofree char *name = g_strdup_printf("mkfs.%s", type);
	char *path = g_find_program_in_path(name);

	return path ? path : g_find_program_in_path(strcmp(type, "xfs") == 0 ? "/sbin/mkfs.xfs" : "/sbin/mkfs.ext4");
}

bool disk_may_make(const char *type)
{
	g_autofree char *mkfs = disk_mkfs(type);

	if (!mkfs)
		g_test_skip(strcmp(type, "xfs") == 0 ? "there is no mkfs.xfs (package xfsprogs)" :
						       "there is no mkfs.ext4 (package e2fsprogs)");
	return mkfs;
}

void disk_init(struct disk *d, const char *dir, const char *type, const char *where)
{
	bool xfs = strcmp(type, "xfs") == 0;
	g_autofree char *mkfs = disk_mkfs(type);
	const char *ext4_argv[] = { mkfs, "-q", "-F", "-m", "0", NULL, NULL };
	const char *xfs_argv[] = { mkfs, "-q", "-f", NULL, NULL };
	g_autofree char *error = NULL;
	int fd;

	*d = (struct disk){ .type = g_strdup(type), .where = g_strdup(where) };
	d->image = g_build_filename(dir, "disk", NULL);
	ext4_argv[5] = xfs_argv[3] = d->image;
	fd = open(d->image, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(ftruncate(fd, xfs ? DISK_BYTES_XFS : DISK_BYTES_EXT4), ==, 0);
	(void)close(fd);
	error = disk_run(xfs ? xfs_argv : ext4_argv);
	if (error)
		harness_fail("%s makes no file system: %s", mkfs, error);
}

void disk_mount(struct disk *d)
{
	const char *argv[] = { "mount", "-o", "loop", "-t", d->type, d->device ? d->device : d->image, d->where, NULL };
	gint64 deadline = harness_deadline();

	/* Loop devices are everybody's: one that was free may be taken when its turn comes. */
	for (;;) {
		g_autofree char *error = disk_run(argv);

		if (!error)
			break;
		if (g_get_monotonic_time() > deadline)
			harness_fail("The %s file system cannot be mounted: %s", d->type, error);
		g_usleep(100000);
	}
	d->mounted = true;
}

void disk_unmount(struct disk *d)
{
	gint64 deadline = harness_deadline();

	if (!d->mounted)
		return;
	/* Of a process that is gone, the kernel may still hold a file for a moment. */
	while (umount2(d->where, 0) < 0)
		if (errno != EBUSY || g_get_monotonic_time() > deadline)
			harness_fail("%s cannot be unmounted: %s", d->where, g_strerror(errno));
	d->mounted = false;
}

void disk_remount(struct disk *d, bool read_only)
{
	gint64 deadline = harness_deadline();

	while (mount(NULL, d->where, NULL, MS_REMOUNT | (read_only ? MS_RDONLY : 0), NULL) < 0)
		if (errno != EBUSY || g_get_monotonic_time() > deadline)
			harness_fail("%s cannot be remounted: %s", d->where, g_strerror(errno));
}

void disk_cut(struct disk *d)
{
	unsigned how = DISK_SHUTDOWN_NOLOG;
	int fd;

	fd = open(d->where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(ioctl(fd, DISK_SHUTDOWN, &how), ==, 0);
	(void)close(fd);
}

void disk_done(struct disk *d)
{
	disk_unmount(d);
	(void)unlink(d->image);
	g_free(d->type);
	g_free(d->image);
	g_free(d->where);
}
