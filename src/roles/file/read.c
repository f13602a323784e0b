/* SPDX-License-Identifier: MIT */
/*
 * READ is answered from the loop where the kernel has all of it in memory: the way to the file (RESOLVE_CACHED), and
 * a small file's bytes (RWF_NOWAIT). Nothing is cached here, so a change is seen at once. What is not in memory is a
 * worker's. A large file is handed to the output queue, which sends it piece by piece.
 */
#include "roles/file/read.h"

#include "base/buf.h"
#include "base/io.h"
#include "base/macro.h"
#include "base/str.h"
#include "loop/worker.h"
#include "roles/file/file.h"
#include "session/session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* Up to here a copy costs less than sendfile()'s second system call. */
#define READ_SMALL_MAX (64U << 10)

/* A listing is made in memory. */
#define READ_LIST_MAX (16U << 20)

struct read_job {
	struct job job;
	struct request *q;
	struct file_state *state;
	int fd;        /* of a large file */
	uint64_t size; /* of it */
	struct buf body;
	int error;
	bool encode; /* a listing for ioe/1 */
	bool large;
	char path[PATH_BYTES_MAX + 1];
};

/* What the fd is: 0, or the errno that tells why it cannot be read. */
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

static struct read_job *read_job_new(struct request *q, const char *path, void (*run)(struct job *j),
				     void (*done)(struct job *j))
{
	struct read_job *r = malloc(sizeof(*r));

	if (!r)
		return NULL;
	r->job = (struct job){ .run = run, .done = done };
	r->q = q;
	r->state = request_role_state(q);
	r->fd = -1;
	r->body = (struct buf){ .max = READ_LIST_MAX };
	r->error = 0;
	r->large = false;
	r->encode = request_dialect(q) == DIALECT_IOE1;
	memcpy(r->path, path, strlen(path) + 1);
	return r;
}

static void read_job_free(struct read_job *r)
{
	buf_done(&r->body);
	free(r);
}

/* In a worker, which closes what it need not hand on: closing may take its time, too. */
static int read_open(struct read_job *r)
{
	_cleanup_(closep) int fd = -1;
	ssize_t n;
	int e;

	fd = path_open(&r->state->root, r->path, O_RDONLY);
	e = fd < 0 ? fd : read_check(fd, &r->size);
	if (e < 0)
		return e;
	r->large = r->size > READ_SMALL_MAX;
	if (r->large)
		r->fd = STEAL_FD(fd);
	if (r->large || r->size == 0)
		return 0;
	e = buf_reserve(&r->body, r->size);
	if (e < 0)
		return e;
	n = io_pread_full(fd, r->body.data, r->size, 0);
	if (n < 0)
		return (int)n;
	r->body.len = (size_t)n; /* fewer where it has become shorter meanwhile */
	return 0;
}

/* Does it; and where that fails or finds nothing, once more if that is because another folder has taken the root's place. */
static void read_try(struct read_job *r, int (*act)(struct read_job *r))
{
	int again;

	r->error = file_watch_is_gone(&r->state->watch) ? -ENOENT : act(r);
	if (r->error >= 0 && (*r->path || r->body.len > 0))
		return;
	again = file_watch_recheck(r->state);
	if (again != 0)
		r->error = again < 0 ? again : act(r);
}

/* Opens it, and brings a small one along. */
static void read_run(struct job *j)
{
	read_try(container_of(j, struct read_job, job), read_open);
}

static void read_done(struct job *j)
{
	struct read_job *r = container_of(j, struct read_job, job);

	if (r->error < 0)
		file_refuse(r->q, r->path, 0, r->error);
	else if (r->large)
		request_file(r->q, STEAL_FD(r->fd), 0, r->size);
	else
		request_sized(r->q, r->body.data, r->body.len);
	read_job_free(r);
}

static int read_by_worker(struct request *q, const char *path, void (*run)(struct job *j), void (*done)(struct job *j))
{
	struct read_job *r = read_job_new(q, path, run, done);

	if (!r)
		return -ENOMEM;
	request_defer(q);
	worker_submit(request_workers(q), request_loop(q), &r->job);
	return 0;
}

/* All of a small file right behind its size: one write for both. -EAGAIN: not all of it is in memory. */
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

