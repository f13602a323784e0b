/* SPDX-License-Identifier: MIT */
#include "config/fault.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

void fault_init(struct faults *f, struct buf *why)
{
	*f = (struct faults){ .why = why, .begin = why->len };
}

/* Each line of a file is checked once for each instance, mostly with the same faults. */
static bool fault_is_known(const struct faults *f, size_t at)
{
	const char *line = f->why->data + at;
	size_t len = f->why->len - at;

	for (size_t i = f->begin; i < at;) {
		const char *old = f->why->data + i;
		size_t old_len = (size_t)((const char *)memchr(old, '\n', at - i) - old) + 1;

		if (old_len == len && memcmp(old, line, len) == 0)
			return true;
		i += old_len;
	}
	return false;
}

_printf_(4, 0) static void fault_vadd(struct faults *f, const char *file, unsigned line, const char *fmt, va_list ap)
{
	size_t at = f->why->len;
	int r;

	if (f->n == FAULT_MAX)
		(void)buf_append_str(f->why, "There are more errors than are shown here.\n");
	if (f->n++ >= FAULT_MAX)
		return;

	r = buf_printf(f->why, line > 0 ? "%s:%u: " : "%s: ", file, line);
	if (r == 0)
		r = buf_vprintf(f->why, fmt, ap);
	if (r == 0)
		r = buf_append_str(f->why, "\n");
	if (r < 0) {
		f->why->len = at;
	} else if (fault_is_known(f, at)) {
		f->why->len = at;
		f->n--;
	}
}

void fault_add(struct faults *f, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fault_vadd(f, file, line, fmt, ap);
	va_end(ap);
}

void fault_add_error(struct faults *f, int error, const char *file, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fault_vadd(f, file, 0, fmt, ap);
	va_end(ap);
	if (f->error == 0)
		f->error = error;
}

int fault_result(const struct faults *f)
{
	if (f->error < 0)
		return f->error;
	return f->n > 0 ? -EINVAL : 0;
}
