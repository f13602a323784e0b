#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The input of a session: bytes become lines, for dispatch.h, and bodies, for their sinks. Only in the session's
 * thread. For the files of session/ only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

void input_readable(struct session *s);
void input_resume(struct session *s); /* at the end of the pass: goes on with input that had to wait */
void input_feed(struct session *s, char *p, size_t n); /* works off these bytes as far as possible and keeps the rest */
void input_free(struct session *s);

/* Begins a body of @size bytes, which are thrown away unless an act claims them. False: no memory, and the session has
 * ended. */
bool input_begin_body(struct session *s, uint64_t size);
/* Decides a body that was begun with BODY_SIZE_UNDECIDED: its size, and the first bytes that did not count as its own
 * before. */
void input_resolve_body(struct session *s, uint64_t size, const char *front, size_t n_front);
void input_abort_body(struct session *s); /* the body ends early: notifies its sink */
