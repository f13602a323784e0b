/* SPDX-License-Identifier: MIT */
#include "transfer.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/macro.h"
#include "conn.h"
#include "ftp.h"
#include "pattern.h"
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define TRANSFER_READY_USEC (10 * USEC_PER_SEC)
#define TRANSFER_PIECE      (1U << 20)

int transfer_open(const struct target *target, uint16_t port, int *ret_fd)
{
	_cleanup_(closep) int fd = -1;
	int r;

	r = conn_open(port, clock_usec() + TRANSFER_READY_USEC, &fd);
	if (r < 0)
		return r;
	r = conn_set_patience(fd, CONN_FILE_SEC);
	if (r < 0)
		return r;
	if (target->ftp) {
		r = ftp_log_in(fd);
		if (r < 0)
			return r;
	}

	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int transfer_say(int fd, const char *text, const char *name, uint64_t size, bool more)
{
	_cleanup_(freep) char *line = target_expand(text, name, size);

	return line ? conn_send(fd, line, strlen(line), more) : -ENOMEM;
}

static int transfer_hear(int fd, const char *text, const char *name, uint64_t size, bool more)
{
	_cleanup_(freep) char *line = target_expand(text, name, size);

	return line ? conn_expect(fd, line, more) : -ENOMEM;
}

int transfer_get(const struct target *target, int fd, const char *name, uint64_t size, bool look)
{
	_cleanup_(freep) char *buf = malloc(TRANSFER_PIECE);
	uint64_t pos = 0;
	ssize_t n;
	int r;

	if (!buf)
		return -ENOMEM;
	r = transfer_say(fd, target->files->get, name, size, false);
	if (r < 0)
		return r;
	r = transfer_hear(fd, target->files->got, name, size, true);
	if (r < 0)
		return r;

	while (pos < size) {
		n = recv(fd, buf, MIN((uint64_t)TRANSFER_PIECE, size - pos), look ? 0 : MSG_TRUNC);
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		if (look && !pattern_matches(pos, buf, (size_t)n))
			return -EBADMSG;
		pos += (uint64_t)n;
	}

	/* nothing may come behind it */
	return recv(fd, buf, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN ? 0 : -EBADMSG;
}

int transfer_put(const struct target *target, int fd, const char *name, uint64_t size)
{
	uint64_t pos;
	int r;

	if (target->ftp)
		return ftp_put(fd, name, size);

	r = transfer_say(fd, target->files->put, name, size, true);
	for (pos = 0; r >= 0 && pos < size; pos += PATTERN_PIECE)
		r = conn_send(fd, pattern_at(pos), MIN((uint64_t)PATTERN_PIECE, size - pos), false);
	if (r < 0)
		return r;

	return transfer_hear(fd, target->files->stored, name, size, false);
}

static void transfer_path(char path[4096], const char *dir, const char *name)
{
	(void)snprintf(path, 4096, "%s/%s", dir, name);
}

int transfer_check(const char *dir, const char *name, uint64_t size)
{
	_cleanup_(freep) char *buf = malloc(TRANSFER_PIECE);
	_cleanup_(closep) int fd = -1;
	char path[4096];
	uint64_t pos = 0;
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	transfer_path(path, dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	while ((n = io_pread_full(fd, buf, TRANSFER_PIECE, (off_t)pos)) > 0) {
		if ((uint64_t)n > size - pos || !pattern_matches(pos, buf, (size_t)n))
			return -EBADMSG;
		pos += (uint64_t)n;
	}
	if (n < 0)
		return (int)n;

	return pos == size ? 0 : -EBADMSG;
}

int transfer_make(const char *dir, const char *name, uint64_t size)
{
	_cleanup_(closep) int fd = -1;
	char path[4096];
	uint64_t pos;
	int r = 0;

	transfer_path(path, dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;

	for (pos = 0; r >= 0 && pos < size; pos += PATTERN_PIECE)
		r = io_write_all(fd, pattern_at(pos), MIN((uint64_t)PATTERN_PIECE, size - pos));
	return r;
}
