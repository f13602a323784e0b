#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Lines typed at a terminal while messages arrive: the line being typed stays below the printed ones. The only user of
 * libedit.
 */

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct typing;

struct typing_ops {
	/* A second descriptor to wait for (-1: none), and the call when it is readable. Negative: the line ends as
	 * at the end of file. NULL, both: none. */
	int (*fd)(void *userdata);
	int (*receive)(void *userdata);
	/* The milliseconds after which receive() is called although nothing is readable; -1: never. NULL: -1. */
	int (*patience)(void *userdata);
	/* The text before the line. */
	const char *(*prompt)(void *userdata);
	/* Tab behind @text: appends what is to be inserted, if anything: valid UTF-8 without control characters. */
	void (*complete)(void *userdata, const char *text, size_t len, struct buf *insert);
	/* The act on a line, a verb: "Say 200 lines? (y/N)" comes before many pasted lines are handed out. */
	const char *does;
	/* Nothing else reads the terminal: keys typed between two lines wait, and are not echoed. Else it is an
	 * ordinary terminal between two lines. */
	bool alone;
};

/* 0, -ENOTTY where this terminal cannot do it, -ENOMEM. @ops is kept. */
int typing_new(struct typing **ret, const struct typing_ops *ops, void *userdata);
struct typing *typing_free(struct typing *t);

/*
 * 1 and a line without its end, valid until the next call; 0 at the end of file; -EINTR: interrupted with nothing
 * typed. An interrupt drops what was typed, and the line is empty. Each call hands out one of several pasted lines; an
 * interrupt since the last call drops the others, which is printed.
 */
int typing_line(struct typing *t, char **ret);

/* Drops the pasted lines that were not handed out yet, and prints how many. */
void typing_drop(struct typing *t);

/* To be called before printing, from within receive() and complete(): the line being typed leaves the screen and is
 * drawn again afterwards. Elsewhere it does nothing. */
void typing_aside(struct typing *t);

/* From within receive(): the prompt has changed. */
void typing_prompt_changed(struct typing *t);

/* Behind typing_line(): that line leaves the screen, where the terminal can do that. */
void typing_wipe(struct typing *t);

/* The sequences that begin and end bold letters; empty strings where the terminal has none. */
const char *typing_bold(const struct typing *t);
const char *typing_plain(const struct typing *t);
