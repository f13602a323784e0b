/* SPDX-License-Identifier: MIT */
/* The dialect line, for people at netcat and for scripts. Fields are not encoded; the last one can have commas. */
#include "base/str.h"
#include "session/session-private.h"

#include <string.h>

/* Bytes of an error's text where each that is outside printable ASCII is written as four. */
#define DIALECT_LINE_ERROR_MAX 1100

_Static_assert(DIALECT_LINE_ERROR_MAX <= DIALECT_ERROR_MAX, "an escaped text fits");

size_t dialect_line_size(char dst[DIALECT_SIZE_MAX], uint64_t size)
{
	size_t n = str_put_u64(dst, size);

	dst[n++] = '\n';
	return n;
}

/* The text is for a terminal, so no byte that steers a terminal is left in it. */
size_t dialect_line_error(_unused_ const struct request *q, char dst[DIALECT_ERROR_MAX], const char *text, size_t len)
{
	(void)str_escape(dst, DIALECT_LINE_ERROR_MAX, text, len);
	return strlen(dst);
}

const struct dialect_ops dialect_line = {
	.separator = "",
	.has_telnet = true,
	.has_counted_body = true,
	.size = dialect_line_size,
	.error = dialect_line_error,
};
