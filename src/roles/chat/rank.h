#pragma once
/* SPDX-License-Identifier: MIT */
/* The three roles that somebody may have in a room, and who may do what to whom. */

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

/* Whether @actor may do anything to a room: set its topic, or deal with others. */
bool chat_rank_may(enum chat_rank actor);

/* Whether @actor may put out, silence or ban @target. */
bool chat_rank_may_act(enum chat_rank actor, enum chat_rank target);

/* Whether @actor may make @target a @to. */
bool chat_rank_may_make(enum chat_rank actor, enum chat_rank target, enum chat_rank to);
