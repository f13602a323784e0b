/* SPDX-License-Identifier: MIT */
/*
 * The schema. A message's key is its channel's id and its number in one integer (store.h), so messages of a channel lie
 * together in their order, and no index is kept beside them. The row of a channel counts its messages up to `last`;
 * the messages behind that are counted when the channel is opened. A channel that was dropped keeps its row, without a
 * name. The next new channel of its kind takes the row over and goes on with the next number, so that no key is ever
 * used twice.
 */
#include "store/db.h"

#include "base/io.h"
#include "base/macro.h"
#include "store/fdvfs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DB_APPLICATION  0x696f6573 /* "ioes" */
#define DB_COPY         0x696f6563 /* "ioec": a copy that no daemon has opened; an older ioed refuses it */
#define DB_BUSY_MSEC    2000       /* an administrator with the sqlite3 tool, or a backup program, has a lock */

/* Statements that change the schema from version i to i + 1. Those of a release never change. */
static const char *const db_migrations[] = {
	"CREATE TABLE channel (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name BLOB, last INTEGER NOT NULL,"
	" count INTEGER NOT NULL, bytes INTEGER NOT NULL, touched INTEGER NOT NULL) STRICT;"
	"CREATE UNIQUE INDEX channel_name ON channel (kind, name);"
	"CREATE TABLE message (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, sender BLOB NOT NULL, text BLOB NOT NULL)"
	" STRICT;"
	"CREATE TABLE receipt (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, fate INTEGER NOT NULL, sender BLOB NOT NULL)"
	" STRICT;"
	"CREATE TABLE sent (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, sender BLOB NOT NULL, key BLOB NOT NULL) STRICT;"
	"CREATE UNIQUE INDEX sent_key ON sent (sender, key);"
	"CREATE TABLE note (channel INTEGER NOT NULL, name BLOB NOT NULL, until INTEGER NOT NULL, value BLOB NOT NULL,"
	" PRIMARY KEY (channel, name)) STRICT, WITHOUT ROWID;",
	"CREATE TABLE clock (span INTEGER PRIMARY KEY, counted INTEGER NOT NULL, until INTEGER NOT NULL, real INTEGER NOT NULL,"
	" real_until INTEGER NOT NULL, ahead INTEGER NOT NULL, boot INTEGER NOT NULL, boot_id BLOB NOT NULL) STRICT;",
};

