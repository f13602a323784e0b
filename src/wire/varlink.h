#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The frames and messages of Varlink (varlink.org): JSON objects, each with a NUL behind it. No I/O. Strings and
 * objects of a message are json-c's, so the caller frees a message with json_object_put().
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
	VARLINK_MESSAGE,  /* *ret is one; the caller frees it with json_object_put() */
	VARLINK_TOO_LONG, /* the connection must end */
	VARLINK_BAD,      /* no JSON object, or nested too deep: the connection must end */
};

/* Cuts a stream into messages. Inert when zero apart from in.max; each byte is looked at once. */
struct varlink_reader {
	struct buf in;
	size_t begin;   /* offset in @in of the first message that has not been taken */
	size_t scanned; /* no NUL stands between begin and this offset */
};

/* Adds bytes. 0, -ENOBUFS (more than in.max) or -ENOMEM. A caller that takes all messages before it feeds again needs
 * memory for one unfinished message and one piece at most. */
int varlink_feed(struct varlink_reader *r, const void *p, size_t n);

/* Removes the first message and returns it in *ret. After VARLINK_TOO_LONG and VARLINK_BAD the reader is of no use. */
enum varlink_result varlink_next(struct varlink_reader *r, size_t max, struct json_object **ret);

/* Bytes that were fed and not yet taken. */
size_t varlink_kept(const struct varlink_reader *r);
void varlink_reader_done(struct varlink_reader *r);

struct varlink_call {
	const char *method;             /* owned by the message */
	struct json_object *parameters; /* owned by the message; NULL where none */
	bool oneway, more, upgrade;     /* at most one is true */
};

/* Checks the types of a request's members. 0, or -EBADMSG. Members that Varlink does not define are ignored. */
int varlink_parse_call(struct json_object *message, struct varlink_call *ret);

struct varlink_reply {
	const char *error;              /* owned by the message; NULL: success */
	struct json_object *parameters; /* owned by the message; NULL where none */
	bool continues;
};

/* The same for a reply. */
int varlink_parse_reply(struct json_object *message, struct varlink_reply *ret);

/* Each appends a message to @out. @parameters can be NULL and is not consumed. 0; or negative errno, and @out stays as
 * it was. */
int varlink_put_call(struct buf *out, const char *method, struct json_object *parameters, bool more);
int varlink_put_reply(struct buf *out, struct json_object *parameters, bool continues);
int varlink_put_error(struct buf *out, const char *error, struct json_object *parameters);
