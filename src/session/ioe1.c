/* SPDX-License-Identifier: MIT */
/* The dialect ioe/1, for programs: every field is encoded, and GOAWAY announces the end of the session. */
#include "base/str.h"
#include "session/session-private.h"
#include "wire/field.h"

#include <stdio.h>

/* A program shows it, and knows what its terminal can. */
static size_t dialect_ioe1_error(_unused_ const struct request *q, char dst[DIALECT_ERROR_MAX], const char *text,
				 size_t len)
{
	char harmless[DIALECT_TEXT_MAX];

	return field_encode(dst, harmless, str_harmless(harmless, text, len));
}

static void dialect_ioe1_goaway(struct session *s, const char *why)
{
	char event[320];
	int n = snprintf(event, sizeof(event), "GOAWAY,%s\n", why);

	conn_write(&s->conn, event, MIN((size_t)n, sizeof(event) - 1));
}

const struct dialect_ops dialect_ioe1 = {
	.separator = "",
	.has_counted_body = true,
	.field_len = field_encoded_len,
	.field = field_encode,
	.size = dialect_line_size,
	.error = dialect_ioe1_error,
	.goaway = dialect_ioe1_goaway,
};
