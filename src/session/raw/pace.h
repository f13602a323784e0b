#pragma once
/* SPDX-License-Identifier: MIT */
/* The replies and events that wait for an old client's turn to take them. For the files of session/raw/ only. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outq;
struct pace_item;
struct session;

/* Inert after pace_init(). */
struct pace {
	struct pace_item *head, *tail;
	size_t events;       /* bytes of events that wait */
	unsigned replies;    /* that wait */
	uint64_t sent_usec;  /* when the last left; 0: none yet */
	uint64_t retry_usec; /* the peer's TCP has not taken it: looked at again so much later */
	uint64_t at_usec;    /* when to look next, by pace_go(); USEC_NEVER: something else will tell */
};

void pace_init(struct pace *p);
void pace_clear(struct session *s, struct pace *p);

/* Whether something may be sent now; if not, at_usec is set where only the clock can tell. */
bool pace_is_open(struct session *s, struct pace *p);
/* Sends the next, if it is its turn. Call when the output has drained, too. */
void pace_go(struct session *s, struct pace *p);

/* Ops of the dialect (session/dialect.h). A reply that is empty is none. */
int pace_reply(struct session *s, struct outq *reply);
int pace_event(struct session *s, const void *data, size_t len, bool alone);
