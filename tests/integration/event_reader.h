#pragma once
/* SPDX-License-Identifier: MIT */
/* What somebody has heard in a room, and what is wrong with it when it is held against the log. */

#include "room.h"

struct event_reader_damage {
	unsigned missing;  /* it is in the log, and was not heard */
	unsigned doubled;  /* it was heard again */
	unsigned disorder; /* it came behind a later one */
	unsigned altered;  /* it is not what the log has under that number */
};

unsigned event_reader_sum(const struct event_reader_damage *d);
void event_reader_add(struct event_reader_damage *d, const struct event_reader_damage *more);

struct event_reader {
	GPtrArray *said; /* "FROM TEXT" of number n at n - 1, or NULL */
	unsigned n;      /* different ones */
	guint64 last;    /* the highest number */
	struct event_reader_damage damage;
};

void event_reader_init(struct event_reader *h);
void event_reader_done(struct event_reader *h);
void event_reader_take(struct event_reader *h, const struct room_said *s);
/* The line, if it is SAID of that room; else false. */
bool event_reader_take_line(struct event_reader *h, const char *line, const char *room);
/* The whole log, as HISTORY has it; it must be in order. */
void event_reader_take_history(struct event_reader *h, struct client *c, const char *room);
/* Adds to its damage what differs from @log. */
void event_reader_compare(struct event_reader *h, const struct event_reader *log);
