#pragma once
/* SPDX-License-Identifier: MIT */
/* How a session frames what it says: ioe-protocol(7), DIALECTS. */

enum dialect {
	DIALECT_UNDECIDED, /* nothing whole has come yet; answered as line where it must be */
	DIALECT_LINE,
	DIALECT_IOE1,
	DIALECT_RAW,
	DIALECT_MAX,
};

/* "line", "ioe/1", "raw"; "undecided". */
const char *dialect_name(enum dialect d);
