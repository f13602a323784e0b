#pragma once
/* SPDX-License-Identifier: MIT */
/* The verbs TOPIC, KICK, MUTE, BAN and ROLE, for operators and owners of a room. */

#include "session/role.h"

int chat_moderate_topic(struct request *q, struct fields *f);
int chat_moderate_kick(struct request *q, struct fields *f);
int chat_moderate_mute(struct request *q, struct fields *f);
int chat_moderate_ban(struct request *q, struct fields *f);
int chat_moderate_role(struct request *q, struct fields *f);
