#pragma once
/* SPDX-License-Identifier: MIT */
/* The dialects: the forms in which a session writes its replies and events (ioe-protocol(7), DIALECTS). */

#include <stdbool.h>

enum dialect {
	DIALECT_UNDECIDED, /* no whole line has arrived yet; an answer that cannot wait is written as in line */
	DIALECT_LINE,
	DIALECT_IOE1,
	DIALECT_RAW,
	DIALECT_MAX,
};

/* What differs between dialects for whoever reads or writes text. Roles and channels ask this and compare no
 * dialects. */
struct dialect_traits {
	const char *name;
	const char *line_end; /* behind each reply and event */
	bool encodes_fields;  /* in each field (field_encode()); else fields stand as they are, and a terminal shows them */
	bool has_events;      /* events are a word and fields, with numbers and ids; else they are a text for people */
	bool has_bare_lines;  /* people speak here: a line that fits no verb may be a role's, and the last field of a line
	                       * holds commas */
	bool is_legacy;       /* an old client's: a reply, and an event, is what one recv takes */
};

extern const struct dialect_traits dialect_table[DIALECT_MAX];

static inline const struct dialect_traits *dialect_traits(enum dialect d)
{
	return &dialect_table[d];
}

/* In which an event is written to a session: to an undecided one as in line. */
static inline enum dialect dialect_of_events(enum dialect d)
{
	return d == DIALECT_UNDECIDED ? DIALECT_LINE : d;
}

/* "line", "ioe/1", "raw"; "undecided". */
const char *dialect_name(enum dialect d);
