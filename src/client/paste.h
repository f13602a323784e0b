#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Bracketed paste: the bytes that a terminal sends between ESC [ 200 ~ and ESC [ 201 ~ were pasted. They are text, and
 * not keys. All other bytes are keys, unchanged.
 */

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define PASTE_MAX (4U << 20) /* bytes of one */

enum paste_result {
	PASTE_KEYS,      /* take them with paste_key(), if there are any */
	PASTE_TEXT,      /* paste.text is one that has ended; to be taken before more is given */
	PASTE_TOO_LARGE, /* over PASTE_MAX, or over the memory: one has ended, and nothing is left of it */
};

/* Inert when zero. */
struct paste {
	struct buf text;
	bool inside;
	bool too_large;
	size_t n_marker; /* bytes that can be the beginning of a marker */
	char keys[8];
	size_t n_keys, at;
};

void paste_done(struct paste *p);

/* Feeds one byte; the keys read before it have been taken. */
enum paste_result paste_take(struct paste *p, char c);
bool paste_key(struct paste *p, char *ret);

/*
 * Makes lines of pasted text, in place: CR, LF, and both together become '\n'; other control characters but TAB, and
 * bytes that are not UTF-8, become '?'. Returns the number of lines, with one that has no end.
 */
size_t paste_clean(struct buf *text);
