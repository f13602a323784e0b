#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A verb that is known, and not here: of a role that the session's listener does not offer. Whoever says one has come to
 * the wrong port, and meant what is in it for that role alone: it is refused, never said in a room, and the answer tells
 * where it is served. ioe-protocol(7), Verbs of other listeners. For session.c's files only.
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
