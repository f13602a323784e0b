/* SPDX-License-Identifier: MIT */
/*
 * Backups, made in the maintenance thread. A copy has the messages of all users, so it is made only in a folder where
 * no other user can read, remove or replace it. The file is written, checked and synced by its descriptor, so that no
 * name can lead to another file. The copy gets its final name only after it was found whole.
 */
#include "store/store-private.h"

#include "base/macro.h"
#include "base/place.h"
#include "store/fdvfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BACKUP_STEPS 1000 /* of SQLite's, some 0.1 ms */
#define BACKUP_NAME  "store.db"
#define BACKUP_PART  BACKUP_NAME ".part"

static void backup_arrived(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);

	store_answer(q, q->run(q));
}

/* SQLite calls this every BACKUP_STEPS. */
static int backup_is_stopped(void *userdata)
{
	const struct store_backup *q = userdata;

	return atomic_load_explicit(&q->stop, memory_order_relaxed) ||
	       atomic_load_explicit(&store_of(q->request.store)->ending, memory_order_relaxed);
}

_printf_(3, 4) static int backup_refuse(struct store_backup *q, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(q->why, sizeof(q->why), fmt, ap);
	va_end(ap);
	return error;
}

/* Whatever is in it, clients may read. */
static int backup_check_served(struct store_backup *q, int fd)
{
	int r = q->served_fd < 0 ? 0 : place_is_within(fd, q->served_fd);

	if (r == 0 && q->served_mark)
		r = place_is_below_name(fd, q->served_mark);
	if (r > 0)
		return backup_refuse(q, -EPERM,
				     "%s is in a folder that is served: its clients could read all rooms and mail there; name a "
				     "folder outside of it",
				     q->dir);
	return r;
}

static int backup_check_place(struct store_backup *q, int fd)
{
	char what[320] = "";
	int r;

	r = backup_check_served(q, fd);
	if (r >= 0)
		r = place_is_private(fd, what, sizeof(what));
	if (r == -EPERM && *what)
		return backup_refuse(q, r,
				     "%s, so other users could read or replace the copy; name a folder of root or of "
				     "ioed's user (number %u), to which, and to all folders above, no other user can "
				     "write ('chmod go-w')",
				     what, geteuid());
	return r;
}

