#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What a session receives: its bytes become lines, for dispatch.h, and bodies, for their sinks. Only in the session's
 * thread. For the files of session/ only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

void input_readable(struct session *s);
void input_resume(struct session *s); /* at the end of the pass: the session goes on with what had to wait */
void input_feed(struct session *s, char *p, size_t n); /* works off what it may of these bytes and holds the rest */
void input_free(struct session *s);

/* The next @size bytes are thrown away, unless an act claims them. False: no memory, and the session has ended. */
bool input_begin_body(struct session *s, uint64_t size);
/* A body that was begun with BODY_SIZE_UNDECIDED: its size, and its first bytes, where they were not taken to be of
 * it. */
void input_resolve_body(struct session *s, uint64_t size, const char *front, size_t n_front);
void input_abort_body(struct session *s); /* no more of the body will come: its sink is told so */
