/* SPDX-License-Identifier: MIT */
/*
 * In line and ioe/1 an event goes to the end of the output, which is always between two replies. An old client takes
 * what one recv brings for one thing, so in raw events wait here until the last answer has been taken for a while.
 */
#include "daemon/event.h"

#include "base/buf.h"
#include "base/clock.h"
#include "daemon/limits.h"
#include "daemon/raw.h"
#include "daemon/session-private.h"

#include <errno.h>
#include <string.h>

#define EVENT_RETRY_MIN_USEC (20 * USEC_PER_MSEC)
#define EVENT_RETRY_MAX_USEC USEC_PER_SEC

/* What waits, in the order it leaves: some that go together, one that goes alone, some that go together. */
struct events {
	struct buf text;
	size_t alone_at, alone_len;
	uint64_t at_usec, retry_usec;
	size_t charged;
};

uint64_t event_deadline(const struct session *s)
{
	return s->events ? s->events->at_usec : USEC_NEVER;
}

bool event_is_pending(const struct session *s)
{
	return s->events && s->events->text.len > 0;
}

void event_free(struct session *s)
{
	if (!s->events)
		return;
	pool_uncharge(&s->reactor->pool, s->events->charged);
	buf_done(&s->events->text);
	free(s->events);
	s->events = NULL;
}

/* Keeps the pool's account, and nothing where nothing waits. */
static void event_settle(struct session *s)
{
	struct events *e = s->events;
	size_t now = sizeof(*e) + e->text.cap;

	pool_charge(&s->reactor->pool, now - e->charged);
	e->charged = now;
	if (e->text.len == 0)
		event_free(s);
}

static bool event_is_refused(const struct session *s)
{
	return s->ended || s->ending || (s->eof && s->n_requests == 0);
}

#define EVENT_SLOW "ERROR: slow: you do not read what you are sent (limits.output); come back and go on from where you were"

static void event_cut_off(struct session *s)
{
	struct events *e = s->events;

	s->slow = true;
	s->line_usec = s->reactor->loop.now_usec;
	if (s->dialect == DIALECT_RAW) {
		e->text.len = e->alone_at = e->alone_len = 0;
		if (buf_append_str(&e->text, EVENT_SLOW) < 0)
			session_end(s, "out of memory");
	} else {
		outq_drop_frames(&s->conn.out, &s->reactor->pool);
		conn_write(&s->conn, EVENT_SLOW "\n", sizeof(EVENT_SLOW));
	}
	session_report(s, INCIDENT_SLOW_SESSION, "a session that does not read what it is sent is cut off");
	session_finish(s);
	session_touch(s);
}

static int event_queue_raw(struct session *s, const void *data, size_t len, bool alone)
{
	struct events *e = s->events;
	size_t begin;
	int r;

	if (!e) {
		e = s->events = calloc(1, sizeof(*e));
		if (!e)
			return -ENOMEM;
		e->at_usec = USEC_NEVER;
	}
	if (e->text.len + len > s->reactor->limits->output || pool_is_over(&s->reactor->pool)) {
		event_cut_off(s);
		return -EPIPE;
	}
	begin = e->alone_len > 0 ? e->alone_at + e->alone_len : 0;
	r = buf_reserve(&e->text, len + 1);
	if (r < 0)
		return r;
	if (alone && e->alone_len == 0) {
		e->alone_at = e->text.len;
		e->alone_len = len;
	} else if (e->text.len > begin) {
		(void)buf_append(&e->text, "\n", 1);
	}
	(void)buf_append(&e->text, data, len);
	pool_charge(&s->reactor->pool, sizeof(*e) + e->text.cap - e->charged);
	e->charged = sizeof(*e) + e->text.cap;
	loop_later(&s->reactor->loop, &s->resume);
	return 0;
}

void event_flush(struct session *s)
{
	struct events *e = s->events;
	size_t n;

	if (!e || s->n_requests > 0 || !outq_is_empty(&s->conn.out))
		return; /* it is called again when that changes */
	e->at_usec = USEC_NEVER;
	if (!raw_is_clear(s)) {
		/* There is no event for this. */
		e->retry_usec = MIN(MAX(2 * e->retry_usec, EVENT_RETRY_MIN_USEC), EVENT_RETRY_MAX_USEC);
		e->at_usec = s->reactor->loop.now_usec + e->retry_usec;
		session_touch(s);
		return;
	}
	e->retry_usec = 0;
	n = e->alone_len == 0 ? e->text.len : e->alone_at > 0 ? e->alone_at : e->alone_len;
	conn_write(&s->conn, e->text.data, n);
	raw_answered(s);
	if (e->alone_at > 0)
		e->alone_at = 0;
	else
		e->alone_len = 0;
	buf_consume(&e->text, n);
	event_settle(s);
}

static int event_queued(struct session *s, int r)
{
	if (r < 0) {
		session_end(s, "out of memory");
		return -EPIPE;
	}
	conn_flush_later(&s->conn);
	/* One that still takes something is not slow, however much there is. */
	if (unlikely(s->conn.full) &&
	    (s->conn.out.bytes > s->reactor->limits->output || pool_is_over(&s->reactor->pool))) {
		event_cut_off(s);
		return -EPIPE;
	}
	return 0;
}

int _hot_ session_event(struct session *s, const struct frame *f)
{
	if (unlikely(event_is_refused(s)))
		return -EPIPE;
	if (unlikely(s->dialect == DIALECT_RAW))
		return session_event_text(s, f->segment->data + f->start, f->len, false);
	return event_queued(s, outq_put_frame(&s->conn.out, &s->reactor->pool, f));
}

int session_event_text(struct session *s, const void *data, size_t len, bool alone)
{
	int r;

	if (event_is_refused(s))
		return -EPIPE;
	if (s->dialect != DIALECT_RAW)
		return event_queued(s, outq_put(&s->conn.out, &s->reactor->pool, data, len));
	r = event_queue_raw(s, data, len, alone);
	if (r == -ENOMEM)
		session_end(s, "out of memory");
	return r < 0 ? -EPIPE : 0;
}
