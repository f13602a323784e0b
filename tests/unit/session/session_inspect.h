#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What tests of other layers are told of the inside of a session, which is in no public header. All calls are made in
 * the thread of the reactor (serve_call(), serve_until()).
 */

#include "session/reactor.h"
#include "session/session.h"

/* The session that came first, or last, of those that are there. NULL: none is. */
struct session *session_inspect_first(struct reactor *r);
struct session *session_inspect_last(struct reactor *r);

/* The session does not read until some of its output is sent. */
bool session_inspect_is_paused(const struct session *s);
/* The kernel takes no more of its output; @ret: how many bytes of it were not sent yet. */
bool session_inspect_is_full(const struct session *s, int *ret);
/* Whether any session still waits for so many bytes of a body. */
bool session_inspect_any_body_left(const struct reactor *r, uint64_t n);

/* Ends the session at once, as the loss of its connection does. */
void session_inspect_end(struct session *s, const char *why);
