/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BUF_CAP_MIN 64

/*
 * The memory is always one byte larger than cap says. buf_str() and vsnprintf() put their NUL there, so a buffer that
 * holds max bytes can still be handed out as a string.
 */

/* Doubling keeps the cost of many small appends linear. The last step ends at max, so no more is ever allocated. */
static size_t buf_grown(const struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : BUF_CAP_MIN;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	return b->max && cap > b->max ? b->max : cap;
}

static int buf_set_cap(struct buf *b, size_t cap)
{
	char *data;

	if (cap >= PTRDIFF_MAX)
		return -ENOMEM;
	data = realloc(b->data, cap + 1);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

int buf_reserve(struct buf *b, size_t n)
{
	size_t need;

	if (b->data && n <= b->cap - b->len)
		return 0;
	if (n > SIZE_MAX - b->len)
		return -ENOBUFS;
	need = b->len + n;
	if (b->max && need > b->max)
		return -ENOBUFS;
	return buf_set_cap(b, buf_grown(b, need));
}

int buf_append(struct buf *b, const void *p, size_t n)
{
	int r;

	if (n == 0)
		return 0;
	r = buf_reserve(b, n);
	if (r < 0)
		return r;
	memcpy(b->data + b->len, p, n);
	b->len += n;
	return 0;
}

int buf_append_str(struct buf *b, const char *s)
{
	return buf_append(b, s, strlen(s));
}

int buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	size_t space = b->data ? b->cap - b->len : 0;
	va_list again;
	int n, r;

	va_copy(again, ap);
	n = vsnprintf(b->data ? b->data + b->len : NULL, b->data ? space + 1 : 0, fmt, again);
	va_end(again);
	if (n < 0)
		return errno ? -errno : -EINVAL;
	if (!b->data || (size_t)n > space) {
		r = buf_reserve(b, (size_t)n);
		if (r < 0)
			return r;
		(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	}
	b->len += (size_t)n;
	return 0;
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return r;
}

void buf_consume(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
		return;
	}
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

char *buf_str(struct buf *b)
{
	if (!b->data && buf_set_cap(b, buf_grown(b, 0)) < 0)
		return NULL;
	b->data[b->len] = '\0';
	return b->data;
}

void buf_done(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
}
