#pragma once
/* SPDX-License-Identifier: MIT */
/* What operators and owners of a room may do: its topic, and who may be there, speak there, and be what there. */

#include "session/role.h"

int chat_moderate_topic(struct request *q, struct fields *f);
int chat_moderate_kick(struct request *q, struct fields *f);
int chat_moderate_mute(struct request *q, struct fields *f);
int chat_moderate_ban(struct request *q, struct fields *f);
int chat_moderate_role(struct request *q, struct fields *f);
