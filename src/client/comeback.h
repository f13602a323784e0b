#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Coming back after the connection broke, a step at a time: to where it was, or to another server with the same data,
 * under the same name, with longer and longer pauses between two tries, and for as long as somebody goes on.
 */

#include "client/client.h"
#include "client/search.h"

/* Inert when zero. */
struct comeback {
	struct search *search; /* under way, in the background; NULL: the next one is waited for */
	uint64_t next_usec, pause_usec;
	bool is_taken;         /* the server is there, and its answer to the name was: not now */
	struct buf why;        /* the last one found none */
	int error;
};

void comeback_done(struct comeback *b);

/* 1: the connection is there again, and the server knows the name; 0: not yet; -ENOTCONN: it is not to be, which was said,
 * and @ret_code goes with it. */
int comeback_step(struct comeback *b, struct client *c, enum exit_code *ret_code);

/* The same until it is there (OK), or not to be, or until then, which is said; USEC_NEVER: only a signal ends it. */
enum exit_code comeback_wait(struct comeback *b, struct client *c, uint64_t until_usec);

/* It was there, and of no use yet: the next try is a while off. */
void comeback_delay(struct comeback *b, struct client *c);

/* When to go on: once the descriptor (-1: none) can be read, or after so many milliseconds (-1: not before). */
int comeback_fd(const struct comeback *b);
int comeback_patience(const struct comeback *b);
