#pragma once
/* SPDX-License-Identifier: MIT */
/* Lines become requests: each is answered or deferred by the act of its verb. For the files of session/ only. */

#include "wire/foreign.h"
#include "wire/verb.h"

#include <stdbool.h>
#include <stddef.h>

struct request;
struct session;

/* Acts on one line, without its end, and changes the bytes of it. The session can have ended afterwards. False: the
 * line and all behind it have to wait; the caller keeps the line, in its present form, and calls again later. In both
 * cases *len is less where telnet's sequences were taken out of the line. */
bool dispatch_line(struct session *s, char *line, size_t *len);

/* Calls the act of the request's verb. @rest: the bytes behind the verb's comma; NULL: there is no comma. */
void dispatch_act(struct request *q, char *rest, size_t len);

/*
 * For a request that is refused before the act of its verb is called: the bytes that follow the line are thrown away,
 * as many as its last field says. Call before answering. False: the verb has no body, or the number is missing or
 * cannot be read, and nothing is thrown away.
 */
bool dispatch_skip_body(struct request *q, const struct verb *v, const char *rest, size_t len);

/* Calls role.unmatched() for a request of unmatched input. */
void dispatch_unmatched(struct request *q);

void dispatch_too_long(struct session *s); /* answers a line over limits.line */
void dispatch_refuse_foreign(struct session *s, enum foreign what); /* ends: nothing that came or comes is a request */
