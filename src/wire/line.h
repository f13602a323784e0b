#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Cuts a stream of bytes into lines, in whatever pieces the bytes arrive. A line that is whole in the current piece is
 * returned in place; only an unfinished rest is copied. Each byte is looked at once. No I/O.
 */

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum line_result {
	LINE_NONE,     /* all bytes were taken, and no line ends in them */
	LINE_WHOLE,    /* ret_line is one line, without its LF or CR LF */
	LINE_TOO_LONG, /* once for each line over the limit; the rest of that line will be skipped */
	LINE_NO_MEMORY,/* the rest could not be kept: the session cannot go on */
};

/* Inert when zero. */
struct line_reader {
	struct buf rest; /* the unfinished line, at most max + 1 bytes: a CR may be the first half of its end */
	bool skipping;   /* inside a line that is over the limit, up to its LF */
};

/*
 * Takes bytes from *p, of which *n are left, and advances both. @max is the limit of a line in bytes, without its end.
 * *ret_line points into the memory of *p or of the reader. The caller may change the line; it is valid until the next
 * call, and no longer than that memory.
 */
enum line_result line_next(struct line_reader *r, char **p, size_t *n, size_t max, char **ret_line, size_t *ret_len);

/* Bytes kept for the unfinished line. */
size_t line_kept(const struct line_reader *r);

/* Whether a line has begun and not ended, for the time limit of an unfinished line. */
bool line_is_unfinished(const struct line_reader *r);

void line_reader_done(struct line_reader *r);

/* Removes telnet's IAC sequences (RFC 854) from a line, in place. Returns the new length. */
size_t line_strip_telnet(char *line, size_t len);
