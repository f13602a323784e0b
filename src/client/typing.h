#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Lines typed at a terminal, while other lines may arrive: what is being typed stays below what is printed. The only
 * user of libedit.
 */

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct typing;

struct typing_ops {
	/* What else to listen to while somebody types (-1: nothing), and what to do when it is readable. Negative: the line
	 * ends as at the end of file. NULL, both: nothing. */
	int (*fd)(void *userdata);
	int (*receive)(void *userdata);
	/* In how many milliseconds hear() is to be called though nothing can be read; -1: only when something can. NULL: -1. */
	int (*patience)(void *userdata);
	/* Who asks for a line. */
	const char *(*prompt)(void *userdata);
	/* Tab behind @text: appends what is to be inserted, if anything: valid UTF-8 without control characters. */
	void (*complete)(void *userdata, const char *text, size_t len, struct buf *insert);
	/* What is done with a line, "Say": asks "Say 200 lines? (y/N)" before many that were pasted are given out. */
	const char *does;
	/* Nobody else reads the terminal meanwhile: what is typed between two lines waits, unseen and as it was typed. Else
	 * it is an ordinary terminal between two lines. */
	bool alone;
};

/* 0, -ENOTTY where this terminal cannot do it, -ENOMEM. @ops is kept. */
int typing_new(struct typing **ret, const struct typing_ops *ops, void *userdata);
struct typing *typing_free(struct typing *t);

/*
 * 1 and a line without its end, valid until the next call; 0 at the end of file; -EINTR: interrupted with nothing typed.
 * Else what was typed is dropped, and the line is empty. Of several lines that were pasted each call gives one; where an
 * interrupt came since the last call the others are dropped, which is said.
 */
int typing_line(struct typing *t, char **ret);

/* Pasted lines that have not been given out yet are dropped, and it is said how many. */
void typing_drop(struct typing *t);

/* Before something is printed, from within hear() and complete(): what is being typed leaves the screen, and is there
 * again afterwards. Elsewhere it does nothing. */
void typing_aside(struct typing *t);

/* From within hear(): the prompt is another one. */
void typing_prompt_changed(struct typing *t);

/* Behind typing_line(): that line leaves the screen, where the terminal can do that. */
void typing_wipe(struct typing *t);

/* What makes letters bold, and what ends it; empty strings where the terminal cannot. */
const char *typing_bold(const struct typing *t);
const char *typing_plain(const struct typing *t);
