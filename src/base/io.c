/* SPDX-License-Identifier: MIT */
#include "base/io.h"

#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>

#define IO_CHUNK 4096

/* @off: where pwrite() begins; NULL: write(), at the file's own position. */
static int io_put_all(int fd, const char *p, size_t n, off_t *off)
{
	ssize_t k;

	while (n > 0) {
		k = off ? pwrite(fd, p, n, *off) : write(fd, p, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		if (k == 0)
			return -EIO;
		p += k;
		n -= (size_t)k;
		if (off)
			*off += k;
	}
	return 0;
}

int io_write_all(int fd, const void *p, size_t n)
{
	return io_put_all(fd, p, n, NULL);
}

int io_pwrite_all(int fd, const void *p, size_t n, off_t off)
{
	return io_put_all(fd, p, n, &off);
}

ssize_t io_pread_full(int fd, void *p, size_t n, off_t off)
{
	char *s = p;
	size_t done = 0;
	ssize_t k;

	while (done < n) {
		k = pread(fd, s + done, n - done, off + (off_t)done);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		if (k == 0)
			break;
		done += (size_t)k;
	}
	return (ssize_t)done;
}

static ssize_t io_read(int fd, void *p, size_t n)
{
	ssize_t k;

	do
		k = read(fd, p, n);
	while (k < 0 && errno == EINTR);
	return k < 0 ? -errno : k;
}

static int io_read_to_end(int fd, struct buf *b)
{
	char beyond;
	size_t space;
	ssize_t k;
	int r;

	for (;;) {
		space = b->max ? b->max - b->len : IO_CHUNK;
		if (space == 0) {
			/* Full: fine only where the file ends just here. */
			k = io_read(fd, &beyond, 1);
			return k > 0 ? -ENOBUFS : (int)k;
		}
		r = buf_reserve(b, MIN(space, (size_t)IO_CHUNK));
		if (r < 0)
			return r;
		k = io_read(fd, b->data + b->len, b->cap - b->len);
		if (k <= 0)
			return (int)k;
		b->len += (size_t)k;
	}
}

int io_read_file(int dirfd, const char *path, struct buf *b)
{
	_cleanup_(closep) int fd = -1;
	size_t before = b->len;
	int r;

	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	r = io_read_to_end(fd, b);
	if (r < 0)
		b->len = before;
	return r;
}

/* A name that is used once: if a caller is killed, the file it leaves behind must not stop the next caller. */
static int io_open_temporary(int dirfd, char *name, size_t cap)
{
	uint64_t id;
	int fd;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return -EIO;
	(void)snprintf(name, cap, ".new-%016" PRIx64, id);
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

static int io_fill_durably(int fd, const void *p, size_t n, mode_t mode)
{
	int r;

	if (fchmod(fd, mode) < 0)
		return -errno;
	r = io_write_all(fd, p, n);
	if (r < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}

int io_replace_file(int dirfd, const char *name, const void *p, size_t n, mode_t mode)
{
	_cleanup_(closep) int fd = -1, folder = -1;
	char temporary[32];
	int r;

	/* dirfd itself may be AT_FDCWD or O_PATH, which fsync() refuses. */
	folder = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	fd = io_open_temporary(folder, temporary, sizeof(temporary));
	if (fd < 0)
		return fd;
	r = io_fill_durably(fd, p, n, mode);
	if (r == 0 && renameat(folder, temporary, folder, name) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(folder, temporary, 0);
		return r;
	}
	return fsync(folder) < 0 ? -errno : 0;
}
