#pragma once
/* SPDX-License-Identifier: MIT */
/* One connection to the database: opening, its schema, its statements, and its errors as errno. Inert when zero. */

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SQLite truncates the file of the write-ahead log to this size when the log starts again. */
#define DB_LOG_BYTES_KEPT (18 << 20)

enum db_statement {
	DB_BEGIN,
	DB_BEGIN_READ,
	DB_COMMIT,
	DB_ROLLBACK,
	DB_PAGE_SIZE,
	DB_PAGE_COUNT,
	DB_CHANNEL_COUNT,
	DB_CHANNEL_FIND,
	DB_CHANNEL_FREE,
	DB_CHANNEL_TOP,
	DB_CHANNEL_MAKE,
	DB_CHANNEL_TAKE,
	DB_CHANNEL_UPDATE,
	DB_CHANNEL_DROP,
	DB_CHANNEL_WALK,
	DB_CHANNEL_LIST,
	DB_TAIL,
	DB_FIRST,
	DB_APPEND,
	DB_REMOVE,
	DB_OLDEST,
	DB_ROWS,
	DB_LEFT,
	DB_HELD,
	DB_RECEIPT_PUT,
	DB_RECEIPT_GET,
	DB_RECEIPT_OLDEST,
	DB_RECEIPT_REMOVE,
	DB_SENT_PUT,
	DB_SENT_GET,
	DB_SENT_OLDEST,
	DB_SENT_REMOVE,
	DB_ATTRIBUTE_PUT,
	DB_ATTRIBUTE_GET,
	DB_ATTRIBUTE_ALL,
	DB_ATTRIBUTE_REMOVE,
	DB_ATTRIBUTE_REMOVE_OVER,
	DB_ATTRIBUTE_REMOVE_ALL,
	DB_CLOCK_ALL,
	DB_CLOCK_CLEAR,
	DB_CLOCK_PUT,
	DB_CLOCK_LAST_USE,
	DB_STATEMENT_MAX,
};

struct db {
	sqlite3 *sql;
	sqlite3_stmt *statements[DB_STATEMENT_MAX]; /* made when they are first needed */
	int code;       /* SQLite's extended code of the last error */
	char text[160]; /* and its words */
	bool is_copy;   /* marked as one, see db_adopt() */
};

/* @writer: makes the file where it is not there, and brings its schema up to date. 0, or a negative errno with a
 * sentence in @why. */
int db_open(struct db *d, const char *path, bool writer, char *why, size_t why_size);
/*
 * A copy has a mark (is_copy), because a store that goes on from it gives numbers again that were given after the copy
 * was made. So the data gets another store id first; then this removes the mark, durably. 0 or negative errno.
 */
int db_adopt(struct db *d);
/* Marks the database file @fd as a copy. It was closed in order, and nobody has it open. 0, -EBADMSG: it
 * is none of ioed's; -EPROTONOSUPPORT: a newer one's; or another negative errno. */
int db_mark_copy(int fd, int64_t *ret_version);
/* Opens the database file @fd, which nobody else has open; @fd stays the caller's. 0 or negative errno. */
int db_open_copy(struct db *d, int fd);
void db_close(struct db *d);

/* Checks that a marked copy of so many bytes is a whole database of a known version; reads all of it. 0, -EBADMSG
 * (d->text says why), or another negative errno. */
int db_verify(struct db *d, int64_t bytes);
/* Counts the channels, also those without a name: the number never falls. 0 or negative errno. */
int db_count_channels(struct db *d, int64_t *ret);

/* A statement with its numbers bound, from ?1 on. NULL: d->code says why. */
sqlite3_stmt *db_start(struct db *d, enum db_statement n, unsigned n_args, ...);
/* The bytes must live until the statement is at its end. */
void db_bind(sqlite3_stmt *st, int at, const void *data, size_t len);
/* 1: a row; 0: the end, negative errno: an error; after both the statement may be started again. */
int db_step(struct db *d, sqlite3_stmt *st);
/* Ends a statement before its last row. */
void db_stop(sqlite3_stmt *st);
/* Runs a statement to its end; its rows, if any, are skipped. 0 or negative errno. */
int db_run(struct db *d, enum db_statement n, unsigned n_args, ...);

static inline uint64_t db_u64(sqlite3_stmt *st, int column)
{
	return (uint64_t)sqlite3_column_int64(st, column);
}

/* The negative errno that d->code is. */
int db_errno(const struct db *d);
/* Whether the error can pass by itself and the database is sound: a full disk, too little memory, a lock. */
bool db_is_passing(const struct db *d);
