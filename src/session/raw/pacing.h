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
	uint64_t sent_usec;  /* when the last one left; 0: none has */
	uint64_t retry_usec; /* interval of checks whether the peer's TCP has taken it */
	uint64_t at_usec;    /* time of the next pacing_flush(); USEC_NEVER: another event calls it */
};

void pacing_init(struct pacing *p);
void pacing_clear(struct session *s, struct pacing *p);

/* Whether the next one can be sent now. If not, at_usec is set, unless another event will call pacing_flush(). */
bool pacing_is_open(struct session *s, struct pacing *p);
/* Sends the next one, if it is its turn. To be called when the output has drained, too. */
void pacing_flush(struct session *s, struct pacing *p);

/* Operations of the dialect (session/dialect.h). An empty reply is not sent. */
int pacing_reply(struct session *s, struct outq *reply);
int pacing_event(struct session *s, const void *data, size_t len, bool alone);
