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

/* When observer_run() wants to be called by the clock, UINT64_MAX for never. */
uint64_t observer_deadline(const struct session *s);

/* Somebody waits for the peer's TCP to take what was said: the session is not closed before. */
bool observer_is_waiting(const struct session *s);

void observer_renamed(struct session *s, const char *old);
void observer_gone(struct session *s, const char *why); /* all of them, for good */
