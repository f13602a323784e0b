#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What is said to sessions unasked, between their replies. For whoever tells many sessions of one thing (channel/); a
 * role has session.h: session_event_text(). All of it in the session's thread.
 */

#include "net/slice.h"

struct session;

/*
 * Queues a whole event, formatted for the session's dialect: a line with its end, in raw without (slice_new()'s lane is
 * the dialect). It leaves at the end of the pass; in raw it waits until it can be a recv of its own, together with what
 * piles up behind it. 0, or -EPIPE: the session is about to end and takes no more. One whose peer takes nothing while
 * limits.output is over is cut off here: what is queued of events is dropped, it is told ERROR: slow, and has some
 * seconds to take that (attachment_ops.gone() hears "slow").
 */
int session_event(struct session *s, const struct slice *f);

/* As that, for one that has missed something for a reason of ours. */
void session_cut_off(struct session *s);

/* For one that would miss something, which cannot be had now: it is told ERROR: unavailable and @what, words without a
 * comma that are logged, too. Else as that; gone() hears "unavailable". */
void session_give_up(struct session *s, const char *what);
