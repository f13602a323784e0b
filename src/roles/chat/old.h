#pragma once
/* SPDX-License-Identifier: MIT */
/* The old chat client: it is greeted with Hii, answers with its name, and enters the lobby. In the session's thread. */

#include "session/role.h"

#include <stdbool.h>

struct chat_session;

/* role.idle(). */
void chat_old_idle(struct session *s);

/* Whether the session was greeted and has no name yet. */
bool chat_old_is_greeting(struct chat_session *cs);

/* A line of such a session. Returns as role.line() does. */
int chat_old_line(const struct call *call, struct chat_session *cs);
