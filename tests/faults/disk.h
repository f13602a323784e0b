#pragma once
/* SPDX-License-Identifier: MIT */
/* A file system of one's own in a file: mounted where nobody else sees it, filled, cut off, gone with the test. */

#include "integration/harness.h"

struct disk {
	char *type;  /* "ext4", "xfs" */
	char *image;
	char *where; /* the mount point */
	const char *device; /* the caller's: what the image is mounted through (device.h); NULL: as it is */
	bool mounted;
};

/* Own mounts for this process and its children. False, and why not, where that cannot be. Before any thread. */
bool disk_may_mount(const char **ret_why);
/* As harness_main(), with mounts of its own; skips all tests where those cannot be. @report prints the counts after the
 * tests. */
int disk_main(int argc, char **argv, void (*add)(void), void (*report)(void));
/* Whether mkfs for @type is there; else the test is skipped. */
bool disk_may_make(const char *type);

/* Makes the file system; does not mount it. */
void disk_init(struct disk *d, const char *dir, const char *type, const char *where);
void disk_mount(struct disk *d);
void disk_unmount(struct disk *d);
void disk_remount(struct disk *d, bool read_only);
/* The power fails: what is not on disk now is lost, and nothing more gets there. */
void disk_cut(struct disk *d);
void disk_done(struct disk *d);
