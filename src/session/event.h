#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Events: lines that are sent to a session between its replies, without a request. This header is for channel/, which
 * sends one event to many sessions; a role has session_event_text() (session.h). Call all of it in the session's
 * thread.
 */

#include "net/slice.h"

struct session;

/*
 * Queues a whole event, formatted for the session's dialect: a line with its end, in raw without (slice_new()'s group
 * is the dialect). It leaves at the end of the pass; in raw it waits until it can be a recv of its own, together with
 * what piles up behind it. 0, or -EPIPE: the session is about to end and takes no more. One whose peer takes nothing
 * while limits.output is exceeded is dropped here: the queued events are thrown away, it is sent ERROR: slow, and has
 * some seconds to take that (observer_ops.gone() is given "slow").
 */
int session_event(struct session *s, const struct slice *f);

/* The same, for a session that has missed an event for a reason of ours. */
void session_drop_slow(struct session *s);

/* For one that would miss something, which cannot be had now: it is told ERROR: unavailable and @what, words without a
 * comma that are logged, too. Else as that; gone() hears "unavailable". */
void session_give_up(struct session *s, const char *what);
