#pragma once
/* SPDX-License-Identifier: MIT */
/* The servers we drive: what each is asked, and how exactly it has to answer. */

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In an answer, stands for any one byte: nginx puts the date into its own. */
#define TARGET_ANY '?'

/* Files, over the connection that questions go over. {name} and {size} stand for the file's, {hex} for its size. */
struct target_files {
	const char *get;
	const char *got; /* before the bytes */
	const char *put; /* before the bytes */
	const char *stored;
};

struct target {
	const char *name;
	bool greets; /* says one line before it is asked */
	bool ftp;    /* is asked for files in a way of its own (ftp.h) */
	const char *request; /* NULL where it answers none but files */
	const char *answer;
	const struct target_files *files; /* NULL where it has none */
};

const struct target *target_find(const char *name);
const struct target *target_at(size_t i); /* NULL behind the last */

/* @text with a file's name and size put in, which the caller frees. NULL: no memory. */
char *target_expand(const char *text, const char *name, uint64_t size);

/* What has to come back for a batch of requests. */
struct expect {
	char *text;
	char *mask; /* NULL where every byte is fixed; else 0 where any byte will do */
	size_t len;
};

int expect_init(struct expect *e, const char *answer, size_t times);
void expect_done(struct expect *e);

/* Whether these are the bytes from @pos on. False too where they are more than there ought to be. */
bool expect_matches(const struct expect *e, size_t pos, const char *p, size_t n);

/* @times copies of @s in one piece, which the caller frees. NULL: no memory. */
char *target_repeat(const char *s, size_t times, size_t *ret_len);
