#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A disk that is slow, or stands still for as long as it is told to: nbdkit serves an image, nbdfuse makes a file of
 * that again, and a file system in it (disk.h) is mounted as any other.
 */

#include "integration/harness.h"

#include <sys/types.h>

struct device {
	char *dir;     /* all of the following are in it; removed by device_stop() */
	char *path;    /* what is mounted instead of the image */
	char *where, *socket, *control;
	GPid server, fuse;
	int server_fd; /* closed, it ends */
	int control_fd;
};

/* Whether the programs are there; else the test is skipped. */
bool device_may_start(void);
/* In a folder in @dir, which is new. Each write to it takes @delay_msec. */
void device_start(struct device *d, const char *dir, const char *image, unsigned delay_msec);
/* From here on nothing that is asked of it comes back, until it is let go. */
void device_hold(struct device *d);
void device_let_go(struct device *d);
/* Nothing of it is mounted any more. */
void device_stop(struct device *d);
