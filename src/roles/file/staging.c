/* SPDX-License-Identifier: MIT */
#include "roles/file/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void staging_sweep(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *e;

	if (!d) {
		if (copy >= 0)
			(void)close(copy);
		return;
	}
	while ((e = readdir(d)))
		if (e->d_type == DT_REG || e->d_type == DT_UNKNOWN)
			(void)unlinkat(fd, e->d_name, 0);
	(void)closedir(d);
}

/* Several daemons can use one folder. Each has a shared lock; old files are removed only if no other daemon has one. */
static void staging_share(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		staging_sweep(fd);
	(void)flock(fd, LOCK_SH);
}

int staging_open(int dir_fd)
{
	int fd;

	if (mkdirat(dir_fd, STAGING_NAME, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dir_fd, STAGING_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	staging_share(fd);
	return fd;
}
