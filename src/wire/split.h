#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Finds where the size ends and the file begins in an old client's WRITE. An old client sends "WRITE,name,size" and the
 * file directly behind the digits; if the file begins with digits, they follow those of the size without a gap. A
 * person at netcat sends "WRITE,name,size", an LF, and the file some time later. The bytes alone do not always decide:
 * it matters in which pieces they arrived, and when. The rules are those of ioe-protocol(7), OLD CLIENTS. No I/O and no
 * clock: the caller passes the bytes, and how long the session has been idle.
 *
 * There are two readings. The split: the first k digits are the size, and all behind them is the file. The line: the
 * size stands behind the last comma of the first line, and all behind the end of the line is the file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPLIT_DIGITS_MAX 18 /* of a size */

/* The bytes that have arrived behind the second comma, where the size begins. Inert when zero. */
struct split {
	bool raw_only;   /* set by the caller: the session is raw already; no line reading, each recv's end counts */
	uint64_t come;   /* bytes */
	uint64_t digits; /* how many of them, from the first on, are digits */
	char digit[SPLIT_DIGITS_MAX];
	bool digits_end; /* a byte that is no digit has arrived: next */
	char next;
	uint32_t ends;   /* bit k: a recv that counts ended behind k bytes */

	/* The first line. */
	bool line_ended;
	bool line_is_size; /* only digits so far behind its last comma */
	bool line_comma;   /* it has a comma: rather a table than a header with a comma in the name */
	unsigned line_digits;
	uint64_t line_size;
	uint64_t line_body; /* offset of the file in this reading, once line_ended */
	bool line_cr;       /* its last byte so far is a CR */
};

enum split_moment {
	SPLIT_NOW,       /* right after a recv */
	SPLIT_IDLE,      /* nothing has come for legacy_wait */
	SPLIT_LONG_IDLE, /* nothing has come for 1 s */
	SPLIT_EOF,
};

enum split_verdict {
	SPLIT_WAIT,
	SPLIT_LINE, /* a line; the session treats it as any other line */
	SPLIT_RAW,  /* the split: the size has *ret_digits digits, and the whole file has arrived */
	SPLIT_NONE, /* neither reading fits: the session throws the bytes away */
};

void split_init(struct split *s, bool raw_only);

/* Adds bytes. @recv_end: the last of them is the last byte of a recv; without raw_only, of the session's first recv. */
void split_feed(struct split *s, const char *p, size_t n, bool recv_end);

enum split_verdict split_decide(const struct split *s, enum split_moment moment, unsigned *ret_digits);

/* The value of the first @k digits; k <= digits and <= SPLIT_DIGITS_MAX. */
uint64_t split_size(const struct split *s, unsigned k);
