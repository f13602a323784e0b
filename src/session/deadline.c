/* SPDX-License-Identifier: MIT */
/*
 * A session has one timer, armed for the nearest of its deadlines: activity (limits.idle), the end of a line
 * (limits.line_time), progress of its output or of a body (limits.stall_time). The timer is moved only when a deadline
 * comes nearer. A timer that fires too early is armed again.
 */
#include "session/deadline.h"

#include "base/clock.h"
#include "session/input.h"
#include "session/limits.h"
#include "session/observer.h"
#include "session/raw/raw.h"
#include "session/session-private.h"

#include <string.h>

/* Bytes of a line that wait in the kernel are read within this time: limits.line bounds their number. */
#define DEADLINE_MORE_USEC (10 * USEC_PER_MSEC)

static bool deadline_line_is_begun(const struct session *s)
{
	return (s->input && line_is_unfinished(&s->input->line)) ||
	       raw_is_line_begun(s);
}

static void deadline_end_slow(struct session *s, const char *why)
{
	session_report(s, LOG_EVENT_SLOW_SESSION, "a slow session was closed: %s", why);
	session_end(s, why);
}

/* The peer has not taken all output yet, and the session waits for that. */
static bool deadline_is_taking(const struct session *s)
{
	return s->conn.full || raw_has_unsent(s) || (session_is_closing(s) && observer_is_waiting(s));
}

static uint64_t deadline_get(const struct session *s)
{
	const struct limits_options *limits = s->reactor->limits;
	const struct input *in = s->input;
	uint64_t at = s->active_usec + limits->idle_usec;

	if (s->life == SESSION_LINGERING)
		return s->line_usec + s->reactor->times.linger_usec;
	at = MIN(MIN(at, raw_deadline(s)), MIN(observer_deadline(s), s->liveness.check_usec));
	/* A file that was begun in front of it may be finished. */
	if (s->life == SESSION_DROPPED && s->conn.out.files == 0)
		at = MIN(at, s->line_usec + s->reactor->times.drop_usec);
	if (deadline_line_is_begun(s))
		at = MIN(at, s->line_usec + limits->line_time_usec);
	if (deadline_is_taking(s) || raw_is_unfinished(s) || (in && in->body_left > 0 && !s->body_full))
		at = MIN(at, s->active_usec + limits->stall_usec);
	return at;
}

void deadline_touch(struct session *s)
{
	uint64_t at = deadline_get(s);

	if (!timer_is_armed(&s->timer) || at / USEC_PER_MSEC < s->timer.at_msec)
		loop_timer(&s->reactor->loop, &s->timer, at);
}

/* Closes a session whose time is over. A session that was only idle is not logged. */
static void deadline_late(struct session *s)
{
	const struct limits_options *limits = s->reactor->limits;
	uint64_t now = s->reactor->loop.seen_usec;

	if (s->life == SESSION_LINGERING)
		session_end(s, "closed");
	else if (s->life == SESSION_DROPPED)
		session_end(s, close_reason_name(s->close_reason));
	else if (s->active_usec + limits->idle_usec <= now)
		session_end(s, "limits.idle is over");
	else if (deadline_line_is_begun(s) && s->line_usec + limits->line_time_usec <= now)
		deadline_end_slow(s, "its line was not ended within limits.line_time");
	else if (deadline_is_taking(s))
		deadline_end_slow(s, "it took none of its answers for limits.stall_time");
	else
		deadline_end_slow(s, "it sent none of the bytes that it had promised for limits.stall_time");
}

/*
 * Time in which the peer could not act does not count. If this process was stopped, the peer was perhaps waiting for it
 * all the time, so its time begins again. And a line can have arrived in time without having been read to its end.
 */
static void deadline_forgive(struct session *s)
{
	const struct loop *loop = &s->reactor->loop;

	if (deadline_get(s) <= loop->back_usec)
		s->active_usec = s->line_usec = loop->now_usec;
	else if (!deadline_line_is_begun(s) || s->life >= SESSION_DROPPED || !conn_has_input(&s->conn))
		return;
	else if (s->conn.paused)
		s->line_usec = loop->now_usec;
	else
		s->line_usec = MAX(s->line_usec,
				   loop->seen_usec - s->reactor->limits->line_time_usec + DEADLINE_MORE_USEC);
}

/* False: it has ended, since its peer has. */
static bool deadline_check_peer(struct session *s)
{
	if (liveness_check(&s->liveness, &s->conn, s->reactor->loop.now_usec, s->reactor->limits->peer_usec))
		return true;
	session_end(s, "its peer has vanished");
	return false;
}

void deadline_watch_peer(struct session *s)
{
	uint64_t now = s->reactor->loop.now_usec;

	liveness_sent(&s->liveness, &s->conn, s->active_usec == now, now, s->reactor->limits->peer_usec);
	deadline_touch(s);
}

void deadline_fire(struct timer *t)
{
	struct session *s = container_of(t, struct session, timer);
	const struct loop *loop = &s->reactor->loop;
	uint64_t seen = loop->seen_usec;

	/* Bytes that were sent since then count as activity. They are looked at here, so that a write need not store
	 * the time. */
	if ((uint32_t)s->conn.sent != s->sent_seen) {
		s->sent_seen = (uint32_t)s->conn.sent;
		s->active_usec = loop->now_usec;
	}
	if (s->liveness.check_usec <= seen && !deadline_check_peer(s))
		return;
	if (raw_deadline(s) <= seen)
		input_resume(s);
	if (observer_deadline(s) <= seen)
		observer_run(s);
	if (session_has_ended(s))
		return;
	if (deadline_get(s) <= seen)
		deadline_forgive(s);
	if (deadline_get(s) <= seen)
		deadline_late(s);
	else
		deadline_touch(s);
}
