/* SPDX-License-Identifier: MIT */
/*
 * One event goes to a thousand sessions one after the other, so the cost of one delivery counts. A delivery looks at
 * the session and at the end of its output queue. If the last slice there ends where the event begins in the same
 * shared buffer, that slice becomes longer; else a slice is added. The socket is written to once, at the end of the
 * pass. A session whose socket is full gets a copy: its event can wait for long, and must not keep a whole shared
 * buffer in memory for one line.
 */
#include "session/event.h"

#include "base/clock.h"
#include "session/input.h"
#include "session/limits.h"
#include "session/observer.h"
#include "session/raw/raw.h"
#include "session/session-private.h"

#include <errno.h>
#include <stdio.h>

/* Bytes of events that can wait for each session, even if limits.memory is used up. */
#define EVENT_QUEUE_MIN 4096

/* Whether the socket is full, or a file is in front of the queue's end: then bytes that are queued now can wait for
 * long. */
static bool event_is_held_up(const struct conn *c)
{
	return c->full || c->prefetching || c->out.files > 0;
}

static uint64_t event_waits(const struct session *s)
{
	return s->conn.out.events + raw_event_bytes(s);
}

size_t session_event_room(const struct session *s)
{
	uint64_t output = s->reactor->limits->output;

	return (size_t)(output - MIN(output, event_waits(s)));
}

/* A single event can have any length: else a client that reads fast could not get it either. */
static bool event_is_too_slow(const struct session *s, size_t last)
{
	const struct reactor *r = s->reactor;
	uint64_t waits = event_waits(s);

	if (waits <= last)
		return false;
	return waits > r->limits->output || (waits > EVENT_QUEUE_MIN && chunk_pool_is_over(&r->pool));
}

/* Drops the session: it gets no more events and answers, and its requests end. It is sent the reason @why, and has some
 * seconds to read that. @why has no comma, so that it is the same text in ioe/1. */
static void event_drop(struct session *s, enum close_reason reason, enum error_code code, const char *why)
{
	const struct dialect_ops *ops = dialect_get(s->dialect);
	char text[512];
	int n;

	session_drop(s, reason);
	input_abort_body(s);
	request_drop_all(s);
	outq_drop_events(&s->conn.out, &s->reactor->pool);
	raw_drop(s);
	n = snprintf(text, sizeof(text), "%sERROR: %s: %s%s", outq_is_empty(&s->conn.out) ? "" : ops->separator,
		     error_code_name(code), why, dialect_traits(s->dialect)->line_end);
	conn_write(&s->conn, text, MIN((size_t)n, sizeof(text) - 1));
}

void session_drop_slow(struct session *s)
{
	char why[192];

	if (session_is_over(s))
		return;
	session_report(s, LOG_EVENT_SLOW_SESSION,
		       "a slow session is cut off: it did not take the events that waited for it");
	(void)snprintf(why, sizeof(why),
		       "the events that waited for you were dropped (limits.output is %llu bytes); connect again and go on "
		       "from where you were",
		       (unsigned long long)s->reactor->limits->output);
	event_drop(s, CLOSE_REASON_SLOW, ERROR_SLOW, why);
}

void session_give_up(struct session *s, const char *what)
{
	char why[256];

	if (session_is_over(s))
		return;
	session_report(s, LOG_EVENT_REQUEST_FAILED, "a session is ended, since it would miss something: %s", what);
	(void)snprintf(why, sizeof(why), "%.160s; connect again later and go on from where you were", what);
	event_drop(s, CLOSE_REASON_UNAVAILABLE, ERROR_UNAVAILABLE, why);
}

static int event_drop_slow(struct session *s)
{
	session_drop_slow(s);
	return -EPIPE;
}

static int event_fitted(struct session *s, const void *data, size_t len, bool alone)
{
	if (dialect_get(s->dialect)->event(s, data, len, alone) < 0 || event_is_too_slow(s, len))
		return event_drop_slow(s);
	return 0;
}

static int event_copy(struct session *s, const void *data, size_t len)
{
	if (outq_put_event(&s->conn.out, &s->reactor->pool, data, len) < 0)
		return event_drop_slow(s);
	if (event_is_held_up(&s->conn) && event_is_too_slow(s, len))
		return event_drop_slow(s);
	conn_defer_flush(&s->conn);
	return 0;
}

int _hot_ session_event(struct session *s, const struct slice *f)
{
	if (unlikely(session_is_over(s)))
		return -EPIPE;
	if (dialect_is_fitted(s->dialect))
		return event_fitted(s, f->buffer->data + f->start, f->len, false);
	if (unlikely(event_is_held_up(&s->conn)))
		return event_copy(s, f->buffer->data + f->start, f->len);
	if (unlikely(outq_put_slice(&s->conn.out, &s->reactor->pool, f) < 0))
		return event_drop_slow(s);
	conn_defer_flush(&s->conn);
	return 0;
}

int session_event_text(struct session *s, const void *data, size_t len, bool alone)
{
	if (session_is_over(s))
		return -EPIPE;
	if (dialect_is_fitted(s->dialect))
		return event_fitted(s, data, len, alone);
	return event_copy(s, data, len);
}
