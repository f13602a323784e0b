#pragma once
/* SPDX-License-Identifier: MIT */
/* The verb HISTORY: messages of a room, read from the store. In the session's thread. */

#include "session/role.h"

int chat_history(const struct call *call);
