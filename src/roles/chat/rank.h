#pragma once
/* SPDX-License-Identifier: MIT */
/* The three ranks in a room, called roles in the protocol, and which of them may do what. No state; any thread. */

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

/* In any case of letters; CHAT_RANK_MAX for none. */
enum chat_rank chat_rank_from_name(const char *s, size_t n);

/* Whether @actor may moderate at all: set the topic, act on others. */
bool chat_rank_may(enum chat_rank actor);

/* Whether @actor may expel, mute or ban @target. */
bool chat_rank_may_act(enum chat_rank actor, enum chat_rank target);

/* Whether @actor may give @target the rank @to. */
bool chat_rank_may_make(enum chat_rank actor, enum chat_rank target, enum chat_rank to);
