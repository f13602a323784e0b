/* SPDX-License-Identifier: MIT */
#include "base/stdfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int stdfd_open(void)
{
	/* open() returns the lowest free number: in this order, the number that is checked. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (errno != EBADF)
			return -errno;
		/* Without O_CLOEXEC: a program that this one starts needs the descriptor, too. */
		if (open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_NOCTTY) < 0)
			return -errno;
	}
	return 0;
}

int stdfd_flush(void)
{
	/* stdio remembers that an earlier write failed, but not the errno. */
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return errno > 0 ? -errno : -EIO;
}
