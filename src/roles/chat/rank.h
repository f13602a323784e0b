#pragma once
/* SPDX-License-Identifier: MIT */
/* The three ranks in a room, which the protocol calls roles, and the rights of each. No state; any thread. */

#include <stdbool.h>
#include <stddef.h>

enum chat_rank {
	CHAT_RANK_MEMBER,
	CHAT_RANK_OPERATOR,
	CHAT_RANK_OWNER,
	CHAT_RANK_MAX,
};

/* "member", "operator", "owner". */
const char *chat_rank_name(enum chat_rank r);

/* Upper and lower case are equal. CHAT_RANK_MAX: no rank has this name. */
enum chat_rank chat_rank_from_name(const char *s, size_t n);

/* Whether @actor has the right to moderate: to set the topic, and to act on other members. */
bool chat_rank_may(enum chat_rank actor);

/* Whether @actor has the right to expel, mute or ban @target. */
bool chat_rank_may_act(enum chat_rank actor, enum chat_rank target);

/* Whether @actor has the right to give @target the rank @to. */
bool chat_rank_may_make(enum chat_rank actor, enum chat_rank target, enum chat_rank to);
