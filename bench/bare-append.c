/* SPDX-License-Identifier: MIT */
/*
 * ioe-bare-append: the limit of what is on disk before it is answered. Each line that has come in one pass of the loop
 * is stored, all of them are synced at once, and then each gets "OK". What comes meanwhile is the next pass's.
 *
 * "file" appends to a file that has its blocks already, so that fdatasync has no more to write than the bytes (it
 * begins again at its end); "sqlite" inserts into a table with one transaction a pass, in WAL mode with
 * synchronous=FULL.
 */
#include "bare-loop.h"
#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BARE_APPEND_EVENTS 1024
#define BARE_APPEND_READ   4096
#define BARE_APPEND_SIZE   (64U << 20)

static int bare_append_file = -1;
static off_t bare_append_at;
static sqlite3 *bare_append_db;
static sqlite3_stmt *bare_append_begin, *bare_append_insert, *bare_append_commit;
static char bare_append_buf[BARE_APPEND_EVENTS * BARE_APPEND_READ];

/* Who waits for the sync, with so many lines. */
static struct {
	int fd;
	unsigned lines;
} bare_append_waiting[BARE_APPEND_EVENTS];

static bool bare_append_open_file(const char *path)
{
	off_t at;

	bare_append_file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (bare_append_file < 0)
		return false;
	/* written and not only reserved, else each sync writes the inode too */
	for (at = 0; at < BARE_APPEND_SIZE; at += (off_t)sizeof(bare_append_buf))
		if (pwrite(bare_append_file, bare_append_buf, sizeof(bare_append_buf), at) !=
		    (ssize_t)sizeof(bare_append_buf))
			return false;
	return fsync(bare_append_file) == 0;
}

static bool bare_append_open_db(const char *path)
{
	static const char schema[] =
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS mail(id INTEGER PRIMARY KEY, line TEXT);";

	return sqlite3_open(path, &bare_append_db) == SQLITE_OK &&
	       sqlite3_exec(bare_append_db, schema, NULL, NULL, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(bare_append_db, "BEGIN", -1, &bare_append_begin, NULL) == SQLITE_OK &&
	       sqlite3_prepare_v2(bare_append_db, "INSERT INTO mail(line) VALUES(?)", -1, &bare_append_insert, NULL) ==
		       SQLITE_OK &&
	       sqlite3_prepare_v2(bare_append_db, "COMMIT", -1, &bare_append_commit, NULL) == SQLITE_OK;
}

static bool bare_append_step(sqlite3_stmt *statement)
{
	int r = sqlite3_step(statement);

	(void)sqlite3_reset(statement);
	return r == SQLITE_DONE;
}

static bool bare_append_store_db(const char *p, size_t n)
{
	const char *end;

	if (!bare_append_step(bare_append_begin))
		return false;
	for (; n > 0; n -= (size_t)(end + 1 - p), p = end + 1) {
		end = memchr(p, '\n', n);
		if (!end || sqlite3_bind_text(bare_append_insert, 1, p, (int)(end - p), SQLITE_STATIC) != SQLITE_OK ||
		    !bare_append_step(bare_append_insert))
			return false;
	}
	return bare_append_step(bare_append_commit);
}

static bool bare_append_store_file(const char *p, size_t n)
{
	if (bare_append_at + (off_t)n > BARE_APPEND_SIZE)
		bare_append_at = 0;
	if (pwrite(bare_append_file, p, n, bare_append_at) != (ssize_t)n)
		return false;
	bare_append_at += (off_t)n;
	return fdatasync(bare_append_file) == 0;
}

/* Who sends less than a whole line is closed: all we are driven by send them whole. */
static size_t bare_append_read(int fd, char *buf, unsigned *ret_lines)
{
	ssize_t n;
	size_t i;

	*ret_lines = 0;
	n = recv(fd, buf, BARE_APPEND_READ, 0);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0 || buf[n - 1] != '\n') {
		(void)close(fd);
		return 0;
	}

	for (i = 0; i < (size_t)n; i++)
		*ret_lines += buf[i] == '\n';
	return (size_t)n;
}

static void bare_append_answer(unsigned waiting)
{
	static const char ok[] = "OK\n";
	char answers[BARE_APPEND_READ * 3];
	unsigned i, k;

	for (i = 0; i < waiting; i++) {
		for (k = 0; k < bare_append_waiting[i].lines; k++)
			memcpy(answers + k * 3, ok, 3);
		(void)send(bare_append_waiting[i].fd, answers, k * 3UL, MSG_NOSIGNAL);
	}
}

/* One pass. False: it is not on disk, and nobody may think so. */
static bool bare_append_serve(int epoll, int listener, const struct epoll_event *events, int n)
{
	struct epoll_event ev = { .events = EPOLLIN };
	unsigned waiting = 0, lines;
	size_t len = 0;
	int i;

	for (i = 0; i < n; i++) {
		if (events[i].data.fd == listener) {
			ev.data.fd = bare_accept(listener);
			if (ev.data.fd >= 0)
				(void)epoll_ctl(epoll, EPOLL_CTL_ADD, ev.data.fd, &ev);
			continue;
		}
		len += bare_append_read(events[i].data.fd, bare_append_buf + len, &lines);
		if (lines > 0) {
			bare_append_waiting[waiting].fd = events[i].data.fd;
			bare_append_waiting[waiting++].lines = lines;
		}
	}

	if (len > 0 && !(bare_append_db ? bare_append_store_db(bare_append_buf, len)
					: bare_append_store_file(bare_append_buf, len)))
		return false;
	bare_append_answer(waiting);
	return true;
}

static int bare_append_run(int listener)
{
	struct epoll_event events[BARE_APPEND_EVENTS], ev = { .events = EPOLLIN, .data.fd = listener };
	int epoll, n;

	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev) < 0)
		return -errno;
	for (;;) {
		n = epoll_wait(epoll, events, BARE_APPEND_EVENTS, -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && !bare_append_serve(epoll, listener, events, n))
			return -EIO;
	}
}

int main(int argc, char **argv)
{
	uint64_t port;
	bool sqlite;
	int r;

	sqlite = argc == 4 && strcmp(argv[3], "sqlite") == 0;
	if (argc != 4 || (!sqlite && strcmp(argv[3], "file") != 0) ||
	    str_to_u64(argv[1], strlen(argv[1]), 1, 65535, &port) < 0) {
		(void)fputs("Usage: ioe-bare-append PORT PATH file|sqlite\n"
			    "Stores every line on 127.0.0.1 and says OK once it is on disk. PORT is 1 to 65535.\n",
			    stderr);
		return 2;
	}

	if (!(sqlite ? bare_append_open_db(argv[2]) : bare_append_open_file(argv[2]))) {
		(void)fprintf(stderr, "ioe-bare-append: Cannot open %s: %s.\n", argv[2],
			      sqlite ? sqlite3_errmsg(bare_append_db) : strerror(errno));
		return 1;
	}

	r = bare_listen((uint16_t)port);
	if (r >= 0)
		r = bare_append_run(r);
	(void)fprintf(stderr, "ioe-bare-append: Cannot serve port %s: %s.\n", argv[1], strerror(-r));
	return 1;
}
