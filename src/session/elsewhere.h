#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Verbs of roles that the session's listener does not offer. A client that sends one has connected to the wrong port.
 * Its line is refused, and never becomes a message in a room: the text was meant for the other role alone. The error
 * names the port where the verb is served. ioe-protocol(7), Verbs of other listeners. For the files of session/ only.
 */

#include "wire/verb.h"

#include <stdbool.h>
#include <stddef.h>

struct request;
struct session;

/* The verb with that name; NULL: none of the roles that are not offered here has one. */
const struct verb_entry *elsewhere_find(const struct session *s, const char *name, size_t len);

/* Whether the line is a request of such a verb. In line and raw, where people type texts, it must have the right number
 * of fields. */
bool elsewhere_has(const struct session *s, const char *line, size_t len);

/* Refuses the line if it is such a request; the body that it announces is thrown away. False: it is none. */
bool elsewhere_refuse(struct session *s, const char *line, size_t len);

/* Answers the request with an error that names the port where the verb is served. */
void elsewhere_answer(struct request *q, const struct verb_entry *e);
