#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What is said to sessions unasked, between their replies. For whoever tells many sessions of one thing (channel/); a
 * role has session.h: session_event_text(). All of it in the session's thread.
 */

#include "daemon/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

/*
 * Queues a whole event, formatted for the session's dialect: a line with its end, in raw without (frame_new()'s lane is
 * the dialect). It leaves at the end of the pass; in raw it waits until it can be a recv of its own, together with what
 * piles up behind it. 0, or -EPIPE: the session is about to end and takes no more. One whose peer takes nothing while
 * limits.output is over is cut off here: what is queued of events is dropped, it is told ERROR: slow, and has some
 * seconds to take that.
 */
int session_event(struct session *s, const struct frame *f);

/* For session.c. What waits in raw: tries to say it; when that is to be tried again, UINT64_MAX for never; whether there
 * is anything. */
void event_flush(struct session *s);
uint64_t event_deadline(const struct session *s);
bool event_is_pending(const struct session *s);
void event_free(struct session *s);
