/* SPDX-License-Identifier: MIT */
/*
 * A full disk. What is taken out makes room for what comes, since the database's pages are used again; but it goes
 * through the log first, and the log begins anew only once all of it has been moved into the database. So something is
 * taken in only where both are sure to go on: the blocks of all pages that the database will have are given to its file
 * before the commit, and behind its end and the log's there is room for some removals. Nobody else can take those blocks,
 * whoever fills the disk, and so a receiver can always take his mail, and there is room for mail again.
 */
#include "store/store-private.h"

#include "base/io.h"
#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define DISKSPACE_LOG        (128 << 10) /* bytes for removals behind the log's end, */
#define DISKSPACE_DATABASE   (128 << 10) /* and behind the database's: receipts come before pages are empty */
#define DISKSPACE_AHEAD      (256 << 10) /* more of those, so that the file is not seen to at each commit */
#define DISKSPACE_FRAME_HEAD 24          /* bytes in front of each page of the log */
#define DISKSPACE_LOG_HEAD   32          /* and in front of all */

int diskspace_open(struct store *s)
{
	struct db *d = &s->writer.db;
	sqlite3_stmt *st;
	int r;

	/* Closed behind all of SQLite's own: the locks that it has on the file would go with the first one. */
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

void diskspace_close(struct store *s)
{
	closep(&s->db_fd);
}

uint64_t diskspace_log_bytes(const struct store *s)
{
	return DISKSPACE_LOG_HEAD + s->log_pages * (s->page_bytes + DISKSPACE_FRAME_HEAD) + DISKSPACE_LOG;
}

/* A file system that gives no blocks ahead gives them when it may. */
static int diskspace_allocate(struct store *s, uint64_t bytes)
{
	if (fallocate(s->db_fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes) < 0)
		return errno == ENOSPC || errno == EDQUOT ? -ENOSPC : 0;
	return 0;
}

/* Of the pages that there are now, and so many bytes behind them. */
static int diskspace_in_database(struct store *s, uint64_t behind)
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

/* Whoever fills the disk may just have been faster: then it is as full as if none of this were here. */
void diskspace_reset(struct store *s)
{
	s->allocated_bytes = 0;
	if (diskspace_in_database(s, DISKSPACE_DATABASE) < 0)
		(void)diskspace_in_database(s, 0);
}

int diskspace_reserve(struct store *s)
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
