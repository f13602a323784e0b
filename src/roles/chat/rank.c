/* SPDX-License-Identifier: MIT */
/*
 * Owners have the right to act on everybody, other owners included. Operators have it for members only, whom they can
 * make operators. If operators could act on each other, the first one to expel the others would own the room.
 */
#include "roles/chat/rank.h"

#include "base/str.h"

#include <string.h>

static const char *const chat_rank_names[CHAT_RANK_MAX] = {
	[CHAT_RANK_MEMBER] = "member",
	[CHAT_RANK_OPERATOR] = "operator",
	[CHAT_RANK_OWNER] = "owner",
};

const char *chat_rank_name(enum chat_rank r)
{
	return chat_rank_names[r];
}

enum chat_rank chat_rank_from_name(const char *s, size_t n)
{
	enum chat_rank r;

	for (r = CHAT_RANK_MEMBER; r < CHAT_RANK_MAX; r++)
		if (str_casecmp(s, n, chat_rank_names[r], strlen(chat_rank_names[r])) == 0)
			break;
	return r;
}

bool chat_rank_may(enum chat_rank actor)
{
	return actor >= CHAT_RANK_OPERATOR;
}

bool chat_rank_may_act(enum chat_rank actor, enum chat_rank target)
{
	return actor == CHAT_RANK_OWNER || (actor == CHAT_RANK_OPERATOR && target == CHAT_RANK_MEMBER);
}

bool chat_rank_may_make(enum chat_rank actor, enum chat_rank target, enum chat_rank to)
{
	return chat_rank_may_act(actor, target) && to <= actor;
}
