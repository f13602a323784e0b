#pragma once
/* SPDX-License-Identifier: MIT */
/* The closing of files that may take its time, for reactors. */

struct reactor;

/*
 * Consumes the fd. Who closes a file that has no name any more gives its blocks back: that waits for the disk, and for
 * 1 GiB takes a fifth of a second. So such a file, and a large one, which may lose its name at any moment, is a
 * worker's. What is left is a small one that loses its name right now.
 */
void closer_start(struct reactor *r, int fd);
