#pragma once
/* SPDX-License-Identifier: MIT */
/* The standard descriptors, 0 to 2. */

/*
 * Opens those that are closed, so that no file or socket takes their number and gets what a program prints. Each is
 * opened on /dev/null in the direction it is not used in: reading standard input, or writing to the others, fails with
 * EBADF, and is no silent success. To be called before anything else is opened. 0 or negative errno.
 */
int stdfd_open(void);

/* Flushes standard output. 0, or negative errno: something that was printed since the start could not be written. */
int stdfd_flush(void);
