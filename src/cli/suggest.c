/* SPDX-License-Identifier: MIT */
#include "cli/suggest.h"

#include "base/macro.h"
#include "base/str.h"

#include <stdbool.h>
#include <string.h>

#define SUGGEST_MAX 16 /* letters; longer words are not looked at */

static unsigned suggest_min(unsigned a, unsigned b, unsigned c)
{
	return MIN(MIN(a, b), c);
}

/* The number of changes from @a to @b: a letter that is wrong, missing, too many, or swapped with its neighbour. Upper
 * and lower case are equal. */
static unsigned suggest_distance(const char *a, size_t an, const char *b, size_t bn)
{
	unsigned d[SUGGEST_MAX + 1][SUGGEST_MAX + 1];

	for (size_t i = 0; i <= an; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= bn; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= an; i++) {
		for (size_t j = 1; j <= bn; j++) {
			bool same = str_casecmp(a + i - 1, 1, b + j - 1, 1) == 0;

			d[i][j] = suggest_min(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + !same);
			if (i > 1 && j > 1 && str_casecmp(a + i - 1, 1, b + j - 2, 1) == 0 &&
			    str_casecmp(a + i - 2, 1, b + j - 1, 1) == 0)
				d[i][j] = MIN(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[an][bn];
}

const char *suggest(const char *word, const char *(*at)(unsigned i))
{
	size_t len = strlen(word), name_len;
	const char *name, *best = NULL;
	/* Changes to find: one in a short word, two in others. */
	unsigned least = len < 4 ? 2 : 3, d;

	if (len == 0 || len > SUGGEST_MAX)
		return NULL;
	for (unsigned i = 0; (name = at(i)); i++) {
		name_len = strlen(name);
		/* The word is the beginning of the name. */
		if (len > 1 && name_len > len && str_casecmp(name, len, word, len) == 0)
			return name;
		d = name_len <= SUGGEST_MAX ? suggest_distance(word, len, name, name_len) : least;
		if (d < least && d < len) {
			least = d;
			best = name;
		}
	}
	return best;
}
