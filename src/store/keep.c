/* SPDX-License-Identifier: MIT */
/*
 * The keeper: what takes long, and nobody waits for. It moves the write-ahead log into the database while the writer
 * goes on. The log begins anew only once all of it has been moved, so where the writer never pauses it moves the last
 * bit itself, when the log has become very long.
 */
#include "store/store-private.h"

#include "base/io.h"
#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define KEEP_PAGES     8192      /* 8 MiB */
#define KEEP_PAGES_MAX (2 * KEEP_PAGES)
#define KEEP_STEPS     1000      /* of SQLite's, some 0.1 ms */
#define KEEP_AHEAD     (1 << 20) /* bytes */
#define KEEP_FREE      (64 * KEEP_AHEAD)

static int keep_committed(void *userdata, _unused_ sqlite3 *sql, _unused_ const char *name, int pages)
{
	struct store *s = userdata;

	s->log_pages = (uint64_t)pages;
	atomic_store_explicit(&s->wal_pages, (uint64_t)pages, memory_order_relaxed);
	return SQLITE_OK;
}

/* Never waits for anybody. In the thread of the connection. */
static void keep_checkpoint(struct store *s, struct store_thread *t)
{
	struct db *d = &t->db;
	int log = 0, moved = 0, code;

	code = sqlite3_wal_checkpoint_v2(d->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &moved);
	s->moved_pages = code == SQLITE_OK && log == moved ? (uint64_t)log : 0;
	if (code == SQLITE_OK)
		return;
	d->code = code;
	(void)snprintf(d->text, sizeof(d->text), "%s", sqlite3_errmsg(d->sql));
	if (!db_is_passing(d))
		store_fail(s, "moving the log into the database", d);
	else
		store_trouble(t, "moving the log into the database", db_errno(d));
}

/* The writer: the log begins anew where all of it has been moved, and the database's file has been cut to what it has. */
static void keep_moved(struct store *s)
{
	if (s->moved_pages == s->log_pages)
		s->log_pages = 0;
	room_again(s);
}

/* The writer again. */
static void keep_checkpoint_back(struct msg *m)
{
	struct store *s = container_of(m, struct store, checkpoint);

	s->checkpointing = false;
	if (atomic_load_explicit(&s->wal_pages, memory_order_relaxed) >= KEEP_PAGES_MAX &&
	    !atomic_load_explicit(&s->closed, memory_order_relaxed))
		keep_checkpoint(s, &s->writer);
	keep_moved(s);
}

bool keep_shorten(struct store *s)
{
	/* Not in the transaction that has failed. */
	if (s->checkpointing || s->log_pages == 0)
		return false;
	if (!sqlite3_get_autocommit(s->writer.db.sql))
		(void)db_run(&s->writer.db, DB_ROLLBACK, 0);
	keep_checkpoint(s, &s->writer);
	keep_moved(s);
	return s->log_pages == 0 && !atomic_load_explicit(&s->closed, memory_order_relaxed);
}

static void keep_checkpoint_came(struct msg *m)
{
	struct store *s = container_of(m, struct store, checkpoint);

	keep_checkpoint(s, &s->keeper);
	m->act = keep_checkpoint_back;
	inbox_push(&s->writer.loop.inbox, m);
}

/*
 * A sync of a file that has grown writes its inode too, which takes as long again. So once the log has outgrown what it
 * had, it gets zeros behind it, which to SQLite are the end of it: a frame is known by the salt of this log. Of a disk
 * that is nearly full nothing is taken before it is needed, but what removals need (room.c).
 */
static bool keep_has_room(const struct store *s)
{
	struct statvfs fs;

	return statvfs(s->dir, &fs) == 0 && fs.f_bavail >= KEEP_FREE / MAX(fs.f_frsize, 1UL);
}

void keep_grow(struct store *s)
{
	static const char zeros[65536]; /* SQLite writes no more than twice that at once */
	sqlite3_file *f = NULL;
	sqlite3_int64 size, wanted = (sqlite3_int64)room_log_wanted(s);

	if (sqlite3_file_control(s->writer.db.sql, "main", SQLITE_FCNTL_JOURNAL_POINTER, &f) != SQLITE_OK || !f ||
	    !f->pMethods || f->pMethods->xFileSize(f, &size) != SQLITE_OK)
		return;
	if ((size < wanted || size > s->wal_bytes) && size < DB_JOURNAL_KEEP && keep_has_room(s))
		wanted = MAX(wanted, size + KEEP_AHEAD);
	for (; size < wanted; size += (sqlite3_int64)sizeof(zeros))
		if (f->pMethods->xWrite(f, zeros, sizeof(zeros), size) != SQLITE_OK)
			break;
	s->wal_bytes = size;
}

