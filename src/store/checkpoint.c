/* SPDX-License-Identifier: MIT */
/*
 * Checkpoints: the maintenance thread moves the write-ahead log into the database while the writer goes on. SQLite
 * starts the log anew only when all of it has been moved. A writer that never pauses prevents that, so when the log has
 * become very long the writer moves the rest itself.
 */
#include "store/store-private.h"

#include "base/macro.h"

#include <stdio.h>
#include <sys/statvfs.h>

#define CHECKPOINT_PAGES     8192 /* 8 MiB */
#define CHECKPOINT_PAGES_MAX (2 * CHECKPOINT_PAGES)
#define CHECKPOINT_LOG_AHEAD (1 << 20) /* bytes */
#define CHECKPOINT_DISK_FREE (64 * CHECKPOINT_LOG_AHEAD)

static int checkpoint_on_commit(void *userdata, _unused_ sqlite3 *sql, _unused_ const char *name, int pages)
{
	struct store_sqlite *s = userdata;

	s->log_pages = (uint64_t)pages;
	atomic_store_explicit(&s->wal_pages, (uint64_t)pages, memory_order_relaxed);
	return SQLITE_OK;
}

/* Never waits for other connections. In the thread of this connection. */
static void checkpoint_run(struct store_sqlite *s, struct store_thread *t)
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

/* The writer: if the whole log has been moved it begins anew, and SQLite has truncated the file of the database. */
static void checkpoint_moved(struct store_sqlite *s)
{
	if (s->moved_pages == s->log_pages)
		s->log_pages = 0;
	diskspace_reset(s);
}

/* In the writer: the message is back. */
static void checkpoint_returned(struct msg *m)
{
	struct store_sqlite *s = container_of(m, struct store_sqlite, checkpoint);

	s->checkpointing = false;
	if (atomic_load_explicit(&s->wal_pages, memory_order_relaxed) >= CHECKPOINT_PAGES_MAX &&
	    !atomic_load_explicit(&s->closed, memory_order_relaxed))
		checkpoint_run(s, &s->writer);
	checkpoint_moved(s);
}

bool checkpoint_now(struct store_sqlite *s)
{
	/* A checkpoint is not possible in a transaction: the failed one ends first. */
	if (s->checkpointing || s->log_pages == 0)
		return false;
	if (!sqlite3_get_autocommit(s->writer.db.sql))
		(void)db_run(&s->writer.db, DB_ROLLBACK, 0);
	checkpoint_run(s, &s->writer);
	checkpoint_moved(s);
	return s->log_pages == 0 && !atomic_load_explicit(&s->closed, memory_order_relaxed);
}

static void checkpoint_arrived(struct msg *m)
{
	struct store_sqlite *s = container_of(m, struct store_sqlite, checkpoint);

	checkpoint_run(s, &s->maintenance);
	m->act = checkpoint_returned;
	inbox_push(&s->writer.loop.inbox, m);
}

/*
 * A sync of a file that has grown writes its inode as well, which takes as long again. So when the log has filled its
 * file, zeros are appended. For SQLite they are the end of the log: it knows a frame by the salt of this log. On a disk
 * that is nearly full, only the space that removals need is taken ahead (diskspace.c).
 */
static bool checkpoint_has_diskspace(const struct store_sqlite *s)
{
	struct statvfs fs;

	return fstatvfs(s->db_fd, &fs) == 0 && fs.f_bavail >= CHECKPOINT_DISK_FREE / MAX(fs.f_frsize, 1UL);
}

void checkpoint_grow_log(struct store_sqlite *s)
{
	static const char zeros[65536]; /* SQLite writes no more than twice that at once */
	sqlite3_file *f = NULL;
	sqlite3_int64 size, wanted = (sqlite3_int64)diskspace_log_bytes(s);

	if (sqlite3_file_control(s->writer.db.sql, "main", SQLITE_FCNTL_JOURNAL_POINTER, &f) != SQLITE_OK || !f ||
	    !f->pMethods || f->pMethods->xFileSize(f, &size) != SQLITE_OK)
		return;
	if ((size < wanted || size > s->wal_bytes) && size < DB_LOG_BYTES_KEPT && checkpoint_has_diskspace(s))
		wanted = MAX(wanted, size + CHECKPOINT_LOG_AHEAD);
	for (; size < wanted; size += (sqlite3_int64)sizeof(zeros))
		if (f->pMethods->xWrite(f, zeros, sizeof(zeros), size) != SQLITE_OK)
			break;
	s->wal_bytes = size;
}

void checkpoint_begin(struct store_sqlite *s)
{
	uint64_t pages = atomic_load_explicit(&s->wal_pages, memory_order_relaxed);

	if (pages < s->checkpointed_at)
		s->checkpointed_at = 0; /* the log has begun anew */
	if (s->checkpointing || pages < s->checkpointed_at + CHECKPOINT_PAGES)
		return;
	s->checkpointing = true;
	s->checkpointed_at = pages;
	s->checkpoint.act = checkpoint_arrived;
	inbox_push(&s->maintenance.loop.inbox, &s->checkpoint);
}

void checkpoint_start(struct store_sqlite *s)
{
	(void)sqlite3_wal_hook(s->writer.db.sql, checkpoint_on_commit, s);
}
