#pragma once
/* SPDX-License-Identifier: MIT */
/* Decodes the events of ioe/1, and the lines of a room's history, which are similar. */

#include "wire/field.h"

#include <stddef.h>
#include <stdint.h>

enum news_kind {
	NEWS_SAID,      /* room, number, time, name, text */
	NEWS_JOINED,    /* room, name */
	NEWS_LEFT,      /* room, name, text: why */
	NEWS_TOPIC,     /* room, name, text */
	NEWS_MAIL,      /* number: its ID, name, time, text */
	NEWS_DELIVERED, /* number: its ID, name, time */
	NEWS_HISTORY,   /* number, time, name, text; only in an answer */
	NEWS_ERROR,     /* text: an error that answers no request */
};

/* Fields that the kind does not have are zero. */
struct news {
	enum news_kind kind;
	struct field room, name, text; /* decoded, any bytes; in the line's memory */
	uint64_t number, time_msec;
};

/*
 * Decodes an event of ioe/1 in place: 1; 0 where the first word is no event, and the line is untouched; -EPROTO where
 * the rest is malformed. Fields behind the known ones are ignored.
 */
int news_parse(char *line, size_t len, struct news *ret);

/* SEQ,TIME,FROM,TEXT: 0 or -EPROTO. */
int news_parse_history(char *line, size_t len, struct news *ret);
