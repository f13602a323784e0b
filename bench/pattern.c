/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include "base/macro.h"

#include <string.h>

static char pattern_text[PATTERN_PERIOD + PATTERN_PIECE];

void pattern_init(void)
{
	uint64_t x = 1;
	size_t i;

	/* Knuth's MMIX generator; its upper bits are the good ones */
	for (i = 0; i < PATTERN_PERIOD; i++) {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		pattern_text[i] = (char)('a' + (x >> 33) % 26);
	}
	for (; i < sizeof(pattern_text); i++)
		pattern_text[i] = pattern_text[i - PATTERN_PERIOD];
}

const char *pattern_at(uint64_t off)
{
	return pattern_text + off % PATTERN_PERIOD;
}

bool pattern_matches(uint64_t off, const char *p, size_t n)
{
	size_t piece;

	for (; n > 0; n -= piece, p += piece, off += piece) {
		piece = MIN(n, (size_t)PATTERN_PIECE);
		if (memcmp(pattern_at(off), p, piece) != 0)
			return false;
	}

	return true;
}
