#pragma once
/* SPDX-License-Identifier: MIT */
/* Standard input, standard output and standard error: descriptors 0 to 2. */

/*
 * Opens those that are closed, so that no file or socket gets their number and then the output of the program. Each is
 * opened on /dev/null for the wrong direction: so reading standard input, or writing to the other two, fails with EBADF
 * instead of seeming to succeed. A program calls this before it opens anything else. 0 or negative errno.
 */
int stdfd_open(void);

/* Flushes standard output. 0, or negative errno: some output since the start of the program could not be written. */
int stdfd_flush(void);
