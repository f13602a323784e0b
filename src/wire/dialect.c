/* SPDX-License-Identifier: MIT */
#include "wire/dialect.h"

const char *dialect_name(enum dialect d)
{
	switch (d) {
	case DIALECT_UNDECIDED:
		return "undecided";
	case DIALECT_LINE:
		return "line";
	case DIALECT_IOE1:
		return "ioe/1";
	case DIALECT_RAW:
		return "raw";
	case DIALECT_MAX:
		break;
	}
	return "?";
}
