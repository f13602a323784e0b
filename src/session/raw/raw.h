#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The old clients, as the rest of session/ sees them. One send of an old client is one command, and only idleness ends
 * it. Each file answers one question: which sessions are of old clients (detect.c), where a command ends (command.c),
 * where the size of a WRITE ends (write.c), when the next reply leaves (pacing.c), and how a reply looks (format.c,
 * behind session/dialect.h). ioe-protocol(7), OLD CLIENTS.
 *
 * For the files of session/ only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

/* Bytes came to a session that is undecided or raw (s->raw_watch). */
void raw_feed(struct session *s, char *p, size_t n);

/* The session has been idle, or its peer has ended its requests, or something that a command waited for is done. */
void raw_tick(struct session *s);

/* The time of the next call of raw_tick(); UINT64_MAX: no time is set. */
uint64_t raw_deadline(const struct session *s);

/* Whether bytes have arrived that were not worked off; whether they are kept here; whether the session is undecided. */
bool raw_is_pending(const struct session *s);
bool raw_is_unfinished(const struct session *s);
bool raw_is_line_begun(const struct session *s);

/* Whether replies or events wait to be sent; and how many of the waiting bytes are events. */
bool raw_has_unsent(const struct session *s);
size_t raw_event_bytes(const struct session *s);

/* Throws away all waiting input and output. */
void raw_drop(struct session *s);

/* For a new session: if a role wants that, the session is watched for being idle (role.idle). */
void raw_watch_idle(struct session *s);

void raw_free(struct session *s);