static const char *const db_texts[DB_STATEMENT_MAX] = {
	[DB_BEGIN] = "BEGIN IMMEDIATE",
	[DB_BEGIN_READ] = "BEGIN",
	[DB_COMMIT] = "COMMIT",
	[DB_ROLLBACK] = "ROLLBACK",
	[DB_PAGE_SIZE] = "PRAGMA page_size",
	[DB_PAGE_COUNT] = "PRAGMA page_count",
	[DB_CHANNEL_COUNT] = "SELECT count(*) FROM channel WHERE kind = ?1",
	[DB_CHANNEL_FIND] = "SELECT id, last, count, bytes FROM channel WHERE kind = ?1 AND name = ?2",
	[DB_CHANNEL_FREE] = "SELECT id, last FROM channel WHERE kind = ?1 AND name IS NULL LIMIT 1",
	[DB_CHANNEL_TOP] = "SELECT max(id) FROM channel",
	[DB_CHANNEL_MAKE] = "INSERT INTO channel VALUES (?1, ?2, ?4, 0, 0, 0, ?3)",
	[DB_CHANNEL_TAKE] = "UPDATE channel SET name = ?3, touched = ?2 WHERE id = ?1",
	[DB_CHANNEL_UPDATE] = "UPDATE channel SET last = ?2, count = ?3, bytes = ?4, touched = ?5 WHERE id = ?1",
	[DB_CHANNEL_DROP] = "UPDATE channel SET name = NULL, last = ?2, count = 0, bytes = 0 WHERE id = ?1",
	[DB_CHANNEL_WALK] = "SELECT id, kind, touched, name FROM channel WHERE id > ?1 ORDER BY id LIMIT ?2",
	[DB_CHANNEL_LIST] = ("SELECT id, last, count, bytes, name FROM channel WHERE kind = ?1 AND name > ?3"
			     " ORDER BY name LIMIT ?2"),
	[DB_TAIL] =
		"SELECT count(*), sum(length(sender) + length(text)), max(id) FROM message WHERE id > ?1 AND id <= ?2",
	[DB_FIRST] = "SELECT id FROM message WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT 1",
	[DB_APPEND] = "INSERT INTO message VALUES (?1, ?2, ?3, ?4)",
	[DB_REMOVE] = "DELETE FROM message WHERE id = ?1 RETURNING sender, length(text)",
	[DB_OLDEST] = "SELECT id, time FROM message WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
	[DB_ROWS] = "SELECT id, time, sender, text FROM message WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
	[DB_LEFT] = "SELECT count(*) FROM message WHERE id > ?1 AND id <= ?2",
	[DB_HELD] = "SELECT time FROM message WHERE id = ?1 AND sender = ?2",
	[DB_RECEIPT_PUT] = "INSERT OR REPLACE INTO receipt VALUES (?1, ?2, ?3, ?4)",
	[DB_RECEIPT_GET] = "SELECT time, fate FROM receipt WHERE id = ?1 AND sender = ?2",
	[DB_RECEIPT_OLDEST] = "SELECT id, time FROM receipt WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
	[DB_RECEIPT_REMOVE] = "DELETE FROM receipt WHERE id = ?1",
	[DB_SENT_PUT] = "INSERT INTO sent VALUES (?1, ?2, ?3, ?4)",
	[DB_SENT_GET] = "SELECT id, time FROM sent WHERE sender = ?1 AND key = ?2",
	[DB_SENT_OLDEST] = "SELECT id, time FROM sent WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
	[DB_SENT_REMOVE] = "DELETE FROM sent WHERE id = ?1",
	[DB_ATTRIBUTE_PUT] = "INSERT OR REPLACE INTO note VALUES (?1, ?3, ?2, ?4)",
	[DB_ATTRIBUTE_GET] = "SELECT value FROM note WHERE channel = ?1 AND name = ?2",
	[DB_ATTRIBUTE_ALL] = "SELECT name, until, value FROM note WHERE channel = ?1",
	[DB_ATTRIBUTE_REMOVE] = "DELETE FROM note WHERE channel = ?1 AND name = ?2",
	[DB_ATTRIBUTE_REMOVE_OVER] = "DELETE FROM note WHERE channel = ?1 AND until > 0 AND until <= ?2",
	[DB_ATTRIBUTE_REMOVE_ALL] = "DELETE FROM note WHERE channel = ?1",
	[DB_CLOCK_ALL] = "SELECT counted, until, real, real_until, ahead, boot, boot_id FROM clock ORDER BY span",
	[DB_CLOCK_CLEAR] = "DELETE FROM clock",
	[DB_CLOCK_PUT] = "INSERT INTO clock VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[DB_CLOCK_LAST_USE] = "SELECT max(touched) FROM channel",
};

/* Without O_NOATIME a read updates the inode, and a reader waits for a slow disk. Only the owner of the file has the
 * right to use O_NOATIME. The mode is cut to 0600, since SQLite would make files that others can read if the umask
 * allows it. */
static int db_open_file(const char *path, int flags, int mode)
{
	int fd = open(path, flags | O_NOATIME, mode & 0600);

	return fd < 0 && errno == EPERM ? open(path, flags, mode & 0600) : fd;
}

/* Each connection belongs to one thread, so SQLite's locks around it are not needed. */
static void db_configure(void)
{
	sqlite3_vfs *vfs;

	(void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	vfs = sqlite3_vfs_find(NULL);
	if (vfs && vfs->iVersion >= 3)
		(void)vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)(void (*)(void))db_open_file);
	fdvfs_register();
}

static void db_configure_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, db_configure);
}

static void db_save_error(struct db *d, int code)
{
	d->code = code;
	(void)snprintf(d->text, sizeof(d->text), "%s", d->sql ? sqlite3_errmsg(d->sql) : sqlite3_errstr(code));
}

