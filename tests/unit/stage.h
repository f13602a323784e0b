#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A role for the tests of sessions, on a server of their own: it puts its answers off for as long, and gives them in
 * the order, that a test wants.
 */

#include "session/session-private.h"

#include <stdatomic.h>

extern const struct option_schema stage_schema;
extern const struct role *const stage_roles[];

/* _i of the loop tests: with one reactor or four, on a listener that is for old clients too or is not. */
#define STAGE_WAYS 4
char *stage_configure(int way, const char *more);
void stage_start(int way, const char *more);
/* Until all reactors have come round. */
void stage_settle(void);

/* Requests that were put off: so many have come; and the reactor answers one with its key. */
void stage_until_parked(unsigned n);
unsigned stage_count_parked(void);
/* Waits until that is done. Whether somebody was still there. */
bool stage_answer(unsigned i);

/* What BIG answers with. */
#define STAGE_BYTES (1 << 20)
extern char stage_bytes[STAGE_BYTES];

/* How much room the sinks of bodies have, and what they heard. */
extern atomic_uint stage_body_room, stage_body_gone, stage_body_asked;
/* The body that EAT expects. */
char *stage_body_of(size_t n);
/* For serve_call(): the last sink has room again. */
void stage_body_resume(struct reactor *r, void *arg);
