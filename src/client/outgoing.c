/* SPDX-License-Identifier: MIT */
#include "client/outgoing.h"

#include "base/io.h"
#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A file that is read before, whatever size it has. */
#define OUTGOING_SMALL (256U << 10)

void outgoing_done(struct outgoing *s)
{
	closep(&s->fd);
	free(s->memory);
	*s = OUTGOING_INERT;
}

/* Removes the name at once: a signal in between must not leave the file behind. */
static int outgoing_temporary(int *ret_fd)
{
	const char *folder = getenv("TMPDIR");
	_cleanup_(freep) char *path = NULL;
	sigset_t all, before;
	int fd;

	folder = folder && folder[0] ? folder : "/tmp";
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) {
		if (asprintf(&path, "%s/ioe-client.XXXXXX", folder) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		(void)sigfillset(&all);
		(void)sigprocmask(SIG_SETMASK, &all, &before);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
		else
			(void)unlink(path);
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
	}
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

/* The source: of a file each place by its offset, so that the caller's descriptor keeps its position. */
struct outgoing_input {
	int fd;
	bool is_file;
	off_t at;
	uint64_t max;
};

/* Up to @n bytes, fewer only at the end: the count or negative errno. */
static ssize_t outgoing_fill(struct outgoing_input *in, char *buf, size_t n)
{
	size_t done = 0;
	ssize_t k = 0;

	n = MIN((uint64_t)n, in->max);
	while (done < n) {
		k = in->is_file ? pread(in->fd, buf + done, n - done, in->at) : read(in->fd, buf + done, n - done);
		if (k < 0)
			return -errno;
		if (k == 0)
			break;
		done += (size_t)k;
		in->at += k;
		in->max -= (uint64_t)k;
	}
	return (ssize_t)done;
}

/* More than what is in memory already goes into a temporary file. */
static int outgoing_copy(struct outgoing *s, struct outgoing_input *in, int *ret_error)
{
	ssize_t k = (ssize_t)s->size;
	int r;

	r = outgoing_temporary(&s->fd);
	while (r == 0 && k > 0) {
		r = io_write_all(s->fd, s->memory, (size_t)k);
		if (r < 0)
			break;
		k = outgoing_fill(in, s->memory, OUTGOING_SMALL);
		if (k < 0)
			return (int)k;
		s->size += (uint64_t)k;
	}
	free(s->memory);
	s->memory = NULL;
	*ret_error = r;
	return r < 0 ? OUTGOING_E_NO_TEMPORARY : 0;
}

static int outgoing_collect(struct outgoing *s, struct outgoing_input *in, int *ret_error)
{
	ssize_t k;

	s->memory = malloc(OUTGOING_SMALL);
	if (!s->memory)
		return -ENOMEM;
	k = outgoing_fill(in, s->memory, OUTGOING_SMALL);
	if (k < 0)
		return (int)k;
	s->size = (uint64_t)k;
	return k < OUTGOING_SMALL ? 0 : outgoing_copy(s, in, ret_error);
}

int outgoing_open_fd(struct outgoing *s, int fd, int *ret_error)
{
	struct outgoing_input in = { .fd = fd, .max = UINT64_MAX };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return OUTGOING_E_FOLDER;
	if (!S_ISREG(st.st_mode))
		return outgoing_collect(s, &in, ret_error);
	in.is_file = true;
	in.at = lseek(fd, 0, SEEK_CUR);
	if (in.at < 0)
		return -errno;
	if (st.st_size > 0) /* what is added meanwhile is left out */
		in.max = st.st_size > in.at ? (uint64_t)(st.st_size - in.at) : 0;
	if (st.st_size == 0 || in.max <= OUTGOING_SMALL)
		return outgoing_collect(s, &in, ret_error);
	s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	s->begin = in.at;
	s->size = in.max;
	return s->fd < 0 ? -errno : 0;
}

int outgoing_open(struct outgoing *s, const char *file, int *ret_error)
{
	_cleanup_(closep) int fd = -1;
	struct stat st;

	/* Nonblocking: opening a FIFO would wait for a writer. */
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return OUTGOING_E_NO_FILE;
	return outgoing_open_fd(s, fd, ret_error);
}

ssize_t outgoing_read(const struct outgoing *s, uint64_t at, void *buf, size_t n)
{
	n = MIN((uint64_t)n, s->size - MIN(at, s->size));
	if (s->fd >= 0)
		return io_pread_full(s->fd, buf, n, s->begin + (off_t)at);
	memcpy(buf, s->memory + at, n);
	return (ssize_t)n;
}
