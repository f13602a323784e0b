#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What is said to an old client, one thing at a time: it takes one recv for each, so the next leaves once its TCP has
 * the last and some time has passed. Answers and events wait here in the order they came; events that pile up go out
 * together, an LF between them. For raw.c only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outq;
struct pace_item;
struct session;

struct pace {
	struct pace_item *head, *tail;
	size_t events;       /* bytes of events that wait */
	unsigned answers;    /* that wait */
	uint64_t said_usec;  /* when the last left; 0: none yet */
	uint64_t retry_usec; /* the peer's TCP has not taken it: looked at again so much later */
	uint64_t at_usec;    /* when to look next, by pace_go(); USEC_NEVER: something else will tell */
};

void pace_init(struct pace *p);
void pace_clear(struct session *s, struct pace *p);

/* All of @answer; one that is empty is none. 0 or -ENOMEM. */
int pace_answer(struct session *s, struct pace *p, struct outq *answer);
/* @alone: no other event goes with it. 0 or -ENOMEM. Call pace_go() or pace_later() then. */
int pace_event(struct session *s, struct pace *p, const void *data, size_t len, bool alone);

/* Whether something may be said now; if not, at_usec is set where only the clock can tell. */
bool pace_is_open(struct session *s, struct pace *p);
/* Says the next, if it may be. Call when the output has drained, too. */
void pace_go(struct session *s, struct pace *p);
/* In a while, by at_usec: something else comes first. */
void pace_later(struct session *s, struct pace *p);
