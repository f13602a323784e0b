/* SPDX-License-Identifier: MIT */
/*
 * A line has at most max bytes, and then LF or CR LF. So the LF is one of the first max + 2 bytes, or the line is too
 * long; after max + 1 bytes without an LF it is already too long, unless the last of them is a CR. The bytes behind
 * this window need not be looked at to decide. So no byte is looked at twice, and no byte of a line that is too long is
 * copied for nothing.
 */
#include "wire/line.h"

#include <string.h>

#define LINE_IAC      255
#define LINE_IAC_SE   240
#define LINE_IAC_SB   250
#define LINE_IAC_WILL 251 /* the first of the four commands with an option: WILL, WONT, DO, DONT */

static inline void line_advance(char **p, size_t *n, size_t k)
{
	*p += k;
	*n -= k;
}

/* Skips the rest of a line that was reported as too long: up to its LF, or all bytes. */
static void line_skip(struct line_reader *r, char **p, size_t *n)
{
	char *lf = *n ? memchr(*p, '\n', *n) : NULL;

	line_advance(p, n, lf ? (size_t)(lf - *p) + 1 : *n);
	r->skipping = !lf;
}

/* How many of the next @n bytes can belong to a line of which @kept bytes are kept. */
static inline size_t line_window(size_t kept, size_t n, size_t max)
{
	size_t space;

	if (max >= PTRDIFF_MAX)
		return n;
	space = kept < max + 2 ? max + 2 - kept : 0;
	return MIN(n, space);
}

static inline bool line_ends_in_cr(const struct line_reader *r, const char *piece, size_t k)
{
	if (k > 0)
		return piece[k - 1] == '\r';
	return r->rest.len > 0 && r->rest.data[r->rest.len - 1] == '\r';
}

static bool line_keep(struct line_reader *r, const char *piece, size_t k, size_t max)
{
	r->rest.max = max >= PTRDIFF_MAX ? 0 : max + 1;
	return buf_append(&r->rest, piece, k) == 0;
}

_hot_ enum line_result line_next(struct line_reader *r, char **p, size_t *n, size_t max, char **ret_line,
				 size_t *ret_len)
{
	char *piece, *lf;
	size_t k, len;

	/* The caller is done with the last line, and an idle session holds no memory. */
	if (unlikely(r->rest.data && r->rest.len == 0))
		buf_done(&r->rest);
	if (unlikely(r->skipping))
		line_skip(r, p, n);
	if (*n == 0)
		return LINE_NONE;

	piece = *p;
	k = line_window(r->rest.len, *n, max);
	lf = k ? memchr(piece, '\n', k) : NULL;
	if (lf)
		k = (size_t)(lf - piece);
	len = r->rest.len + k;
	if (line_ends_in_cr(r, piece, k))
		len--;

	if (unlikely(len > max)) {
		buf_done(&r->rest);
		r->skipping = !lf;
		line_advance(p, n, k + !!lf);
		return LINE_TOO_LONG;
	}
	if ((!lf || r->rest.len > 0) && unlikely(!line_keep(r, piece, k, max)))
		return LINE_NO_MEMORY;
	line_advance(p, n, k + !!lf);
	if (!lf)
		return LINE_NONE;

	*ret_line = r->rest.len > 0 ? r->rest.data : piece;
	*ret_len = len;
	r->rest.len = 0;
	return LINE_WHOLE;
}

size_t line_kept(const struct line_reader *r)
{
	return r->rest.len;
}

bool line_is_unfinished(const struct line_reader *r)
{
	return r->rest.len > 0 || r->skipping;
}

void line_reader_done(struct line_reader *r)
{
	buf_done(&r->rest);
	r->skipping = false;
}

/* The first byte behind a sub-negotiation, which ends with IAC SE; @end where the line ends before it does. */
static const unsigned char *line_skip_subnegotiation(const unsigned char *p, const unsigned char *end)
{
	while (p < end) {
		p = memchr(p, LINE_IAC, (size_t)(end - p));
		if (!p || end - p < 2)
			return end;
		if (p[1] == LINE_IAC_SE)
			return p + 2;
		p += 2; /* IAC IAC is a byte of data */
	}
	return end;
}

size_t line_strip_telnet(char *line, size_t len)
{
	const unsigned char *end = (unsigned char *)line + len, *p;
	unsigned char *q;

	p = len ? memchr(line, LINE_IAC, len) : NULL;
	if (!p)
		return len;
	q = (unsigned char *)line + (p - (unsigned char *)line);
	while (p < end) {
		if (*p != LINE_IAC) {
			*q++ = *p++;
		} else if (end - p < 2) {
			break;
		} else if (p[1] == LINE_IAC) {
			*q++ = LINE_IAC;
			p += 2;
		} else if (p[1] == LINE_IAC_SB) {
			p = line_skip_subnegotiation(p + 2, end);
		} else {
			p += MIN(p[1] >= LINE_IAC_WILL ? 3 : 2, end - p);
		}
	}
	return (size_t)(q - (unsigned char *)line);
}
