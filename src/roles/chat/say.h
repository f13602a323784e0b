#pragma once
/* SPDX-License-Identifier: MIT */
/* Saying something: SAY, and a line that is no verb. */

#include "session/role.h"

struct chat_session;

int chat_say(struct request *q, struct fields *f);

/* role.line(): a line that is no verb, where it is said in a room. */
int chat_say_line(struct request *q, char *line, size_t len, bool alone);
