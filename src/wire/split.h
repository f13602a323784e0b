#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Where an old client's WRITE ends its size and begins its file. It sends "WRITE,name,size" and the file right behind
 * the digits, so that digits the file begins with join the size's; a person at netcat sends "WRITE,name,size", an LF,
 * and the file some time later. The bytes alone cannot always tell; when and in which pieces they came counts. The
 * rules are those of ioe-protocol(7), OLD CLIENTS. No I/O and no clock: the caller says what came, and for how long the
 * session has been idle.
 *
 * Two readings stand against each other. A split: the first k digits are the size, all behind them is the file. The
 * line: what follows the last comma of the first line is the size, all behind the line's end is the file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPLIT_DIGITS_MAX 18 /* of a size */

/* What has come behind the comma in front of the size: the second one. Inert when zero. */
struct split {
	bool raw_only;   /* set by the caller: the session is raw already; no line reading, each recv's end counts */
	uint64_t come;   /* bytes */
	uint64_t digits; /* how many of them, from the first on, are digits */
	char digit[SPLIT_DIGITS_MAX];
	bool digits_end; /* something else follows the digits: next */
	char next;
	uint32_t ends;   /* bit k: a recv that counts ended behind k bytes */

	/* The first line. */
	bool line_ended;
	bool line_is_size; /* only digits so far behind its last comma */
	bool line_comma;   /* there is one, so its name would have a comma, too: an old client's table is likelier */
	unsigned line_digits;
	uint64_t line_size;
	uint64_t line_body; /* where the file would begin, once line_ended */
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
	SPLIT_LINE, /* it is a line, as far as the session's other rules see one */
	SPLIT_RAW,  /* an old client's, with the size of ret_digits digits; all of the file is there */
	SPLIT_NONE, /* neither: nothing of it is to be kept */
};

void split_init(struct split *s, bool raw_only);

/* More has come. @recv_end: these bytes end where a recv ended (in a session that is not raw: the session's first). */
void split_feed(struct split *s, const char *p, size_t n, bool recv_end);

enum split_verdict split_decide(const struct split *s, enum split_moment moment, unsigned *ret_digits);

/* The size that the first @k digits are; k <= digits and <= SPLIT_DIGITS_MAX. */
uint64_t split_size(const struct split *s, unsigned k);
