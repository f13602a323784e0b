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

/* The verb of that name; NULL: no role that is not offered here has one. */
const struct verb_entry *elsewhere_find(const struct session *s, const char *name, size_t len);

/* Whether the line is a request of such a verb. In line and raw, where people speak, only with its right number of
 * fields. */
bool elsewhere_has(const struct session *s, const char *line, size_t len);

/* Answers the line if it is one, and has a body that it announces thrown away. False: it is none. */
bool elsewhere_refuse(struct session *s, const char *line, size_t len);

/* Answers with where the verb is served. */
void elsewhere_answer(struct request *q, const struct verb_entry *e);
