#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * How a dialect writes what is sent to a session: a table for each, in line.c, ioe1.c and, for the old clients,
 * raw/format.c. Whoever writes a reply or an event asks the table, or the traits of wire/dialect.h, and does not
 * compare dialects.
 *
 * Replies in line and ioe/1 are a stream of lines: their bytes go straight to where they leave from. A reply in raw is
 * fitted: an old client takes it with one recv, so it is collected whole, and then frame() and reply() have it.
 * dialect_is_fitted() tells the two apart with one comparison, as every reply passes there.
 *
 * For the files of session/ only.
 */

#include "base/macro.h"
#include "wire/dialect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outq;
struct request;
struct session;

#define DIALECT_SIZE_MAX  64  /* bytes in front of a sized answer */
#define DIALECT_TEXT_MAX  512 /* bytes of an error's text, before it is written in a dialect */
#define DIALECT_ERROR_MAX (3 * DIALECT_TEXT_MAX) /* and after */

struct dialect_ops {
	const char *separator; /* in front of bytes that would else run into those before them */
	bool has_telnet;       /* its lines may hold telnet's sequences, which are no text */
	/* The size in a line is the exact size of the body behind it, and the next line follows the body. */
	bool has_counted_body;
	bool is_final;         /* HELLO cannot change the dialect any more */

	/* The length of @data as a field, and its bytes. NULL: fields are not encoded. */
	size_t (*field_len)(const char *data, size_t len);
	size_t (*field)(char *dst, const char *data, size_t len);

	/* Writes the line in front of a sized answer with @size bytes; returns its length. */
	size_t (*size)(char dst[DIALECT_SIZE_MAX], uint64_t size);

	/* Sends a whole list or help text. NULL: it is sent as any sized answer. */
	void (*text)(struct request *q, const char *text, size_t len);

	/* Writes the text of an error behind "ERROR: CODE: "; returns its length. */
	size_t (*error)(const struct request *q, char dst[DIALECT_ERROR_MAX], const char *text, size_t len);

	/* Writes the event that the server is about to end the session. NULL: there is none. */
	void (*goaway)(struct session *s, const char *why);

	/* Fitted dialects only. */
	void (*frame)(struct request *q); /* all of the reply is in q->out: answers, if it fits */
	int (*reply)(struct session *s, struct outq *reply); /* sends a whole reply: takes its bytes. 0 or -ENOMEM */
	/* Sends a whole event; @alone: no other event leaves with it. 0 or -ENOMEM. */
	int (*event)(struct session *s, const void *data, size_t len, bool alone);
};

extern const struct dialect_ops dialect_line, dialect_ioe1, dialect_raw;

/* For undecided sessions it is the table of line. */
static inline const struct dialect_ops *dialect_get(enum dialect d)
{
	static const struct dialect_ops *const ops[DIALECT_MAX] = {
		[DIALECT_UNDECIDED] = &dialect_line,
		[DIALECT_LINE] = &dialect_line,
		[DIALECT_IOE1] = &dialect_ioe1,
		[DIALECT_RAW] = &dialect_raw,
	};

	return ops[d];
}

static inline bool dialect_is_fitted(enum dialect d)
{
	return unlikely(d == DIALECT_RAW);
}

/* In line.c: operations that other dialects use, too. */
size_t dialect_line_size(char dst[DIALECT_SIZE_MAX], uint64_t size);
size_t dialect_line_error(const struct request *q, char dst[DIALECT_ERROR_MAX], const char *text, size_t len);
