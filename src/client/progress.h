#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * How far a transfer is: after a second, one line on standard error, drawn anew in its place and erased at the end.
 * Only where that is a terminal and this program is in front of it. From progress_begin() to progress_end() a SIGINT
 * that ends the program says so.
 */

#include "client/client.h"

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const struct client *client;
	const char *kept; /* what becomes of the part: "nothing of it is kept" */
	uint64_t total;
	uint64_t begun_usec, next_usec;
	bool is_on;
	int shown; /* columns that are drawn */
};

/* One at a time. @kept is the caller's. */
void progress_begin(struct progress *p, const struct client *c, const char *kept, uint64_t total);
void progress_step(struct progress *p, uint64_t done);
/* All is sent, and the answer may take long. @kept: from now on. */
void progress_wait(struct progress *p, const char *kept);
/* Also for one that never began, all zero. */
void progress_end(struct progress *p);

/* How long nothing is drawn, a second; for tests. */
extern uint64_t progress_delay_usec;
