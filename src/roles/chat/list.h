#pragma once
/* SPDX-License-Identifier: MIT */
/* The verbs ROOMS and WHO. In the session's thread; what they need of a room they ask of its owner. */

#include "session/role.h"

int chat_list_rooms(const struct call *call);
int chat_list_who(const struct call *call);
