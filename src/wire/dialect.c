/* SPDX-License-Identifier: MIT */
#include "wire/dialect.h"

const struct dialect_traits dialect_table[DIALECT_MAX] = {
	[DIALECT_UNDECIDED] = { .name = "undecided", .line_end = "\n", .has_bare_lines = true },
	[DIALECT_LINE] = { .name = "line", .line_end = "\n", .has_bare_lines = true },
	[DIALECT_IOE1] = { .name = "ioe/1", .line_end = "\n", .encodes_fields = true, .has_events = true },
	[DIALECT_RAW] = { .name = "raw", .line_end = "", .has_bare_lines = true, .is_legacy = true },
};

const char *dialect_name(enum dialect d)
{
	return d < DIALECT_MAX ? dialect_table[d].name : "?";
}
