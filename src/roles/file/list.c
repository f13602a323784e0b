/* SPDX-License-Identifier: MIT */
#include "roles/file/list.h"

#include "base/macro.h"
#include "base/str.h"
#include "roles/file/file.h"
#include "roles/file/job.h"
#include "session/session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* An outcome of file_list_run(). */
enum {
	FILE_LIST_E_TOO_LARGE = 1,
};

static bool file_list_is_folder(DIR *d, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* Names in memory, one behind the other, each with a NUL at its end. */
static int file_list_names(DIR *d, struct buf *names, size_t *ret_n)
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
		if (r >= 0 && file_list_is_folder(d, e))
			r = buf_append(names, "/", 1);
		if (r >= 0)
			r = buf_append(names, "", 1);
		if (r < 0)
			return r;
		(*ret_n)++;
	}
}

static int file_list_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int file_list_put_name(struct buf *body, const char *name, bool encode)
{
	size_t len = strlen(name), encoded = encode ? field_encoded_len(name, len) : len;
	int r;

	r = buf_reserve(body, encoded + 1);
	if (r < 0)
		return r;
	/* Without encoding, a terminal gets the name unchanged. */
	body->len += encode ? field_encode(body->data + body->len, name, len) :
			      str_harmless(body->data + body->len, name, len);
	body->data[body->len++] = '\n';
	return 0;
}

/* Byte order, as in strcmp(). The / at the end of a folder counts, since clients see it. */
static int file_list_sort_names(struct file_job *j, const struct buf *names, size_t n)
{
	_cleanup_(freep) const char **sorted = NULL;
	const char *p = names->data;
	bool encode = dialect_traits(j->dialect)->encodes_fields;
	int r = 0;

	if (n == 0)
		return 0;
	sorted = calloc(n, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++, p += strlen(p) + 1)
		sorted[i] = p;
	qsort(sorted, n, sizeof(*sorted), file_list_compare);
	for (size_t i = 0; i < n && r >= 0; i++)
		r = file_list_put_name(&j->body, sorted[i], encode);
	return r;
}

static int file_list_open(struct file_job *j)
{
	struct buf names = { .max = FILE_JOB_BODY_MAX };
	size_t n;
	DIR *d;
	int fd, r;

	fd = path_open(&j->state->root, j->path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (!d) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	r = file_list_names(d, &names, &n);
	(void)closedir(d);
	if (r >= 0)
		r = file_list_sort_names(j, &names, n);
	buf_done(&names);
	return r == -ENOBUFS ? FILE_LIST_E_TOO_LARGE : r;
}

/* In a worker. A folder that was moved away can still be listed, but is not the served folder any more. */
static int file_list_run(struct file_job *j)
{
	(void)file_watch_confirm(j->state, file_watch_turn(&j->state->watch));
	return file_watch_is_gone(&j->state->watch) ? -ENOENT : file_list_open(j);
}

static void file_list_done(struct file_job *j)
{
	if (j->error == FILE_LIST_E_TOO_LARGE)
		request_error(j->request, ERROR_TOO_LARGE,
			      "the folder's listing is over 16M; spread its files over more folders");
	else
		request_sized(j->request, j->body.data, j->body.len);
}

int file_list(const struct call *call)
{
	const struct fields *f = call->fields;

	return file_job_run(call, f->n > 0 ? &f->at[0] : NULL, file_list_run, file_list_done);
}
