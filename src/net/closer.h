#pragma once
/* SPDX-License-Identifier: MIT */
/* Closes the files of one loop. A worker closes those whose close() can take long. */

#include <stdbool.h>

struct loop;
struct worker_pool;

struct closer {
	struct worker_pool *workers;
	struct loop *loop;
	unsigned n; /* files that are with the workers */
	void (*closed)(struct closer *c); /* in the loop's thread, whenever there is one less */
};

/*
 * Consumes the fd. The last close of a file that has no name any more gives its blocks back: that waits for the disk,
 * and takes a fifth of a second for 1 GiB. A worker closes such a file, and a large one, which can lose its name at
 * any moment. A small file is closed at once. The closer must live until n is 0.
 */
void closer_close(struct closer *c, int fd);
