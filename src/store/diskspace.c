/* SPDX-License-Identifier: MIT */
/*
 * A full disk. Removing messages frees pages of the database, which new messages use again. But a removal is written to
 * the log first, and the log begins anew only when all of it has been moved into the database. So the store adds
 * something only if removals will still be possible afterwards: before the commit, the file of the database gets the
 * blocks of all its pages, and both the database and the log get blocks for some removals. No other program can take
 * those blocks. A receiver can always take his mail, and that makes space for new mail.
 */
#include "store/store-private.h"

#include "base/io.h"
#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define DISKSPACE_LOG        (128 << 10) /* bytes for removals behind the log's end, */
#define DISKSPACE_DATABASE   (128 << 10) /* and behind the database's end: receipts come before pages are empty */
#define DISKSPACE_AHEAD      (256 << 10) /* allocated beyond those, so that not every commit has to allocate */
#define DISKSPACE_FRAME_HEAD 24          /* bytes in front of each page of the log */
#define DISKSPACE_LOG_HEAD   32          /* and at the begin of the log */

int diskspace_open(struct store_sqlite *s)
{
	struct db *d = &s->writer.db;
	sqlite3_stmt *st;
	int r;

	/* Closed after all of SQLite's own descriptors: the first close() of a process releases all its locks on a
	 * file. */
	s->db_fd = open(s->path, O_RDWR | O_CLOEXEC);
	if (s->db_fd < 0)
		return -errno;
	st = db_start(d, DB_PAGE_SIZE, 0);
	r = db_step(d, st);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	s->page_bytes = db_u64(st, 0);
	db_stop(st);
	return 0;
}

void diskspace_close(struct store_sqlite *s)
{
	closep(&s->db_fd);
}

uint64_t diskspace_log_bytes(const struct store_sqlite *s)
{
	return DISKSPACE_LOG_HEAD + s->log_pages * (s->page_bytes + DISKSPACE_FRAME_HEAD) + DISKSPACE_LOG;
}

/* A file system without fallocate() allocates the blocks when they are written. */
static int diskspace_allocate(struct store_sqlite *s, uint64_t bytes)
{
	if (fallocate(s->db_fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes) < 0)
		return errno == ENOSPC || errno == EDQUOT ? -ENOSPC : 0;
	return 0;
}

/* Allocates the blocks of all pages of the database, and of so many bytes after them. */
static int diskspace_in_database(struct store_sqlite *s, uint64_t behind)
{
	struct db *d = &s->writer.db;
	sqlite3_stmt *st = db_start(d, DB_PAGE_COUNT, 0);
	uint64_t bytes;
	int r;

	r = db_step(d, st);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	bytes = db_u64(st, 0) * s->page_bytes + behind;
	db_stop(st);
	if (bytes <= s->allocated_bytes)
		return 0;
	s->allocated_bytes = bytes + DISKSPACE_AHEAD;
	r = diskspace_allocate(s, s->allocated_bytes);
	if (r < 0) {
		s->allocated_bytes = bytes;
		r = diskspace_allocate(s, bytes);
	}
	if (r < 0)
		s->allocated_bytes = 0;
	return r;
}

/* Another program can have taken the space in between. Then the disk is as full as it would be without this file. */
void diskspace_reset(struct store_sqlite *s)
{
	s->allocated_bytes = 0;
	if (diskspace_in_database(s, DISKSPACE_DATABASE) < 0)
		(void)diskspace_in_database(s, 0);
}

int diskspace_reserve(struct store_sqlite *s)
{
	struct db *d = &s->writer.db;
	int r = diskspace_in_database(s, s->takes_in ? DISKSPACE_DATABASE : 0);

	if (r >= 0 && s->takes_in && (uint64_t)s->wal_bytes < diskspace_log_bytes(s))
		r = -ENOSPC;
	if (r == -ENOSPC) {
		d->code = SQLITE_FULL;
		(void)snprintf(d->text, sizeof(d->text), "%s", sqlite3_errstr(SQLITE_FULL));
	}
	return r;
}
