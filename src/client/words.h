#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Splits the line of a command into words, much as a shell does: blanks separate; '...' keeps everything; "..." too,
 * but for \" and \\; a backslash elsewhere keeps the next character; # at the start of a word begins a comment.
 */

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Inert when zero. The words end in a NULL. */
struct words {
	unsigned n;
	char **at;
	char *memory; /* of all of them */
};

/* 0, with no words for an empty line; -EINVAL and a sentence in *ret_why for a quote that is not closed or a
 * backslash with nothing behind it; -ENOMEM. */
int words_split(const char *line, struct words *ret, const char **ret_why);
void words_done(struct words *w);

/*
 * The same for the beginning of a line, for completion. The last word is the one that is being typed; behind a blank it
 * is empty. *ret_quote is the quote in which it stands, or 0. No words: the line ends in a comment. 0 or -ENOMEM.
 */
int words_split_open(const char *line, struct words *ret, char *ret_quote);

/* Appends @s so that it is read as it is, inside of @quote (0: none); @first: at the beginning of a word. 0 or negative
 * errno. */
int words_quote(struct buf *to, const char *s, size_t len, char quote, bool first);

/* The words with a blank between two. 0 or negative errno. */
int words_join(struct buf *to, unsigned n, char **words);