/* Opens the folder in which @dir is to be made; *ret_name: the last part of @dir. A descriptor or negative errno. */
static int backup_open_parent(const char *dir, char ret_name[NAME_MAX + 1])
{
	_cleanup_(freep) char *path = strdup(dir);
	size_t n = path ? strlen(path) : 0;
	char *slash;
	int fd;

	if (!path)
		return -ENOMEM;
	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || strlen(slash + 1) > NAME_MAX)
		return slash ? -ENAMETOOLONG : -EINVAL;
	(void)snprintf(ret_name, NAME_MAX + 1, "%s", slash + 1);
	slash[slash == path] = '\0';
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Makes the folder, after a check of its place. A descriptor or negative errno. */
static int backup_make_dir(struct store_backup *q)
{
	_cleanup_(closep) int parent = -1;
	char name[NAME_MAX + 1];
	int fd, r;

	parent = backup_open_parent(q->dir, name);
	if (parent < 0)
		return parent;
	r = backup_check_served(q, parent);
	if (r < 0)
		return r;
	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A descriptor or negative errno. */
static int backup_open_dir(struct store_backup *q)
{
	int fd = open(q->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0)
		fd = errno == ENOENT ? backup_make_dir(q) : -errno;
	if (fd < 0)
		return fd;
	r = backup_check_place(q, fd);
	if (r >= 0 && faccessat(fd, BACKUP_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		r = backup_refuse(q, -EEXIST, "%s/" BACKUP_NAME " exists already; name another folder, or move it away", q->dir);
	if (r < 0)
		closep(&fd);
	return r < 0 ? r : fd;
}

/* A part that a killed daemon has left is removed. */
static int backup_make_part(int dirfd)
{
	int fd;

	(void)unlinkat(dirfd, BACKUP_PART, 0);
	fd = openat(dirfd, BACKUP_PART, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

static int backup_copy(struct db *d, int fd, struct store_backup *q)
{
	char uri[FDVFS_URI_MAX];
	sqlite3_stmt *st;
	int code;

	fdvfs_uri(fd, uri);
	sqlite3_progress_handler(d->sql, BACKUP_STEPS, backup_is_stopped, q);
	code = sqlite3_prepare_v2(d->sql, "VACUUM INTO ?1", -1, &st, NULL);
	if (code == SQLITE_OK) {
		(void)sqlite3_bind_text(st, 1, uri, -1, SQLITE_STATIC);
		code = sqlite3_step(st);
	}
	if (code != SQLITE_DONE) {
		d->code = code;
		(void)snprintf(d->text, sizeof(d->text), "%s", sqlite3_errmsg(d->sql));
	}
	(void)sqlite3_finalize(st);
	sqlite3_progress_handler(d->sql, 0, NULL, NULL);
	if (code == SQLITE_INTERRUPT)
		return -ECANCELED;
	return code == SQLITE_DONE ? 0 : db_errno(d);
}

/* Checks the file itself. @channels: how many the store had before the copy; their number never falls. */
static int backup_check_copy(struct store_backup *q, int fd, int64_t channels)
{
	struct db copy;
	struct stat st;
	int64_t n = 0;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	r = db_open_copy(&copy, fd);
	if (r >= 0) {
		sqlite3_progress_handler(copy.sql, BACKUP_STEPS, backup_is_stopped, q);
		r = db_verify(&copy, st.st_size);
	}
	if (r >= 0)
		r = db_count_channels(&copy, &n);
	if (r < 0 && backup_is_stopped(q))
		r = -ECANCELED;
	else if (r < 0)
		r = backup_refuse(q, r, "the copy in %s was damaged (%s) and is removed; check the disk, and copy again",
				  q->dir, copy.text);
	else if (n < channels)
		r = backup_refuse(q, -EBADMSG, "the copy in %s lacked rooms or mailboxes and is removed; copy again",
				  q->dir);
	db_close(&copy);
	return r;
}

/* Checks that the name still leads to the file that was written. */
static int backup_check_part(struct store_backup *q, int dirfd, int fd)
{
	struct stat made, named;

	if (fstat(fd, &made) < 0)
		return -errno;
	if (fstatat(dirfd, BACKUP_PART, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_dev == made.st_dev &&
	    named.st_ino == made.st_ino && made.st_uid == geteuid() && made.st_nlink == 1 && made.st_size > 0)
		return 0;
	return backup_refuse(q, -EPERM, "another program changed %s meanwhile, so there is no copy; name another folder", q->dir);
}

static int backup_fill(struct store_sqlite *s, int dirfd, int fd, struct store_backup *q)
{
	struct db *d = &s->maintenance.db;
	int64_t channels = 0, version;
	int r;

	r = db_count_channels(d, &channels);
	if (r >= 0)
		r = backup_copy(d, fd, q);
	if (r >= 0)
		r = db_mark_copy(fd, &version);
	if (r >= 0)
		r = backup_check_copy(q, fd, channels);
	if (r >= 0 && fsync(fd) < 0)
		r = -errno;
	if (r >= 0 && backup_is_stopped(q))
		r = -ECANCELED;
	if (r >= 0)
		r = backup_check_part(q, dirfd, fd);
	if (r >= 0 && renameat2(dirfd, BACKUP_PART, dirfd, BACKUP_NAME, RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r >= 0 && fsync(dirfd) < 0)
		r = -errno;
	return r;
}

static int backup_run(struct store_request *request)
{
	struct store_sqlite *s = store_of(request->store);
	struct store_backup *q = container_of(request, struct store_backup, request);
	_cleanup_(closep) int dirfd = -1, fd = -1;
	struct db *d = &s->maintenance.db;
	int r;

	*q->why = '\0';
	*d->text = '\0';
	dirfd = r = backup_open_dir(q);
	if (r >= 0)
		fd = r = backup_make_part(dirfd);
	if (r >= 0)
		r = backup_fill(s, dirfd, fd, q);
	if (r < 0 && fd >= 0)
		(void)unlinkat(dirfd, BACKUP_PART, 0);
	if (r == -ECANCELED)
		return backup_refuse(q, r, "the copy in %s was stopped and is removed", q->dir);
	if (r < 0 && !*q->why)
		return backup_refuse(q, r, "the copy in %s failed: %s", q->dir, *d->text ? d->text : strerror(-r));
	return MIN(r, 0);
}

int backup_submit(struct store *store, struct store_backup *q)
{
	struct store_sqlite *s = store_of(store);

	store_push(s, &s->maintenance, &q->request, backup_arrived, backup_run);
	return 0;
}
