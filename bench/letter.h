#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * How a message of 100 bytes is given to each server for somebody, and how it says that the message is on disk. Client
 * number n is "m" and four hexadecimal digits.
 */

#include <stddef.h>
#include <stdint.h>

#define LETTER_TEXT_BYTES 100
#define LETTER_MAX        1024 /* bytes of anything that is said */

struct letter_bytes {
	const char *p;
	size_t n;
};

/* In what is said, {m} stands for who says it, {t} for who it is to (four digits both), {x} for the text. Answers are
 * templates (frame.h). */
struct letter {
	const char *name;
	struct letter_bytes hello;
	struct letter_bytes ready; /* ends what is answered to that */
	struct letter_bytes send;
	struct letter_bytes sent;
	struct letter_bytes count; /* how many are held for {m}; none: it is not asked */
	struct letter_bytes counted;
	int rises; /* the answer's number is higher than the last one's on this connection */
};

/* NULL: that server takes none. */
const struct letter *letter_find(const char *name);

/* All of it, with @text for {x}. -ENOBUFS, or its length. */
int letter_write(const struct letter_bytes *b, unsigned who, unsigned to, const char text[LETTER_TEXT_BYTES],
		 char buf[LETTER_MAX]);

void letter_make_text(char text[LETTER_TEXT_BYTES], unsigned who, uint64_t number);
