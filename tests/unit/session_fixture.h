#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A role for the tests of sessions, on a server of their own: it puts its answers off for as long, and gives them in
 * the order, that a test wants.
 */

#include "session/session-private.h"

#include <stdatomic.h>

extern const struct option_schema session_fixture_schema;
extern const struct role *const session_fixture_roles[];

/* _i of the loop tests: with one reactor or four, on a listener that is for old clients too or is not. */
#define SESSION_FIXTURE_WAYS 4
char *session_fixture_configure(int way, const char *more);
void session_fixture_start(int way, const char *more);
/* Until all reactors have come round. */
void session_fixture_settle(void);

/* Requests that were put off: so many have come; and the reactor answers one with its key. */
void session_fixture_until_parked(unsigned n);
unsigned session_fixture_count_parked(void);
/* Waits until that is done. Whether somebody was still there. */
bool session_fixture_answer(unsigned i);

/* What BIG answers with. */
#define SESSION_FIXTURE_BYTES (1 << 20)
extern char session_fixture_bytes[SESSION_FIXTURE_BYTES];

/* How much room the sinks of bodies have, and what they heard. */
extern atomic_uint session_fixture_body_room, session_fixture_body_gone, session_fixture_body_asked;
/* The body that EAT expects. */
char *session_fixture_body_of(size_t n);
/* For serve_call(): the last sink has room again. */
void session_fixture_body_resume(struct reactor *r, void *arg);
