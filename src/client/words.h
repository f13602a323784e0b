#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A command's line into words, much as a shell does: blanks separate; '...' keeps everything; "..." too, but for \"
 * and \\; a backslash elsewhere keeps the next character; # at the start of a word begins a comment.
 */

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
