#pragma once
/* SPDX-License-Identifier: MIT */
/* A byte buffer that grows up to a limit. It owns its memory; the inert value is all zero apart from max. */

#include "base/macro.h"

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max; /* most bytes it ever holds; 0: no limit (tools and tests) */
};

/* All of these return 0, -ENOBUFS (more than max) or -ENOMEM. On failure the contents stay as they were. */

/* Makes room for @n more bytes at data + len. The caller writes them there and adds to len. */
int buf_reserve(struct buf *b, size_t n);
int buf_append(struct buf *b, const void *p, size_t n);
int buf_append_str(struct buf *b, const char *s);
int buf_printf(struct buf *b, const char *fmt, ...) _printf_(2, 3);
int buf_vprintf(struct buf *b, const char *fmt, va_list ap) _printf_(2, 0);

/* Drops the first @n (at most len) bytes. */
void buf_consume(struct buf *b, size_t n);

/* Puts a NUL behind the contents, which len does not count, and returns them: the buffer's memory, valid until its next
 * change. NULL: no memory. */
char *buf_str(struct buf *b);

/* Frees the memory and keeps max: inert again. */
void buf_done(struct buf *b);
