#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The progress of a transfer: after a second, one line on standard error, drawn again in its place and erased at the
 * end. Only where standard error is a terminal and this program is in the foreground. Between progress_begin() and
 * progress_end() a SIGINT that ends the program prints the progress.
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

/* Only one exists at a time. @kept stays the caller's. */
void progress_begin(struct progress *p, const struct client *c, const char *kept, uint64_t total);
void progress_step(struct progress *p, uint64_t done);
/* All bytes are sent, and the reply takes its time. @kept: the text from now on. */
void progress_wait(struct progress *p, const char *kept);
/* Also for one that never began, all zero. */
void progress_end(struct progress *p);

/* How long nothing is drawn, a second; for tests. */
extern uint64_t progress_delay_usec;
