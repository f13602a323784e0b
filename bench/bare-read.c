/* SPDX-License-Identifier: MIT */
/*
 * ioe-bare-read: the limit of READ. Wait, one read, open, fstat, the size, sendfile. With "memory" the file is read
 * once and then sent from memory in one piece: the limit of who caches, and does not see when a file is changed.
 *
 * One request is under way on a connection; its line comes in one piece.
 */
#include "bare-loop.h"
#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define BARE_READ_FDS    4096
#define BARE_READ_MEMORY (1U << 20)

/* What is still to be sent, by the connection's fd. */
static struct {
	int file;
	off_t pos, size;
} bare_read_under_way[BARE_READ_FDS];

static int bare_read_root;
static char bare_read_memory[BARE_READ_MEMORY];
static size_t bare_read_memory_len;

static void bare_read_wait_for(int epoll, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	(void)epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &ev);
}

static void bare_read_close(int fd)
{
	if (bare_read_under_way[fd].file > 0)
		(void)close(bare_read_under_way[fd].file);
	bare_read_under_way[fd].file = 0;
	(void)close(fd);
}

/* Until all is sent or the socket is full. @waiting: it was full before. */
static void bare_read_send(int epoll, int fd, bool waiting)
{
	off_t pos, size = bare_read_under_way[fd].size;
	int file = bare_read_under_way[fd].file;
	ssize_t n;

	for (pos = bare_read_under_way[fd].pos; pos < size;) {
		n = sendfile(fd, file, &pos, (size_t)(size - pos));
		if (n < 0 && errno == EAGAIN) {
			bare_read_under_way[fd].pos = pos;
			if (!waiting)
				bare_read_wait_for(epoll, fd, EPOLLOUT);
			return;
		}
		if (n <= 0) {
			bare_read_close(fd);
			return;
		}
	}

	(void)close(file);
	bare_read_under_way[fd].file = 0;
	if (waiting)
		bare_read_wait_for(epoll, fd, EPOLLIN);
}

/* The file's name: "READ,name\n" in @line. NULL: it is no such line. */
static const char *bare_read_name(char *line, ssize_t n)
{
	if (n < 7 || memcmp(line, "READ,", 5) != 0 || line[n - 1] != '\n')
		return NULL;
	line[n - 1] = '\0';
	return line + 5;
}

static int bare_read_open(const char *name, struct stat *ret)
{
	int file;

	file = openat(bare_read_root, name, O_RDONLY | O_CLOEXEC);
	if (file >= 0 && fstat(file, ret) < 0) {
		(void)close(file);
		return -1;
	}
	return file;
}

static bool bare_read_begin(int epoll, int fd, const char *name)
{
	char head[32];
	struct stat st;
	int file, n;

	file = bare_read_open(name, &st);
	if (file < 0)
		return false;

	bare_read_under_way[fd].file = file;
	bare_read_under_way[fd].pos = 0;
	bare_read_under_way[fd].size = st.st_size;
	n = (int)str_put_u64(head, (uint64_t)st.st_size);
	head[n++] = '\n';
	if (send(fd, head, (size_t)n, MSG_NOSIGNAL | MSG_MORE) != n)
		return false;

	bare_read_send(epoll, fd, false);
	return true;
}

static bool bare_read_from_memory(int fd, const char *name)
{
	struct stat st;
	ssize_t n;
	int file;

	if (bare_read_memory_len == 0) {
		file = bare_read_open(name, &st);
		if (file < 0)
			return false;
		bare_read_memory_len = str_put_u64(bare_read_memory, (uint64_t)st.st_size);
		bare_read_memory[bare_read_memory_len++] = '\n';
		n = read(file, bare_read_memory + bare_read_memory_len, BARE_READ_MEMORY - bare_read_memory_len);
		(void)close(file);
		if (n != st.st_size)
			return false;
		bare_read_memory_len += (size_t)n;
	}

	return send(fd, bare_read_memory, bare_read_memory_len, MSG_NOSIGNAL) == (ssize_t)bare_read_memory_len;
}

static ssize_t bare_read_line(int fd, char *line, size_t cap)
{
	ssize_t n = recv(fd, line, cap, 0);

	return n < 0 && errno == EAGAIN ? -EAGAIN : n;
}

static void bare_read_serve(int epoll, int fd, uint32_t events)
{
	const char *name;
	char line[4096];
	ssize_t n;

	if (fd >= BARE_READ_FDS) {
		(void)close(fd);
		return;
	}
	if (events & EPOLLOUT) {
		bare_read_send(epoll, fd, true);
		return;
	}

	n = bare_read_line(fd, line, sizeof(line));
	if (n == -EAGAIN)
		return;
	name = bare_read_name(line, n);
	if (!name || !bare_read_begin(epoll, fd, name))
		bare_read_close(fd);
}

static char bare_read_memory_name[256];

static void bare_read_serve_memory(_unused_ int epoll, int fd, _unused_ uint32_t events)
{
	const char *name;
	char line[4096];
	ssize_t n;

	n = bare_read_line(fd, line, sizeof(line));
	if (n == -EAGAIN)
		return;

	name = bare_read_name(line, n);
	if (name && strcmp(name, bare_read_memory_name) != 0) {
		bare_read_memory_len = 0;
		(void)snprintf(bare_read_memory_name, sizeof(bare_read_memory_name), "%.255s", name);
	}
	if (!name || !bare_read_from_memory(fd, name))
		(void)close(fd);
}

int main(int argc, char **argv)
{
	bool memory = argc == 4 && strcmp(argv[3], "memory") == 0;
	uint64_t port;
	int r;

	if ((argc != 3 && !memory) || str_to_u64(argv[1], strlen(argv[1]), 1, 65535, &port) < 0) {
		(void)fputs("Usage: ioe-bare-read PORT FOLDER [memory]\n"
			    "Answers READ,NAME on 127.0.0.1 with the size and the file. PORT is 1 to 65535.\n",
			    stderr);
		return 2;
	}

	/* sendfile() has no MSG_NOSIGNAL */
	(void)signal(SIGPIPE, SIG_IGN);
	bare_read_root = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = bare_read_root < 0 ? -errno : bare_listen((uint16_t)port);
	if (r >= 0)
		r = bare_run(r, memory ? bare_read_serve_memory : bare_read_serve);

	(void)fprintf(stderr, "ioe-bare-read: Cannot serve %s on port %s: %s.\n", argv[2], argv[1], strerror(-r));
	return 1;
}
