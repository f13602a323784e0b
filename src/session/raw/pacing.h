#pragma once
/* SPDX-License-Identifier: MIT */
/* Replies and events that wait until an old client can take the next one. For the files of session/raw/ only. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outq;
struct pacing_item;
struct session;

/* Inert after pacing_init(). */
struct pacing {
	struct pacing_item *head, *tail;
	size_t events;       /* bytes of events that wait */
	unsigned replies;    /* that wait */
	uint64_t sent_usec;  /* when the last left; 0: none yet */
	uint64_t retry_usec; /* the peer's TCP has not taken it: looked at again so much later */
	uint64_t at_usec;    /* when to look next, by pacing_flush(); USEC_NEVER: something else will tell */
};

void pacing_init(struct pacing *p);
void pacing_clear(struct session *s, struct pacing *p);

/* Whether something may be sent now; if not, at_usec is set where only the clock can tell. */
bool pacing_is_open(struct session *s, struct pacing *p);
/* Sends the next, if it is its turn. Call when the output has drained, too. */
void pacing_flush(struct session *s, struct pacing *p);

/* Ops of the dialect (session/dialect.h). A reply that is empty is none. */
int pacing_reply(struct session *s, struct outq *reply);
int pacing_event(struct session *s, const void *data, size_t len, bool alone);
