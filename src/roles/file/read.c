/* SPDX-License-Identifier: MIT */
/*
 * The verb READ. The session's thread answers it if the kernel has all data in memory: the path of the file
 * (RESOLVE_CACHED), and the bytes of a small file (RWF_NOWAIT). This file caches nothing, so a change of a file is seen
 * at once. A worker reads data that is not in memory. A large file is handed to the output queue, which sends it piece
 * by piece.
 */
#include "roles/file/read.h"

#include "base/io.h"
#include "base/macro.h"
#include "roles/file/file.h"
#include "roles/file/job.h"
#include "session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* Up to this size a copy costs less than the additional system call of sendfile(). */
#define READ_SMALL_MAX (64U << 10)

/* 0, and the size of a regular file; or a negative errno: the fd cannot be read. */
static int read_check(int fd, uint64_t *ret_size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	*ret_size = (uint64_t)st.st_size;
	return 0;
}

/* In a worker: opens the file, and reads and closes a small one, as close() can block, too. */
static int read_run(struct file_job *j)
{
	_cleanup_(closep) int fd = -1;
	ssize_t n;
	int r;

	fd = path_open(&j->state->root, j->path, O_RDONLY);
	r = fd < 0 ? fd : read_check(fd, &j->size);
	if (r < 0)
		return r;
	if (j->size > READ_SMALL_MAX) {
		j->fd = STEAL_FD(fd);
		return 0;
	}
	if (j->size == 0)
		return 0;
	r = buf_reserve(&j->body, j->size);
	if (r < 0)
		return r;
	n = io_pread_full(fd, j->body.data, j->size, 0);
	if (n < 0)
		return (int)n;
	j->body.len = (size_t)n; /* fewer if the file has become shorter meanwhile */
	return 0;
}

static void read_done(struct file_job *j)
{
	if (j->fd >= 0)
		request_file(j->request, STEAL_FD(j->fd), 0, j->size);
	else
		request_sized(j->request, j->body.data, j->body.len);
}

/* Sends the size and all bytes of a small file with one write. -EAGAIN: not all of the file is in memory. */
static int read_small(struct request *q, int fd, uint64_t size)
{
	struct iovec iov = { .iov_len = size };

	iov.iov_base = request_sized_reserve(q, size);
	if (!iov.iov_base)
		return -ENOMEM;
	if (size > 0 && preadv2(fd, &iov, 1, 0, RWF_NOWAIT) != (ssize_t)size)
		return -EAGAIN;
	request_sized_commit(q, size);
	return 0;
}

int read_file(const struct call *call)
{
	struct request *q = call->request;
	const struct file_state *state = call->state;
	char path[PATH_BYTES_MAX + 1];
	_cleanup_(closep) int fd = -1;
	uint64_t size = 0;
	int r;

	if (!file_take_name(q, &call->fields->at[0], path))
		return ACT_ANSWERED;
	if (unlikely(file_watch_is_gone(&state->watch)))
		return file_job_run_path(call, path, read_run, read_done);
	fd = path_open_cached(&state->root, path, O_RDONLY);
	r = fd < 0 ? fd : read_check(fd, &size);
	if (r >= 0 && size > READ_SMALL_MAX) {
		request_file(q, STEAL_FD(fd), 0, size);
		return ACT_ANSWERED;
	}
	if (r >= 0)
		r = read_small(q, fd, size);
	if (r == -EAGAIN || r == -ENOMEM || (r < 0 && file_watch_is_doubtful(state)))
		return file_job_run_path(call, path, read_run, read_done);
	if (r < 0)
		file_refuse(q, path, 0, r);
	return ACT_ANSWERED;
}
