#pragma once
/* SPDX-License-Identifier: MIT */
/* A growing byte buffer with a ceiling. The inert value is all zero apart from max. */

#include "base/macro.h"

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max; /* never more bytes than this; 0: no ceiling but memory (tools and tests) */
};

/* All return 0, -ENOBUFS at the ceiling or -ENOMEM; the contents are untouched where they fail. */

/* Room for @n more bytes at data + len. */
int buf_reserve(struct buf *b, size_t n);
int buf_append(struct buf *b, const void *p, size_t n);
int buf_append_str(struct buf *b, const char *s);
int buf_printf(struct buf *b, const char *fmt, ...) _printf_(2, 3);
int buf_vprintf(struct buf *b, const char *fmt, va_list ap) _printf_(2, 0);

/* Drops the first @n (at most len) bytes. */
void buf_consume(struct buf *b, size_t n);

/* Puts a NUL behind the contents (not counted) and returns them; NULL where there is no memory. Owned by the buffer. */
char *buf_str(struct buf *b);

/* Frees the memory and keeps max: inert again. */
void buf_done(struct buf *b);
