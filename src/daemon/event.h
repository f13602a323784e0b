#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What is said to sessions unasked. An event is formatted once a dialect and reactor, into a segment that all sessions
 * it goes to refer to: a piece of a session's output that says where, no copy. What comes behind it in the same segment
 * makes that piece longer. For whoever tells sessions of things (channel/); all of it in the reactor's thread.
 */

#include "wire/dialect.h"

#include <stddef.h>
#include <stdint.h>

struct reactor;
struct session;
struct segment;

/* A reference of its own to bytes that never change. */
struct frame {
	struct segment *segment;
	uint32_t start, len;
};

/* The bytes are a whole event, with its line's end in line and ioe/1. 0 or -ENOMEM. */
int frame_new(struct reactor *r, enum dialect d, const void *data, size_t len, struct frame *ret);
void frame_done(struct reactor *r, struct frame *f);

/*
 * Queues it between the session's replies; it leaves at the end of the pass. In raw it waits until it can be a recv of
 * its own, together with what piles up behind it. 0, or -EPIPE: the session is about to end and takes no more. One whose
 * peer takes nothing while limits.output is over is cut off here: what is queued of events is dropped, it is told
 * ERROR: slow, and has some seconds to take that (session_attachment_ops.gone() hears "slow").
 */
int session_event(struct session *s, const struct frame *f);
