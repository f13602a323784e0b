#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Calls the observers of a session (struct observer in session.h): when, and in which order. For the files of session/
 * only.
 */

#include <stdbool.h>
#include <stdint.h>

struct session;

/* At the end of a pass: tells those who asked, and those who have no more to expect. */
void observer_run(struct session *s);

/* The time of the next call of observer_run(); UINT64_MAX: no time is set. */
uint64_t observer_deadline(const struct session *s);

/* Whether an observer waits until the peer's TCP has taken all output. The session is not closed before that. */
bool observer_is_waiting(const struct session *s);

void observer_renamed(struct session *s, const char *old);
void observer_gone(struct session *s, const char *why); /* all of them, for good */
