#pragma once
/* SPDX-License-Identifier: MIT */
/* What a command's own words may begin with: --nick=bob, --nick bob, --keep. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A list ends with a NULL name. */
struct flag {
	const char *name;   /* without its dashes */
	const char **value; /* it has one; or NULL */
	bool *set;          /* NULL or: it was there */
};

/*
 * Takes them off: the index in @argv of the first word that is none ("--" ends them and is passed over). -EINVAL and a
 * sentence in @why.
 */
int flags_take(const struct flag *flags, unsigned argc, char **argv, char *why, size_t why_size);

/* A number that a flag has. 0, or -EINVAL and a sentence in @why. */
int flags_number(const char *name, const char *value, uint64_t min, uint64_t max, uint64_t *ret, char *why,
		 size_t why_size);
