#pragma once
/* SPDX-License-Identifier: MIT */
/* Messages to a room: the verb SAY, and lines without a verb. */

#include "session/role.h"

struct chat_session;

int chat_say(const struct call *call);

/* role.line(): a line without a verb, if it is a message. */
int chat_say_line(const struct call *call, bool alone);
