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

/* The differences between dialects for code that reads or writes text. Roles and channels use these traits and do not
 * compare dialects. */
struct dialect_traits {
	const char *name;
	const char *line_end; /* behind each reply and event */
	bool encodes_fields;  /* fields are encoded (field_encode()); else they are sent unchanged, for a terminal */
	bool has_events;      /* events are a word and fields, with numbers and ids; else they are text for people */
	bool has_bare_lines;  /* people type here: a line without a verb can be for a role, and the last field of a line
	                       * can have commas */
	bool is_legacy;       /* for old clients: each reply, and each event, must be one recv of the client */
};

extern const struct dialect_traits dialect_table[DIALECT_MAX];

static inline const struct dialect_traits *dialect_traits(enum dialect d)
{
	return &dialect_table[d];
}

/* The dialect of events to a session. An undecided session gets them as in line. */
static inline enum dialect dialect_of_events(enum dialect d)
{
	return d == DIALECT_UNDECIDED ? DIALECT_LINE : d;
}

/* "line", "ioe/1", "raw"; "undecided". */
const char *dialect_name(enum dialect d);