void keep_look(struct store *s)
{
	uint64_t pages = atomic_load_explicit(&s->wal_pages, memory_order_relaxed);

	if (pages < s->checkpointed_at)
		s->checkpointed_at = 0; /* it has begun anew */
	if (s->checkpointing || pages < s->checkpointed_at + KEEP_PAGES)
		return;
	s->checkpointing = true;
	s->checkpointed_at = pages;
	s->checkpoint.act = keep_checkpoint_came;
	inbox_push(&s->keeper.loop.inbox, &s->checkpoint);
}

void keep_start(struct store *s)
{
	(void)sqlite3_wal_hook(s->writer.db.sql, keep_committed, s);
}

static void keep_came(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);

	store_answer(q, q->run(q->store, q));
}

/* Asked by SQLite every so often while it copies. */
static int keep_is_stopped(void *userdata)
{
	const struct store_backup *q = userdata;

	return atomic_load_explicit(&q->stop, memory_order_relaxed) ||
	       atomic_load_explicit(&q->request.store->ending, memory_order_relaxed);
}

static int keep_copy(struct db *d, const char *path, struct store_backup *q)
{
	sqlite3_stmt *st;
	int code;

	sqlite3_progress_handler(d->sql, KEEP_STEPS, keep_is_stopped, q);
	code = sqlite3_prepare_v2(d->sql, "VACUUM INTO ?1", -1, &st, NULL);
	if (code == SQLITE_OK) {
		(void)sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
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

/* SQLite writes into a file that is there and empty; made by itself it would be everybody's to read. */
static int keep_make(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : 0;

	closep(&fd);
	return r;
}

static int keep_sync(int dirfd, const char *name, int flags)
{
	int fd = openat(dirfd, name, flags | O_CLOEXEC);
	int r = fd < 0 || fsync(fd) < 0 ? -errno : 0;

	closep(&fd);
	return r;
}

/* SQLite does not sync a copy, so it gets its name only once that is done. */
static int keep_backup_into(struct db *d, int dirfd, struct store_backup *q)
{
	char path[PATH_MAX];
	int r;

	if (faccessat(dirfd, "store.db", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	if ((size_t)snprintf(path, sizeof(path), "%s/store.db.part", q->dir) >= sizeof(path))
		return -ENAMETOOLONG;
	(void)unlinkat(dirfd, "store.db.part", 0);
	r = keep_make(dirfd, "store.db.part");
	if (r >= 0)
		r = keep_copy(d, path, q);
	if (r >= 0)
		r = keep_sync(dirfd, "store.db.part", O_RDONLY | O_NOFOLLOW);
	if (r >= 0 && keep_is_stopped(q))
		r = -ECANCELED;
	if (r >= 0 && renameat2(dirfd, "store.db.part", dirfd, "store.db", RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r >= 0)
		r = keep_sync(dirfd, ".", O_RDONLY | O_DIRECTORY);
	if (r < 0)
		(void)unlinkat(dirfd, "store.db.part", 0);
	return r;
}

static int keep_backup(struct store *s, struct store_request *request)
{
	struct store_backup *q = container_of(request, struct store_backup, request);
	struct db *d = &s->keeper.db;
	int fd, r = 0;

	*q->why = '\0';
	*d->text = '\0';
	if (mkdir(q->dir, 0700) < 0 && errno != EEXIST)
		r = -errno;
	fd = r < 0 ? -1 : open(q->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r >= 0)
		r = fd < 0 ? -errno : keep_backup_into(d, fd, q);
	closep(&fd);
	if (r == -EEXIST)
		(void)snprintf(q->why, sizeof(q->why), "%s/store.db is there already; name another folder, or move it away", q->dir);
	else if (r == -ECANCELED)
		(void)snprintf(q->why, sizeof(q->why), "the copy in %s was stopped, and nothing is left of it", q->dir);
	else if (r < 0)
		(void)snprintf(q->why, sizeof(q->why), "the copy in %s failed: %s", q->dir, *d->text ? d->text : strerror(-r));
	return r;
}

int store_backup(struct store *s, struct store_backup *q)
{
	store_push(s, &s->keeper, &q->request, keep_came, keep_backup);
	return 0;
}