int read_file(struct request *q, struct fields *f)
{
	const struct file_state *state = request_role_state(q);
	char path[PATH_BYTES_MAX + 1];
	_cleanup_(closep) int fd = -1;
	uint64_t size = 0;
	int r;

	if (!file_take_name(q, &f->at[0], path))
		return 0;
	if (unlikely(file_watch_is_gone(&state->watch)))
		return read_by_worker(q, path, read_run, read_done);
	fd = path_open_cached(&state->root, path, O_RDONLY);
	r = fd < 0 ? fd : read_check(fd, &size);
	if (r >= 0 && size > READ_SMALL_MAX) {
		request_file(q, STEAL_FD(fd), 0, size);
		return 0;
	}
	if (r >= 0)
		r = read_small(q, fd, size);
	if (r == -EAGAIN || r == -ENOMEM || (r < 0 && file_watch_is_doubtful(state)))
		return read_by_worker(q, path, read_run, read_done);
	if (r < 0)
		file_refuse(q, path, 0, r);
	return 0;
}

static bool read_is_folder(DIR *d, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* Names in memory, one behind the other, each ended by NUL. */
static int read_names(DIR *d, struct buf *names, size_t *ret_n)
{
	struct dirent *e;
	int r = 0;

	*ret_n = 0;
	for (;;) {
		size_t len;

		errno = 0;
		e = readdir(d);
		if (!e)
			return errno ? -errno : 0;
		len = strlen(e->d_name);
		if (!path_is_shown(e->d_name, len))
			continue;
		r = buf_append(names, e->d_name, len);
		if (r >= 0 && read_is_folder(d, e))
			r = buf_append(names, "/", 1);
		if (r >= 0)
			r = buf_append(names, "", 1);
		if (r < 0)
			return r;
		(*ret_n)++;
	}
}

static int read_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_put_name(struct buf *body, const char *name, bool encode)
{
	size_t len = strlen(name), encoded = encode ? field_encoded_len(name, len) : len;
	int r;

	r = buf_reserve(body, encoded + 1);
	if (r < 0)
		return r;
	/* Without encoding it goes to a terminal as it is. */
	body->len += encode ? field_encode(body->data + body->len, name, len) :
			      str_harmless(body->data + body->len, name, len);
	body->data[body->len++] = '\n';
	return 0;
}

/* In byte order, which is strcmp()'s. A folder's final / takes part: it is what the client sees. */
static int read_sort_names(struct read_job *r, const struct buf *names, size_t n)
{
	_cleanup_(freep) const char **sorted = NULL;
	const char *p = names->data;
	int e = 0;

	if (n == 0)
		return 0;
	sorted = calloc(n, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++, p += strlen(p) + 1)
		sorted[i] = p;
	qsort(sorted, n, sizeof(*sorted), read_compare);
	for (size_t i = 0; i < n && e >= 0; i++)
		e = read_put_name(&r->body, sorted[i], r->encode);
	return e;
}

static int read_list_open(struct read_job *r)
{
	struct buf names = { .max = READ_LIST_MAX };
	size_t n;
	DIR *d;
	int fd, e;

	fd = path_open(&r->state->root, r->path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (!d) {
		e = -errno;
		(void)close(fd);
		return e;
	}
	e = read_names(d, &names, &n);
	(void)closedir(d);
	if (e >= 0)
		e = read_sort_names(r, &names, n);
	buf_done(&names);
	return e;
}

/* In a worker. A folder that was moved away can still be listed, but is not the one that is served. */
static void read_list_run(struct job *j)
{
	struct read_job *r = container_of(j, struct read_job, job);

	(void)file_watch_confirm(r->state, file_watch_turn(&r->state->watch));
	read_try(r, read_list_open);
}

static void read_list_done(struct job *j)
{
	struct read_job *r = container_of(j, struct read_job, job);

	if (r->error == -ENOBUFS)
		request_error(r->q, ERROR_TOO_LARGE,
			      "the folder's listing is over 16M; spread its files over more folders");
	else if (r->error < 0)
		file_refuse(r->q, *r->path ? r->path : "the root folder", 0, r->error);
	else
		request_sized(r->q, r->body.data, r->body.len);
	read_job_free(r);
}

int read_list(struct request *q, struct fields *f)
{
	char path[PATH_BYTES_MAX + 1] = "";

	if (f->n > 0 && !file_take_name(q, &f->at[0], path))
		return 0;
	return read_by_worker(q, path, read_list_run, read_list_done);
}
