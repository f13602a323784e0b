#pragma once
/* SPDX-License-Identifier: MIT */
/* The verbs TOPIC, KICK, MUTE, BAN and ROLE, for operators and owners of a room. */

#include "session/role.h"

int chat_moderate_topic(const struct call *call);
int chat_moderate_kick(const struct call *call);
int chat_moderate_mute(const struct call *call);
int chat_moderate_ban(const struct call *call);
int chat_moderate_role(const struct call *call);
