#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Cuts a stream of bytes into lines, whatever pieces it comes in. A line that is whole in the piece at hand is
 * returned where it lies; only an unfinished rest is copied, and each byte is looked at once. Knows nothing of
 * sockets.
 */

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum line_result {
	LINE_NONE,     /* all was taken, no line ends in it */
	LINE_WHOLE,    /* ret_line is one line, without its LF or CR LF */
	LINE_TOO_LONG, /* once for each line over the limit; what is left of it will be skipped */
	LINE_NO_MEMORY,/* the rest could not be kept: the session cannot go on */
};

/* Inert when zero. */
struct line_reader {
	struct buf rest; /* the unfinished line, at most max + 1 bytes: a CR may be the first half of its end */
	bool skipping;   /* inside a line that is over the limit, up to its LF */
};

/*
 * Takes from *p (*n bytes left), advancing both. @max is the most bytes of a line, its end not counted. *ret_line
 * is in *p's memory or the reader's, may be changed, and lives until the next call or until either is freed.
 */
enum line_result line_next(struct line_reader *r, char **p, size_t *n, size_t max, char **ret_line, size_t *ret_len);

/* Bytes kept for the unfinished line. */
size_t line_kept(const struct line_reader *r);

/* Whether the stream stands inside a line: for the time an unfinished line may take. */
bool line_is_unfinished(const struct line_reader *r);

void line_reader_done(struct line_reader *r);

/* Takes telnet's IAC sequences (RFC 854) out of a line in place; returns its new length. */
size_t line_strip_telnet(char *line, size_t len);
