#pragma once
/* SPDX-License-Identifier: MIT */
/* The verbs ROOMS and WHO. They run in the session's thread, and request the data of a room from its owner. */

#include "session/role.h"

int chat_list_rooms(const struct call *call);
int chat_list_who(const struct call *call);
