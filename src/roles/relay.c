/* SPDX-License-Identifier: MIT */
#include "roles/relay.h"

#include "base/macro.h"

static const struct role_verb relay_verbs[] = {
	{ { "SEND", "SEND,name,text[,key]", "Leaves a message for a name.", 2, 3, VERB_NOT_YET }, NULL },
	{ { "FETCH", "FETCH[,max]", "Takes what waits.", 0, 1, VERB_BARRIER | VERB_NOT_YET }, NULL },
	{ { "WAIT", "WAIT,on|off", "Has messages delivered as they come.", 1, 1, VERB_BARRIER | VERB_NOT_YET }, NULL },
	{ { "ACK", "ACK,ID[,ID...]", "Acknowledges messages.", 1, FIELDS_MAX, VERB_NOT_YET }, NULL },
	{ { "MAILBOX", "MAILBOX[,clear]", "Tells of the mailbox, or empties it.", 0, 1, VERB_NOT_YET }, NULL },
	{ { "STATUS", "STATUS,ID", "Tells what became of a message.", 1, 1, VERB_NOT_YET }, NULL },
};

const struct role relay_role = {
	.name = "relay",
	.verbs = relay_verbs,
	.n_verbs = ELEMENTSOF(relay_verbs),
};
