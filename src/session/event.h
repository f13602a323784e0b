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
 * Queues a whole event, formatted for the session's dialect: a line with its end, in raw without its end. The group of
 * slice_new() is the dialect. The event leaves at the end of the pass. In raw it waits until it can be a recv of its
 * own, together with further events. 0, or -EPIPE: the session is about to end and takes no more. If limits.output is
 * exceeded while the peer takes nothing, the session is dropped here: its queued events are thrown away, it is sent
 * ERROR: slow, and it has some seconds to read that (observer_ops.gone() gets "slow").
 */
int session_event(struct session *s, const struct slice *f);

/* Drops a session in the same way, because the daemon could not queue an event for it. */
void session_drop_slow(struct session *s);

/* Drops a session that would miss an event which cannot be read now. It is sent ERROR: unavailable and @what, words
 * without a comma, which are logged, too. observer_ops.gone() gets "unavailable". */
void session_give_up(struct session *s, const char *what);
