#pragma once
/* SPDX-License-Identifier: MIT */
/* What somebody has heard in a room, and what is wrong with it when it is held against the log. */

#include "room.h"

struct heard_damage {
	unsigned missing;  /* it is in the log, and was not heard */
	unsigned doubled;  /* it was heard again */
	unsigned disorder; /* it came behind a later one */
	unsigned altered;  /* it is not what the log has under that number */
};

unsigned heard_sum(const struct heard_damage *d);
void heard_add(struct heard_damage *d, const struct heard_damage *more);

struct heard {
	GPtrArray *said; /* "FROM TEXT" of number n at n - 1, or NULL */
	unsigned n;      /* different ones */
	guint64 last;    /* the highest number */
	struct heard_damage damage;
};

void heard_init(struct heard *h);
void heard_done(struct heard *h);
void heard_take(struct heard *h, const struct room_said *s);
/* The line, if it is SAID of that room; else false. */
bool heard_take_line(struct heard *h, const char *line, const char *room);
/* The whole log, as HISTORY has it; it must be in order. */
void heard_take_history(struct heard *h, struct client *c, const char *room);
/* Adds to its damage what differs from @log. */
void heard_compare(struct heard *h, const struct heard *log);
