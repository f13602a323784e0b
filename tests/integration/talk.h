#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A server that is played, so that it can lose connections and say things at moments that a real one seldom hits.
 */

#include "tool.h"

#define TALK_HI "HI,ioe/1,ioed/0,1,chat+relay,127.0.0.1,,store\n"
/* With other roles, or more that it can do, or other data. */
#define TALK_HI_AS(roles, caps, store) "HI,ioe/1,ioed/0,1," roles ",127.0.0.1," caps "," store "\n"

/* What is heard, as a glob, and what is said then. @hear NULL: the connection is closed, and the next one is served. */
struct talk_turn {
	const char *receive, *say;
};

#define TALK_HELLO { "HELLO,ioe/1", TALK_HI }
#define TALK_CLOSE { NULL, NULL }

struct talk {
	int listener, fd;
	char *server;
	const struct talk_turn *turns;
	size_t n_turns;
	GThread *thread;
	GString *received; /* all lines */
};

void talk_start(struct talk *t, const struct talk_turn *turns, size_t n_turns);
/* All turns have been played, and nothing was heard behind the last. */
void talk_finish(struct talk *t);
/* How a tool ended; @out NULL: whatever it printed. */
void talk_expect(const struct tool *t, int status, const char *out);
