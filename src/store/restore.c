/* SPDX-License-Identifier: MIT */
/*
 * Puts a copy in the place of a store that is not open. A store has several files, which no single step can replace. So
 * the copy is written under a name of its own, checked and synced, and then renamed to RESTORE_READY: from this moment
 * on the copy is the store. Then the old files are moved away and the copy gets their name. If that is interrupted, the
 * next store_new() or restore finishes it. At every moment the folder has a whole store, the old one or the new one.
 */
#include "store/store-private.h"

#include "base/io.h"
#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define RESTORE_NAME  "store.db"
#define RESTORE_PART  "store.db.part"
#define RESTORE_READY "store.db.restored"
#define RESTORE_PIECE (1U << 20)

#define RESTORE_NTH_MAX 1000

/* All files of a database. */
static const char *const restore_files[] = { RESTORE_NAME, RESTORE_NAME "-wal", RESTORE_NAME "-shm", RESTORE_NAME "-journal" };

static int restore_sync_dir(int dirfd)
{
	_cleanup_(closep) int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Gives the file to the owner of the folder, who is the user of the daemon, also where root restores. */
static int restore_give(int dirfd, int fd, mode_t mode)
{
	struct stat dir, own;

	if (fstat(dirfd, &dir) < 0 || fstat(fd, &own) < 0)
		return -errno;
	if ((own.st_uid != dir.st_uid || (geteuid() == 0 && own.st_gid != dir.st_gid)) &&
	    fchown(fd, dir.st_uid, dir.st_gid) < 0)
		return -errno;
	return fchmod(fd, mode) < 0 ? -errno : 0;
}

/* Opens the folder for the old files. Its name has the time of the copy, so that a restore that is interrupted and
 * finished later uses the same folder. */
static int restore_open_replaced(int dirfd, unsigned nth, char ret[static RESTORE_KEPT_MAX])
{
	char name[32];
	struct stat st;
	struct tm tm;
	int fd, r;

	if (fstatat(dirfd, RESTORE_READY, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!gmtime_r(&st.st_mtime, &tm) || strftime(name, sizeof(name), "replaced-%Y%m%dT%H%M%SZ", &tm) == 0)
		return -EOVERFLOW;
	(void)snprintf(ret, RESTORE_KEPT_MAX, nth > 0 ? "%s.%u" : "%s", name, nth);
	if (mkdirat(dirfd, ret, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dirfd, ret, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = restore_give(dirfd, fd, 0700);
	if (r < 0)
		closep(&fd);
	return r < 0 ? r : fd;
}

/* Renames a file, and never replaces one. */
static int restore_rename(int from_fd, const char *from, int to_fd, const char *to)
{
	if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	/* The file system has no RENAME_NOREPLACE. No other process uses these folders, so a check before is enough. */
	if (faccessat(to_fd, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return renameat(from_fd, from, to_fd, to) < 0 ? -errno : 0;
}

static int restore_move_files(int dirfd, int kept)
{
	for (size_t i = 0; i < ELEMENTSOF(restore_files); i++) {
		int r = restore_rename(dirfd, restore_files[i], kept, restore_files[i]);

		if (r < 0 && r != -ENOENT)
			return r;
	}
	return fsync(kept) < 0 ? -errno : 0;
}

/* Moves the old files away. If the folder of this second has such a file already, it takes another folder. */
static int restore_move_old(int dirfd, char ret_kept[static RESTORE_KEPT_MAX])
{
	int r = -EEXIST;

	for (unsigned nth = 0; r == -EEXIST && nth < RESTORE_NTH_MAX; nth++) {
		int kept = restore_open_replaced(dirfd, nth, ret_kept);

		r = kept < 0 ? kept : restore_move_files(dirfd, kept);
		closep(&kept);
	}
	/* The folder is empty, as there were no old files: remove it. */
	if (r >= 0 && unlinkat(dirfd, ret_kept, AT_REMOVEDIR) == 0)
		*ret_kept = '\0';
	return r;
}

int restore_finish(int dirfd, bool *ret_done, char ret_kept[static RESTORE_KEPT_MAX])
{
	int r;

	*ret_kept = '\0';
	*ret_done = false;
	(void)unlinkat(dirfd, RESTORE_PART, 0);
	if (faccessat(dirfd, RESTORE_READY, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	*ret_done = true;
	r = restore_move_old(dirfd, ret_kept);
	/* From here on no -wal or -journal of the old store lies beside the name. */
	if (r >= 0)
		r = restore_rename(dirfd, RESTORE_READY, dirfd, RESTORE_NAME);
	return r < 0 ? r : restore_sync_dir(dirfd);
}

_printf_(3, 4) static int restore_refuse(struct store_restore *q, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(q->why, sizeof(q->why), fmt, ap);
	va_end(ap);
	return error;
}

static bool restore_has_log(const char *file)
{
	char path[PATH_MAX];
	struct stat st;

	return (size_t)snprintf(path, sizeof(path), "%s-wal", file) < sizeof(path) && stat(path, &st) == 0 && st.st_size > 0;
}

static int restore_open_file(struct store_restore *q)
{
	int fd = open(q->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st, here;

	if (fd < 0)
		return restore_refuse(q, -errno, "%s cannot be read: %s", q->file, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		closep(&fd);
		return restore_refuse(q, -EINVAL, "%s is no file: name the copy that ioectl backup has made", q->file);
	}
	if (fstatat(q->dirfd, RESTORE_NAME, &here, 0) == 0 && here.st_dev == st.st_dev && here.st_ino == st.st_ino) {
		closep(&fd);
		return restore_refuse(q, -EINVAL, "%s is the database itself, and not a copy of it", q->file);
	}
	if (restore_has_log(q->file)) {
		closep(&fd);
		return restore_refuse(q, -EINVAL,
				      "%s is not complete without %s-wal: it was copied while ioed ran, or after ioed "
				      "was killed; use ioectl backup to make a copy",
				      q->file, q->file);
	}
	return fd;
}

static int restore_fill(int from, int to)
{
	_cleanup_(freep) char *buf = malloc(RESTORE_PIECE);
	off_t off = 0;
	ssize_t n;
	int r;

	if (!buf)
		return -ENOMEM;
	while ((n = io_pread_full(from, buf, RESTORE_PIECE, off)) > 0) {
		r = io_pwrite_all(to, buf, (size_t)n, off);
		if (r < 0)
			return r;
		off += n;
	}
	return (int)n;
}

/* Marks the file as a copy for the daemon, even if it was copied by hand and has no mark. */
static int restore_check(struct store_restore *q, int fd)
{
	int64_t version = 0;
	struct stat st;
	struct db db = { 0 };
	int r = db_mark_copy(fd, &version);

	if (r == -EPROTONOSUPPORT)
		return restore_refuse(q, r, "%s was written by a newer ioed (its schema is %lld): install that version first", q->file,
				      (long long)version);
	if (r == -EBADMSG)
		return restore_refuse(q, r, "%s is no database of ioed's", q->file);
	if (r >= 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r >= 0)
		r = db_open_copy(&db, fd);
	if (r >= 0)
		r = db_verify(&db, st.st_size);
	if (r == -EBADMSG)
		(void)restore_refuse(q, r, "%s is damaged: %s", q->file, db.text);
	db_close(&db);
	return r;
}

static int restore_make_ready(struct store_restore *q, int from, int to)
{
	int r = restore_fill(from, to);

	if (r >= 0)
		r = restore_check(q, to);
	if (r >= 0)
		r = restore_give(q->dirfd, to, 0600);
	if (r >= 0 && fsync(to) < 0)
		r = -errno;
	if (r >= 0 && renameat(q->dirfd, RESTORE_PART, q->dirfd, RESTORE_READY) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(q->dirfd, RESTORE_PART, 0);
	return r >= 0 ? restore_sync_dir(q->dirfd) : r;
}

static int restore_run(struct store_restore *q)
{
	_cleanup_(closep) int from = -1, to = -1;
	bool done;
	int r;

	/* If an earlier restore was interrupted after the rename to RESTORE_READY, its copy is the present store. */
	r = restore_finish(q->dirfd, &done, q->kept);
	if (r < 0)
		return r;
	from = r = restore_open_file(q);
	if (r < 0)
		return r;
	to = openat(q->dirfd, RESTORE_PART, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = restore_make_ready(q, from, to);
	return r < 0 ? r : restore_finish(q->dirfd, &done, q->kept);
}

int store_restore(struct store_restore *q)
{
	int r;

	*q->why = *q->kept = '\0';
	r = restore_run(q);
	if (r < 0 && !*q->why)
		(void)snprintf(q->why, sizeof(q->why), "%s cannot be put into %s: %s", q->file, q->dir, strerror(-r));
	return MIN(r, 0);
}
