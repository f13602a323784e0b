/* SPDX-License-Identifier: MIT */
/*
 * ioe-bare-write: the limit of WRITE, a thread a client. Takes "WRITE,name,size\n" and the bytes, by recv and write or
 * by splice, into a file of another name, which is then renamed. With "sync" as ioed does it: the bytes on disk before
 * the file has its name, the folder on disk before the answer.
 */
#include "bare-loop.h"
#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define BARE_WRITE_PIECE (256U << 10)
#define BARE_WRITE_PIPE  (1U << 20)

static int bare_write_root;
static bool bare_write_splice, bare_write_sync;

struct bare_write {
	int fd;
	int pipe[2];
	char *buf;
	size_t have; /* in buf, behind the line */
	const char *bytes;
	char name[256], temporary[32];
	uint64_t size;
};

/* The line, and with recv what came with it. False: the client is gone, or its line is none. */
static bool bare_write_take_line(struct bare_write *w)
{
	char *end, *comma;
	size_t line;
	ssize_t n;

	n = recv(w->fd, w->buf, BARE_WRITE_PIECE, bare_write_splice ? MSG_PEEK : 0);
	if (n < 7 || memcmp(w->buf, "WRITE,", 6) != 0)
		return false;
	end = memchr(w->buf, '\n', (size_t)n);
	comma = end ? memrchr(w->buf, ',', (size_t)(end - w->buf)) : NULL;
	if (!comma || comma - w->buf < 6 || comma - w->buf - 6 >= (ssize_t)sizeof(w->name) ||
	    str_to_u64(comma + 1, (size_t)(end - comma - 1), 0, UINT64_MAX, &w->size) < 0)
		return false;

	*comma = '\0';
	(void)snprintf(w->name, sizeof(w->name), "%s", w->buf + 6);
	line = (size_t)(end + 1 - w->buf);
	w->bytes = end + 1;
	w->have = (size_t)n - line;
	if (!bare_write_splice)
		return true;

	w->have = 0;
	return recv(w->fd, w->buf, line, 0) == (ssize_t)line;
}

static bool bare_write_all(int file, const char *p, size_t n)
{
	ssize_t done;

	for (; n > 0; n -= (size_t)done, p += done) {
		done = write(file, p, n);
		if (done < 0)
			return false;
	}
	return true;
}

static bool bare_write_by_copy(struct bare_write *w, int file)
{
	uint64_t left = w->size - w->have;
	ssize_t n;

	if (w->have > w->size || !bare_write_all(file, w->bytes, w->have))
		return false;

	while (left > 0) {
		n = recv(w->fd, w->buf, MIN((uint64_t)BARE_WRITE_PIECE, left), 0);
		if (n <= 0 || !bare_write_all(file, w->buf, (size_t)n))
			return false;
		left -= (uint64_t)n;
	}
	return true;
}

static bool bare_write_by_splice(struct bare_write *w, int file)
{
	uint64_t left = w->size;
	ssize_t in, out;

	while (left > 0) {
		in = splice(w->fd, NULL, w->pipe[1], NULL, MIN((uint64_t)BARE_WRITE_PIPE, left), SPLICE_F_MOVE);
		if (in <= 0)
			return false;
		left -= (uint64_t)in;
		for (; in > 0; in -= out) {
			out = splice(w->pipe[0], NULL, file, NULL, (size_t)in, SPLICE_F_MOVE);
			if (out <= 0)
				return false;
		}
	}
	return true;
}

static bool bare_write_store(struct bare_write *w)
{
	_cleanup_(closep) int file = -1;

	file = openat(bare_write_root, w->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (file < 0 || !(bare_write_splice ? bare_write_by_splice(w, file) : bare_write_by_copy(w, file)))
		return false;
	if (bare_write_sync && fdatasync(file) < 0)
		return false;
	if (renameat(bare_write_root, w->temporary, bare_write_root, w->name) < 0)
		return false;
	return !bare_write_sync || fsync(bare_write_root) >= 0;
}

static bool bare_write_serve(struct bare_write *w)
{
	char answer[64];
	int n;

	if (!bare_write_take_line(w) || !bare_write_store(w))
		return false;

	n = snprintf(answer, sizeof(answer), "OK,received,%llu\n", (unsigned long long)w->size);
	return send(w->fd, answer, (size_t)n, MSG_NOSIGNAL) == n;
}

static void *bare_write_main(void *arg)
{
	struct bare_write w = { .fd = (int)(intptr_t)arg, .pipe = { -1, -1 }, .buf = malloc(BARE_WRITE_PIECE) };

	(void)snprintf(w.temporary, sizeof(w.temporary), ".bare-%d", w.fd);
	if (w.buf && (!bare_write_splice || pipe2(w.pipe, O_CLOEXEC) == 0)) {
		if (bare_write_splice)
			(void)fcntl(w.pipe[1], F_SETPIPE_SZ, (int)BARE_WRITE_PIPE);
		while (bare_write_serve(&w))
			;
	}

	closep(&w.pipe[0]);
	closep(&w.pipe[1]);
	(void)unlinkat(bare_write_root, w.temporary, 0);
	(void)close(w.fd);
	free(w.buf);
	return NULL;
}

/* Blocking, all of it: the listener too. */
static int bare_write_run(int listener)
{
	pthread_t thread;
	int fd;

	if (fcntl(listener, F_SETFL, 0) < 0)
		return -errno;
	for (;;) {
		fd = bare_accept(listener);
		if (fd < 0)
			return -errno;
		if (fcntl(fd, F_SETFL, 0) < 0 ||
		    pthread_create(&thread, NULL, bare_write_main, (void *)(intptr_t)fd) != 0)
			(void)close(fd);
		else
			(void)pthread_detach(thread);
	}
}

int main(int argc, char **argv)
{
	uint64_t port;
	int r;

	bare_write_splice = argc > 3 && strcmp(argv[3], "splice") == 0;
	bare_write_sync = argc == 5 && strcmp(argv[4], "sync") == 0;
	if (argc < 4 || argc > 5 || (argc == 5 && !bare_write_sync) ||
	    (!bare_write_splice && strcmp(argv[3], "copy") != 0) ||
	    str_to_u64(argv[1], strlen(argv[1]), 1, 65535, &port) < 0) {
		(void)fputs("Usage: ioe-bare-write PORT FOLDER copy|splice [sync]\n"
			    "Takes WRITE,NAME,SIZE on 127.0.0.1. PORT is 1 to 65535.\n",
			    stderr);
		return 2;
	}

	bare_write_root = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = bare_write_root < 0 ? -errno : bare_listen((uint16_t)port);
	if (r >= 0)
		r = bare_write_run(r);

	(void)fprintf(stderr, "ioe-bare-write: Cannot serve %s on port %s: %s.\n", argv[2], argv[1], strerror(-r));
	return 1;
}