int db_errno(const struct db *d)
{
	int system = d->sql ? sqlite3_system_errno(d->sql) : 0;

	switch (d->code & 0xff) {
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	default:
		return system == ENOSPC || system == EDQUOT ? -ENOSPC : system ? -system : -EIO;
	}
}

bool db_is_passing(const struct db *d)
{
	int e = db_errno(d);

	/* After a failed fsync() nobody knows which data is lost, so no such error passes by itself. */
	if (d->code == SQLITE_IOERR_FSYNC || d->code == SQLITE_IOERR_DIR_FSYNC)
		return false;
	return e == -ENOSPC || e == -ENOMEM || e == -EBUSY;
}

static int db_exec(struct db *d, const char *text)
{
	int code = sqlite3_exec(d->sql, text, NULL, NULL, NULL);

	if (code == SQLITE_OK)
		return 0;
	db_save_error(d, code);
	return db_errno(d);
}

/* The first column of the first row as a number. */
static int db_get_number(struct db *d, const char *text, int64_t *ret)
{
	sqlite3_stmt *st;
	int code;

	code = sqlite3_prepare_v2(d->sql, text, -1, &st, NULL);
	if (code == SQLITE_OK) {
		code = sqlite3_step(st);
		*ret = code == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
		if (code == SQLITE_ROW || code == SQLITE_DONE)
			code = SQLITE_OK;
		else
			db_save_error(d, code);
		(void)sqlite3_finalize(st);
	} else {
		db_save_error(d, code);
	}
	return code == SQLITE_OK ? 0 : db_errno(d);
}

static int db_migrate(struct db *d, const char *path, int64_t version, char *why, size_t why_size)
{
	int64_t known = (int64_t)ELEMENTSOF(db_migrations);
	char pragmas[96];
	int r = 0;

	if (version > known) {
		(void)snprintf(why, why_size,
			       "%s was written by a newer ioed (its schema is %lld, this one knows %lld at most); "
			       "install that version again, or restore an older backup",
			       path, (long long)version, (long long)known);
		return -EPROTONOSUPPORT;
	}
	for (; version < known && r >= 0; version++) {
		(void)snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id = %d; PRAGMA user_version = %lld; COMMIT",
			       d->is_copy ? DB_COPY : DB_APPLICATION, (long long)version + 1);
		r = db_exec(d, "BEGIN EXCLUSIVE");
		if (r >= 0)
			r = db_exec(d, db_migrations[version]);
		if (r >= 0)
			r = db_exec(d, pragmas);
	}
	return r;
}

/* Checks that the file is ioe's before anything is written to it. */
static int db_check(struct db *d, const char *path, bool writer, char *why, size_t why_size)
{
	int64_t application = 0, version = 0, tables = 0;
	int r;

	r = db_get_number(d, "PRAGMA application_id", &application);
	if (r >= 0)
		r = db_get_number(d, "PRAGMA user_version", &version);
	if (r >= 0)
		r = db_get_number(d, "SELECT count(*) FROM sqlite_schema", &tables);
	if (r < 0)
		return r;
	d->is_copy = application == DB_COPY;
	if (tables > 0 && application != DB_APPLICATION && !(d->is_copy && writer)) {
		(void)snprintf(why, why_size, "%s is a database, but not one of ioed; move it away", path);
		return -EBADMSG;
	}
	if (writer && sqlite3_db_readonly(d->sql, "main") == 1) {
		d->code = SQLITE_READONLY;
		return -EROFS;
	}
	if (writer) {
		/* The page size of a new file. It is small, since messages are short and a message to each further
		 * mailbox costs a page of the log. */
		r = db_exec(d, "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL");
		if (r >= 0)
			r = db_migrate(d, path, version, why, why_size);
	}
	return r;
}

