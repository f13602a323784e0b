/* SPDX-License-Identifier: MIT */
#include "config/source.h"
#include "base/io.h"
#include "base/str.h"
#include "config/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SOURCE_SHOWN_MAX 64 /* bytes of a faulty line that a message repeats */

/* libconfig stops at the token behind the fault, so its line can be the next one. */
static void source_syntax_fault(const struct source *src, const char *text, struct faults *faults)
{
	unsigned line = (unsigned)MAX(config_error_line(&src->tree), 1);
	const char *what = config_error_text(&src->tree);
	char shown[SOURCE_SHOWN_MAX];

	for (unsigned i = 1; i < line && strchr(text, '\n'); i++)
		text = strchr(text, '\n') + 1;
	text += strspn(text, " \t\r");
	(void)str_escape(shown, sizeof(shown), text, strcspn(text, "\r\n"));

	if (what && strcmp(what, "duplicate setting name") == 0)
		fault_add(faults, src->name, line, "a setting is given twice in one group: \"%s\"", shown);
	else if (shown[0] == '\0')
		fault_add(faults, src->name, line, "%s: the text ends, or goes on, where a setting is not finished",
			  what ? what : "syntax error");
	else
		fault_add(faults, src->name, line, "%s before or in \"%s\": a setting is NAME = VALUE; and a list is "
			  "( A, B ) without a comma behind the last", what ? what : "syntax error", shown);
}

static int source_parse(struct source *src, const char *text, size_t len, struct faults *faults)
{
	struct buf clean = {};
	const char *str;
	int r;

	r = scan_text(text, len, src->name, &clean, faults);
	if (r < 0) {
		buf_done(&clean);
		return r == -EINVAL ? 0 : r;
	}
	str = buf_str(&clean);
	if (!str) {
		buf_done(&clean);
		return -ENOMEM;
	}
	if (config_read_string(&src->tree, str) == CONFIG_TRUE)
		src->parsed = true;
	else
		source_syntax_fault(src, str, faults);
	buf_done(&clean);
	return 0;
}

static struct source *source_free(struct source *src)
{
	config_destroy(&src->tree);
	free(src->name);
	free(src);
	return NULL;
}

static struct source *source_new(const char *name)
{
	struct source *src = calloc(1, sizeof(*src));

	if (!src)
		return NULL;
	config_init(&src->tree);
	src->name = strdup(name);
	return src->name ? src : source_free(src);
}

int sources_add_text(struct sources *s, const char *name, const char *text, size_t len, struct faults *faults)
{
	struct source **v, *src;

	v = reallocarray(s->v, s->n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	s->v = v;
	src = source_new(name);
	if (!src)
		return -ENOMEM;
	s->v[s->n++] = src;

	if (len > SOURCE_BYTES_MAX) {
		fault_add(faults, name, 0, "its %zu bytes are more than 1M, the limit of a configuration", len);
		return 0;
	}
	return source_parse(src, text, len, faults);
}

/* A user who can write the file controls the daemon, so it must not be writable for everybody. */
static int source_check_writers(const char *path, const struct stat *st, struct faults *faults)
{
	if (!(st->st_mode & S_IWOTH))
		return 0;
	fault_add_error(faults, -EPERM, path,
			"everybody can write to it, so it is not used; to change that: chmod o-w %s", path);
	return -EINVAL;
}

static int source_check_file(int fd, const char *path, size_t *ret_size, struct faults *faults)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		fault_add_error(faults, -errno, path, "cannot be read: %m");
		return -EINVAL;
	}
	if (!S_ISREG(st.st_mode)) {
		fault_add_error(faults, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL, path, "this is no regular file");
		return -EINVAL;
	}
	if (st.st_size > SOURCE_BYTES_MAX) {
		fault_add_error(faults, -EFBIG, path, "its %lld bytes are more than 1M, the limit of a configuration",
				(long long)st.st_size);
		return -EINVAL;
	}
	*ret_size = (size_t)st.st_size;
	return source_check_writers(path, &st, faults);
}

/* 0, -EINVAL with a fault, or -ENOMEM. */
static int source_read(int fd, const char *path, struct buf *ret, struct faults *faults)
{
	size_t size = 0;
	ssize_t n;
	int r;

	r = source_check_file(fd, path, &size, faults);
	if (r < 0)
		return r;
	/* One byte more than its size, to notice a file that grows in the meantime. */
	if (buf_reserve(ret, size + 1) < 0)
		return -ENOMEM;
	n = io_pread_full(fd, ret->data, size + 1, 0);
	if (n < 0 || (size_t)n > size) {
		fault_add_error(faults, n < 0 ? (int)n : -EAGAIN, path, "cannot be read: %s",
				n < 0 ? strerror((int)-n) : "it grows meanwhile");
		return -EINVAL;
	}
	ret->len = (size_t)n;
	return 0;
}

int sources_add_file(struct sources *s, const char *path, bool required, struct faults *faults)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct buf text = {};
	int r;

	if (fd < 0) {
		if (errno == ENOENT && !required)
			return 0;
		fault_add_error(faults, -errno, path, "cannot be opened: %m");
		return 0;
	}
	r = source_read(fd, path, &text, faults);
	if (r == 0)
		r = sources_add_text(s, path, text.data, text.len, faults);
	buf_done(&text);
	return r == -EINVAL ? 0 : r;
}

static int source_is_drop_in(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > strlen(".conf") && strcmp(e->d_name + n - strlen(".conf"), ".conf") == 0;
}

/* In byte order. alphasort() depends on the locale. */
static int source_compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int sources_add_drop_ins(struct sources *s, const char *path, struct faults *faults)
{
	_cleanup_(freep) char *dir = NULL;
	struct dirent **names = NULL;
	struct stat st;
	int n, r = 0;

	if (asprintf(&dir, "%s.d", path) < 0)
		return -ENOMEM;
	n = stat(dir, &st) < 0 ? -1 : scandir(dir, &names, source_is_drop_in, source_compare);
	if (n < 0) {
		if (errno != ENOENT)
			fault_add_error(faults, -errno, dir, "the folder of drop-ins cannot be read: %m");
		return 0;
	}
	if (source_check_writers(dir, &st, faults) == 0 && n > SOURCE_DROP_INS_MAX)
		fault_add(faults, dir, 0, "there are %d drop-ins, and at most %d are allowed", n, SOURCE_DROP_INS_MAX);

	for (int i = 0; i < n; i++) {
		_cleanup_(freep) char *file = NULL;

		if (r == 0 && i < SOURCE_DROP_INS_MAX) {
			r = asprintf(&file, "%s/%s", dir, names[i]->d_name) < 0 ? -ENOMEM : 0;
			if (r == 0)
				r = sources_add_file(s, file, true, faults);
		}
		free(names[i]);
	}
	free(names);
	return r;
}

void sources_done(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		(void)source_free(s->v[i]);
	free(s->v);
	*s = (struct sources){};
}
