#pragma once
/* SPDX-License-Identifier: MIT */
/* Messages to a room: the verb SAY, and lines without a verb. */

#include "session/role.h"

struct chat_session;

int chat_say(struct request *q, struct fields *f);

/* role.line(): a line without a verb, if it is a message. */
int chat_say_line(struct request *q, char *line, size_t len, bool alone);
