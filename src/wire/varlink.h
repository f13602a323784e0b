#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Varlink's framing and messages (varlink.org): JSON objects, each ended by a NUL. No I/O. One of the three places
 * that know json-c.
 */

#include "base/buf.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#define VARLINK_MESSAGE_MAX (64U << 10) /* bytes of one request, its NUL not counted */
#define VARLINK_REPLY_MAX   (8U << 20)  /* the same of one reply, for the tools */
#define VARLINK_DEPTH_MAX   32

enum varlink_result {
	VARLINK_NONE,     /* no whole message yet */
	VARLINK_MESSAGE,  /* ret is one, to be put by the caller */
	VARLINK_TOO_LONG, /* the connection cannot go on */
	VARLINK_BAD,      /* no JSON object, or nested too deep: the connection cannot go on */
};

/* Cuts a stream into messages. Inert when zero apart from in.max; each byte is looked at once. */
struct varlink_reader {
	struct buf in;
	size_t begin;   /* of the first message that was not taken yet, in @in */
	size_t scanned; /* no NUL between begin and here */
};

/* Keeps what came. 0, -ENOBUFS (in.max) or -ENOMEM. Take all messages before feeding again, and the buffer holds
 * at most one unfinished message and one piece. */
int varlink_feed(struct varlink_reader *r, const void *p, size_t n);

/* Takes the first message off. After TOO_LONG and BAD the reader is of no more use. */
enum varlink_result varlink_next(struct varlink_reader *r, size_t max, struct json_object **ret);

/* Bytes that are kept and not taken yet. */
size_t varlink_kept(const struct varlink_reader *r);
void varlink_reader_done(struct varlink_reader *r);

struct varlink_call {
	const char *method;             /* owned by the message */
	struct json_object *parameters; /* owned by the message; NULL where none */
	bool oneway, more, upgrade;     /* at most one of them */
};

/* Checks a request's types. 0, or -EBADMSG. Keys that are none of Varlink's are let be. */
int varlink_parse_call(struct json_object *message, struct varlink_call *ret);

struct varlink_reply {
	const char *error;              /* owned by the message; NULL: success */
	struct json_object *parameters; /* owned by the message; NULL where none */
	bool continues;
};

/* The same for a reply. */
int varlink_parse_reply(struct json_object *message, struct varlink_reply *ret);

/* Appends a message to @out. @parameters may be NULL and is not consumed. 0 or negative errno, @out untouched. */
int varlink_put_call(struct buf *out, const char *method, struct json_object *parameters, bool more);
int varlink_put_reply(struct buf *out, struct json_object *parameters, bool continues);
int varlink_put_error(struct buf *out, const char *error, struct json_object *parameters);
