/* SPDX-License-Identifier: MIT */
#include "roles/chat.h"

#include "base/macro.h"

static const struct role_verb chat_verbs[] = {
	{ { "JOIN", "JOIN,room[,after]", "Enters a room.", 1, 2, VERB_BARRIER | VERB_NOT_YET }, NULL },
	{ { "PART", "PART,room", "Leaves a room.", 1, 1, VERB_BARRIER | VERB_NOT_YET }, NULL },
	{ { "ROOMS", "ROOMS", "Lists the rooms.", 0, 0, VERB_NOT_YET }, NULL },
	{ { "WHO", "WHO[,room]", "Lists who is there.", 0, 1, VERB_NOT_YET }, NULL },
	{ { "SAY", "SAY,room,text", "Says something in a room.", 2, 2, VERB_NOT_YET }, NULL },
	{ { "HISTORY", "HISTORY,room,after,count", "What was said.", 3, 3, VERB_NOT_YET }, NULL },
	{ { "TOPIC", "TOPIC,room,text", "Sets a room's topic.", 2, 2, VERB_NOT_YET }, NULL },
	{ { "KICK", "KICK,room,name[,why]", "Puts somebody out of a room.", 2, 3, VERB_NOT_YET }, NULL },
	{ { "MUTE", "MUTE,room,name,seconds", "Silences somebody.", 3, 3, VERB_NOT_YET }, NULL },
	{ { "BAN", "BAN,room,name,seconds", "Keeps somebody out.", 3, 3, VERB_NOT_YET }, NULL },
	{ { "ROLE", "ROLE,room,name,role", "Makes somebody owner, operator or member.", 3, 3, VERB_NOT_YET }, NULL },
};

const struct role chat_role = {
	.name = "chat",
	.verbs = chat_verbs,
	.n_verbs = ELEMENTSOF(chat_verbs),
};
