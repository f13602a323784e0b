#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A client's end of a session, which knows what answers it is owed: it reads along what is sent as the protocol says
 * it is to be read (ioe-protocol(7)), only so far as to know where requests begin and what form their answers have;
 * and it takes what it hears apart, and insists that each answer is owed, and that answers and events are in form.
 */

#include "base/buf.h"
#include "fuzz/sim_server.h"

struct client {
	struct sim_server *sim;
	const struct listener *listener;
	int fd; /* -1: not there */
	struct handle session;
	bool ended; /* it has closed its sending side */
	bool raw;   /* or may become so: no form can be told */
	bool gone;  /* end of file, or a reset, was received */
	bool cut;   /* it was told that this is the end */

	/* What was sent, and what it amounts to. */
	enum dialect dialect;
	bool first_line, over; /* nothing behind is a request */
	bool skipping;         /* in a line that is too long */
	struct buf line;
	uint64_t body_left;
	struct buf owed;   /* an enum owed for each answer */
	/* How many of them are answered: at least, and at most, since some of them are only where something is
	 * wrong. */
	size_t answered_min, answered_max;

	/* What was received. */
	struct buf answer; /* the unfinished line of one */
	uint64_t sized_left;
};

/* False: refused. */
bool client_open(struct client *c, struct sim_server *h, enum sim_server_listener listener, unsigned host,
		 bool small_buffers);

/* Returns how much was taken; what was not counts as not sent. */
size_t client_say(struct client *c, const char *p, size_t n);

/* Reads at most @max bytes. Returns how many there were. */
size_t client_hear(struct client *c, size_t max);

void client_end(struct client *c);   /* half-closes */
void client_close(struct client *c); /* what was sent and not read yet makes it a reset */

/* A line that is no answer, but the last word before the server closes: events have been lost. */
bool client_is_end(const char *line, size_t n);

/* Half-closes, hears all there is and closes. A session that nothing cut short has given every answer. */
void client_finish(struct client *c);
