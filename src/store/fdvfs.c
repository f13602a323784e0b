/* SPDX-License-Identifier: MIT */
#include "store/fdvfs.h"

#include "base/io.h"
#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FDVFS_PATH_MAX 32

/* SQLite opens a rollback journal before it writes. On failure the caller throws the whole file away, so no rollback is
 * needed: the journal discards what is written to it. */
struct fdvfs_file {
	sqlite3_file base;
	int fd; /* -1: the journal */
};

static int fdvfs_fd(const sqlite3_file *f)
{
	return ((const struct fdvfs_file *)f)->fd;
}

static int fdvfs_close(sqlite3_file *f)
{
	closep(&((struct fdvfs_file *)f)->fd);
	return SQLITE_OK;
}

static int fdvfs_read(sqlite3_file *f, void *p, int n, sqlite3_int64 off)
{
	ssize_t got = fdvfs_fd(f) < 0 ? 0 : io_pread_full(fdvfs_fd(f), p, (size_t)n, off);

	if (got < 0)
		return SQLITE_IOERR_READ;
	if (got == n)
		return SQLITE_OK;
	memset((char *)p + got, 0, (size_t)(n - got));
	return SQLITE_IOERR_SHORT_READ;
}

static int fdvfs_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 off)
{
	int r = fdvfs_fd(f) < 0 ? 0 : io_pwrite_all(fdvfs_fd(f), p, (size_t)n, off);

	if (r >= 0)
		return SQLITE_OK;
	return r == -ENOSPC || r == -EDQUOT || r == -EFBIG ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int fdvfs_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return fdvfs_fd(f) >= 0 && ftruncate(fdvfs_fd(f), size) < 0 ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

/* The owner of the descriptor syncs the file once, when it is whole. */
static int fdvfs_sync(_unused_ sqlite3_file *f, _unused_ int flags)
{
	return SQLITE_OK;
}

static int fdvfs_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	struct stat st = { 0 };

	if (fdvfs_fd(f) >= 0 && fstat(fdvfs_fd(f), &st) < 0)
		return SQLITE_IOERR_FSTAT;
	*ret = st.st_size;
	return SQLITE_OK;
}

static int fdvfs_lock(_unused_ sqlite3_file *f, _unused_ int level)
{
	return SQLITE_OK;
}

static int fdvfs_is_reserved(_unused_ sqlite3_file *f, int *ret)
{
	*ret = 0;
	return SQLITE_OK;
}

static int fdvfs_control(_unused_ sqlite3_file *f, _unused_ int op, _unused_ void *arg)
{
	return SQLITE_NOTFOUND;
}

static int fdvfs_sector(_unused_ sqlite3_file *f)
{
	return 0; /* SQLite then uses its default */
}

static int fdvfs_is_like(_unused_ sqlite3_file *f)
{
	return 0;
}

static const sqlite3_io_methods fdvfs_methods = {
	.iVersion = 1,
	.xClose = fdvfs_close,
	.xRead = fdvfs_read,
	.xWrite = fdvfs_write,
	.xTruncate = fdvfs_truncate,
	.xSync = fdvfs_sync,
	.xFileSize = fdvfs_size,
	.xLock = fdvfs_lock,
	.xUnlock = fdvfs_lock,
	.xCheckReservedLock = fdvfs_is_reserved,
	.xFileControl = fdvfs_control,
	.xSectorSize = fdvfs_sector,
	.xDeviceCharacteristics = fdvfs_is_like,
};

/* The descriptor in a name such as "/7"; -1: the name is none. */
static int fdvfs_of_name(const char *name)
{
	uint64_t fd;

	if (!name || name[0] != '/' || str_to_u64(name + 1, strlen(name + 1), 0, INT_MAX, &fd) < 0)
		return -1;
	return fcntl((int)fd, F_DUPFD_CLOEXEC, 3);
}

static int fdvfs_open(_unused_ sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
	struct fdvfs_file *file = (struct fdvfs_file *)f;

	*file = (struct fdvfs_file){ .fd = -1 };
	if (flags & SQLITE_OPEN_MAIN_DB)
		file->fd = fdvfs_of_name(name);
	if (!(flags & SQLITE_OPEN_MAIN_JOURNAL) && file->fd < 0)
		return SQLITE_CANTOPEN;
	file->base.pMethods = &fdvfs_methods;
	if (ret_flags)
		*ret_flags = flags;
	return SQLITE_OK;
}

/* The journal. */
static int fdvfs_delete(_unused_ sqlite3_vfs *vfs, _unused_ const char *name, _unused_ int sync)
{
	return SQLITE_OK;
}

static int fdvfs_access(_unused_ sqlite3_vfs *vfs, _unused_ const char *name, _unused_ int flags, int *ret)
{
	*ret = 0; /* no file beside the database exists: neither an old journal nor a log */
	return SQLITE_OK;
}

static int fdvfs_full_name(_unused_ sqlite3_vfs *vfs, const char *name, int size, char *ret)
{
	(void)sqlite3_snprintf(size, ret, "%s", name);
	return SQLITE_OK;
}

static int fdvfs_random(sqlite3_vfs *vfs, int n, char *ret)
{
	sqlite3_vfs *real = vfs->pAppData;

	return real->xRandomness(real, n, ret);
}

static int fdvfs_sleep(sqlite3_vfs *vfs, int usec)
{
	sqlite3_vfs *real = vfs->pAppData;

	return real->xSleep(real, usec);
}

static int fdvfs_time(sqlite3_vfs *vfs, double *ret)
{
	sqlite3_vfs *real = vfs->pAppData;

	return real->xCurrentTime(real, ret);
}

static int fdvfs_error(_unused_ sqlite3_vfs *vfs, _unused_ int size, _unused_ char *ret)
{
	return errno;
}

void fdvfs_register(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 1,
		.szOsFile = sizeof(struct fdvfs_file),
		.mxPathname = FDVFS_PATH_MAX,
		.zName = FDVFS_NAME,
		.xOpen = fdvfs_open,
		.xDelete = fdvfs_delete,
		.xAccess = fdvfs_access,
		.xFullPathname = fdvfs_full_name,
		.xRandomness = fdvfs_random,
		.xSleep = fdvfs_sleep,
		.xCurrentTime = fdvfs_time,
		.xGetLastError = fdvfs_error,
	};

	vfs.pAppData = sqlite3_vfs_find(NULL);
	if (vfs.pAppData)
		(void)sqlite3_vfs_register(&vfs, 0);
}

void fdvfs_uri(int fd, char ret[FDVFS_URI_MAX])
{
	(void)snprintf(ret, FDVFS_URI_MAX, "file:/%d?vfs=" FDVFS_NAME, fd);
}