static int db_set_up(struct db *d, const char *path, bool writer, char *why, size_t why_size)
{
	char pragmas[160];
	int r;

	(void)sqlite3_extended_result_codes(d->sql, 1);
	(void)sqlite3_busy_timeout(d->sql, DB_BUSY_MSEC);
	(void)sqlite3_db_config(d->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(d->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	r = db_check(d, path, writer, why, why_size);
	if (r < 0)
		return r;
	/* No automatic checkpoint in a commit: checkpoint.c decides when the log is moved into the database. */
	(void)snprintf(pragmas, sizeof(pragmas),
		       "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = %d;"
		       "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000",
		       DB_LOG_BYTES_KEPT);
	return db_exec(d, pragmas);
}

static void db_explain(const struct db *d, const char *path, int error, char *why, size_t why_size)
{
	switch (-error) {
	case EBADMSG:
		(void)snprintf(why, why_size,
			       "%s is damaged (%s); put a backup in its place (ioectl(1), restore), or move it away with its "
			       "-wal to begin with an empty one",
			       path, d->text);
		break;
	case EROFS:
		(void)snprintf(why, why_size, "%s cannot be written; make it and its folder writable for the user that ioed runs as",
			       path);
		break;
	case ENOSPC:
		(void)snprintf(why, why_size, "%s: the disk is full; make room there and start again", path);
		break;
	case EBUSY:
		(void)snprintf(why, why_size, "%s is in use by another program; end that, and start again", path);
		break;
	default:
		(void)snprintf(why, why_size, "%s cannot be opened: %s (%s)", path, strerror(-error), d->text);
		break;
	}
}

int db_open(struct db *d, const char *path, bool writer, char *why, size_t why_size)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | (writer ? SQLITE_OPEN_CREATE : 0);
	int code, r;

	db_configure_once();
	*d = (struct db){};
	*why = '\0';
	code = sqlite3_open_v2(path, &d->sql, flags, NULL);
	if (code == SQLITE_OK) {
		r = db_set_up(d, path, writer, why, why_size);
	} else {
		db_save_error(d, code);
		r = db_errno(d);
	}
	if (r < 0) {
		/* SQLite's error does not say why, or names a file beside the database. */
		if (access(path, W_OK) < 0 && (errno == EROFS || errno == EACCES))
			r = -EROFS;
		if (!*why)
			db_explain(d, path, r, why, why_size);
		db_close(d);
	}
	return r;
}

int db_adopt(struct db *d)
{
	char pragma[64];
	int r;

	(void)snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d", DB_APPLICATION);
	r = db_exec(d, pragma);
	d->is_copy = d->is_copy && r < 0;
	return r;
}

static uint32_t db_head_number(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Writes the mark into the header of the file, without SQLite, which would need a journal. The offsets are from
 * https://sqlite.org/fileformat.html. */
int db_mark_copy(int fd, int64_t *ret_version)
{
	static const unsigned char mark[] = { DB_COPY >> 24, DB_COPY >> 16 & 0xff, DB_COPY >> 8 & 0xff, DB_COPY & 0xff };
	static const unsigned char no_log[] = { 1, 1 }; /* the file has no write-ahead log */
	unsigned char head[100];
	ssize_t n = io_pread_full(fd, head, sizeof(head), 0);
	uint32_t application;
	int r;

	if (n < 0)
		return (int)n;
	if (n < (ssize_t)sizeof(head) || memcmp(head, "SQLite format 3", 16) != 0)
		return -EBADMSG;
	application = db_head_number(head + 68);
	if (application != DB_APPLICATION && application != DB_COPY)
		return -EBADMSG;
	*ret_version = (int64_t)db_head_number(head + 60);
	if (*ret_version > (int64_t)ELEMENTSOF(db_migrations))
		return -EPROTONOSUPPORT;
	r = io_pwrite_all(fd, no_log, sizeof(no_log), 18);
	if (r >= 0)
		r = io_pwrite_all(fd, mark, sizeof(mark), 68);
	return r;
}

int db_open_copy(struct db *d, int fd)
{
	char uri[FDVFS_URI_MAX];
	int code;

	db_configure_once();
	*d = (struct db){};
	fdvfs_uri(fd, uri);
	code = sqlite3_open_v2(uri, &d->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
	if (code != SQLITE_OK) {
		db_save_error(d, code);
		return db_errno(d);
	}
	(void)sqlite3_db_config(d->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(d->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return db_exec(d, "PRAGMA temp_store = MEMORY");
}

static int db_is_wrong(struct db *d, const char *what)
{
	d->code = SQLITE_CORRUPT;
	(void)snprintf(d->text, sizeof(d->text), "%s", what);
	return -EBADMSG;
}

/* "ok", or what is wrong. */
static int db_quick_check(struct db *d)
{
	sqlite3_stmt *st;
	char found[96] = "it says nothing";
	int code;

	code = sqlite3_prepare_v2(d->sql, "PRAGMA quick_check(1)", -1, &st, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		(void)snprintf(found, sizeof(found), "%s", (const char *)sqlite3_column_text(st, 0));
	else
		db_save_error(d, code);
	(void)sqlite3_finalize(st);
	if (code != SQLITE_ROW)
		return db_errno(d);
	return strcmp(found, "ok") == 0 ? 0 : db_is_wrong(d, found);
}

int db_count_channels(struct db *d, int64_t *ret)
{
	return db_get_number(d, "SELECT count(*) FROM channel", ret);
}

int db_verify(struct db *d, int64_t bytes)
{
	int64_t application = 0, version = 0, pages = 0, page_bytes = 0;
	int r;

	r = db_get_number(d, "PRAGMA application_id", &application);
	if (r >= 0)
		r = db_get_number(d, "PRAGMA user_version", &version);
	if (r >= 0)
		r = db_get_number(d, "PRAGMA page_count", &pages);
	if (r >= 0)
		r = db_get_number(d, "PRAGMA page_size", &page_bytes);
	if (r < 0)
		return r;
	if (application != DB_COPY || version < 1 || version > (int64_t)ELEMENTSOF(db_migrations))
		return db_is_wrong(d, "its header is not that of a database of ioed");
	if (pages <= 0 || pages * page_bytes != bytes)
		return db_is_wrong(d, "its header has another number of pages");
	return db_quick_check(d);
}

void db_close(struct db *d)
{
	for (unsigned i = 0; i < DB_STATEMENT_MAX; i++)
		(void)sqlite3_finalize(d->statements[i]);
	(void)sqlite3_close(d->sql);
	*d = (struct db){};
}

static sqlite3_stmt *db_start_va(struct db *d, enum db_statement n, unsigned n_args, va_list ap)
{
	sqlite3_stmt **st = &d->statements[n];
	int code;

	if (!*st) {
		code = sqlite3_prepare_v3(d->sql, db_texts[n], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
		if (code != SQLITE_OK) {
			db_save_error(d, code);
			return NULL;
		}
	}
	for (unsigned i = 0; i < n_args; i++)
		(void)sqlite3_bind_int64(*st, (int)i + 1, (sqlite3_int64)va_arg(ap, uint64_t));
	return *st;
}

sqlite3_stmt *db_start(struct db *d, enum db_statement n, unsigned n_args, ...)
{
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, n_args);
	st = db_start_va(d, n, n_args, ap);
	va_end(ap);
	return st;
}

void db_bind(sqlite3_stmt *st, int at, const void *data, size_t len)
{
	/* An empty value must not become NULL. */
	(void)sqlite3_bind_blob64(st, at, len > 0 ? data : "", len, SQLITE_STATIC);
}

int db_step(struct db *d, sqlite3_stmt *st)
{
	int code;

	if (!st)
		return db_errno(d);
	code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		return 1;
	if (code != SQLITE_DONE)
		db_save_error(d, code);
	(void)sqlite3_reset(st);
	return code == SQLITE_DONE ? 0 : db_errno(d);
}

void db_stop(sqlite3_stmt *st)
{
	(void)sqlite3_reset(st);
}

int db_run(struct db *d, enum db_statement n, unsigned n_args, ...)
{
	sqlite3_stmt *st;
	va_list ap;
	int r;

	va_start(ap, n_args);
	st = db_start_va(d, n, n_args, ap);
	va_end(ap);
	do
		r = db_step(d, st);
	while (r > 0);
	return r;
}
