#pragma once
/* SPDX-License-Identifier: MIT */
/* The dialects: the forms in which a session writes its replies and events (ioe-protocol(7), DIALECTS). */

enum dialect {
	DIALECT_UNDECIDED, /* no whole line has arrived yet; an answer that cannot wait is written as in line */
	DIALECT_LINE,
	DIALECT_IOE1,
	DIALECT_RAW,
	DIALECT_MAX,
};

/* "line", "ioe/1", "raw"; "undecided". */
const char *dialect_name(enum dialect d);
