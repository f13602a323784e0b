#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What holds for each session between two passes of its loop, whatever its client sends: the fuzz targets check it
 * after every pass. A violation ends the process (FUZZ_CHECK).
 */

#include "session/reactor.h"
#include "session/session.h"

/* What one answer can have, and what one pass can say to a session beyond limits.output. */
struct session_bounds {
	uint64_t answer_max, said_max;
};

/* A session on a connected socket, at its reactor at once, as if it had been accepted there. */
struct handle session_invariants_new(struct reactor *r, struct listener *l, int fd, const struct address *peer);

void session_invariants_check(struct reactor *r, const struct session_bounds *bounds);

/* The most that the sessions of the reactor can have been charged, those that have ended included, beside what asks
 * before it charges. */
uint64_t session_invariants_accounted(const struct reactor *r, const struct session_bounds *bounds);
