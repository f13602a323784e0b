#pragma once
/* SPDX-License-Identifier: MIT */
/* The arguments of a command: long options, in any order, and words between them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flag {
	const char *name;   /* "columns" of --columns=LIST */
	const char **value; /* where its value goes; NULL: it takes none */
	bool *given;        /* NULL: of no interest */
};

/*
 * Takes the flags (the list ends with a NULL name) out of argv[1..]; the words stay behind argv[0], and so many of them
 * are returned. Negative: usage, said on stderr; so are fewer words than @min and more than @max.
 */
int flags_parse(const struct flag *flags, size_t min, size_t max, int argc, char **argv);

/* "90s" of @flag; negative: usage, said on stderr. */
int flags_time(const char *flag, const char *text, uint64_t *ret_usec);
