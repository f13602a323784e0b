#pragma once
/* SPDX-License-Identifier: MIT */
/* What hangs on a session (session.h: session_attach()), as session.c sees it. */

#include <stdbool.h>
#include <stdint.h>

struct session;

/* All output is with the kernel, or it is time to look again. May end the session. */
void attachment_look(struct session *s);
/* When attachment_look() wants to be called, UINT64_MAX for never. */
uint64_t attachment_deadline(const struct session *s);
/* One wants to hear of something yet. */
bool attachment_is_waiting(const struct session *s);
void attachment_renamed(struct session *s, const char *old);
/* All are told so, and are none of the session's any more. */
void attachment_gone(struct session *s, const char *why);
