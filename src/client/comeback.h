#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Reconnecting after the connection broke, one step at a time: to the same server, or to another one with the same
 * data, under the same nick, with longer and longer pauses, until the caller stops.
 */

#include "client/client.h"
#include "client/search.h"

/* Inert when zero. */
struct comeback {
	struct search *search; /* under way, in a thread; NULL: waiting for the next one */
	uint64_t next_usec, pause_usec;
	bool is_taken;  /* the server is there, and the nick is not free yet */
	struct buf why; /* of the last search that found none */
	int error;
};

void comeback_done(struct comeback *b);

/* 1: the connection is there, and the server knows the nick; 0: not yet; -ENOTCONN: reconnecting is refused, the
 * reason was printed, and @ret_code is the exit code. */
int comeback_step(struct comeback *b, struct client *c, enum exit_code *ret_code);

/* Repeats the step until the connection is there (OK), is refused, or the time is over, which is printed;
 * USEC_NEVER: only a signal ends it. */
enum exit_code comeback_wait(struct comeback *b, struct client *c, uint64_t until_usec);

/* The connection was there and of no use yet: delays the next attempt. */
void comeback_delay(struct comeback *b, struct client *c);

/* When to call the next step: once the descriptor (-1: none) is readable, or after so many milliseconds (-1: not
 * before). */
int comeback_fd(const struct comeback *b);
int comeback_patience(const struct comeback *b);
