/* SPDX-License-Identifier: MIT */
#include "session/observer.h"

#include "base/clock.h"
#include "session/deadline.h"
#include "session/raw/raw.h"
#include "session/session-private.h"

/* The kernel has no event for "the peer's TCP has taken all bytes". So the session looks again and again, at growing
 * intervals. */
#define OBSERVER_CHECK_MIN_USEC (5 * USEC_PER_MSEC)
#define OBSERVER_CHECK_MAX_USEC USEC_PER_SEC

void session_add_observer(struct session *s, struct observer *a)
{
	a->check_usec = USEC_NEVER;
	a->next = s->observers;
	s->observers = a;
}

struct observer *session_find_observer(const struct session *s, const struct observer_ops *ops)
{
	struct observer *a = s->observers;

	while (a && a->ops != ops)
		a = a->next;
	return a;
}

void session_want(struct session *s, struct observer *a)
{
	a->check_usec = USEC_NEVER;
	a->wait_usec = 0;
	s->wanted = true;
	/* A session that has ended in this pass is about to be freed. */
	if (!session_has_ended(s))
		loop_defer(&s->reactor->loop, &s->resume);
}

bool observer_is_waiting(const struct session *s)
{
	const struct observer *a = s->wanted ? s->observers : NULL;

	while (a && !a->want_acked)
		a = a->next;
	return a;
}

uint64_t observer_deadline(const struct session *s)
{
	uint64_t at = USEC_NEVER;

	if (s->wanted)
		for (const struct observer *a = s->observers; a; a = a->next)
			at = MIN(at, a->check_usec);
	return at;
}

static void observer_gone_where(struct session *s, bool all, const char *why)
{
	struct observer **at = &s->observers, *a;

	while ((a = *at)) {
		if (!all && a->want_acked) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		a->ops->gone(a, s, why);
	}
}

void observer_gone(struct session *s, const char *why)
{
	observer_gone_where(s, true, why);
}

static void observer_notify_flushed(struct session *s)
{
	struct observer *next;

	for (struct observer *a = s->observers; a && !session_has_ended(s); a = next) {
		next = a->next;
		if (!a->want_flushed)
			continue;
		a->want_flushed = false;
		if (a->ops->on_flushed)
			a->ops->on_flushed(a, s);
	}
}

static bool observer_is_acked(const struct session *s)
{
	uint64_t unacked;

	return conn_unacked(&s->conn, &unacked) >= 0 && unacked == 0;
}

static void observer_notify_acked(struct session *s)
{
	uint64_t now = s->reactor->loop.now_usec;
	struct observer *next;
	bool taken = observer_is_acked(s);

	for (struct observer *a = s->observers; a && !session_has_ended(s); a = next) {
		next = a->next;
		if (!a->want_acked)
			continue;
		if (!taken) {
			a->wait_usec = MIN(MAX(2 * a->wait_usec, OBSERVER_CHECK_MIN_USEC), OBSERVER_CHECK_MAX_USEC);
			a->check_usec = now + a->wait_usec;
			deadline_touch(s);
			continue;
		}
		a->want_acked = false;
		a->wait_usec = 0;
		if (a->ops->on_acked)
			a->ops->on_acked(a, s);
	}
}

/* Whether an observer waits for output to be flushed or acknowledged. */
static bool observer_is_wanted(const struct session *s)
{
	const struct observer *a = s->observers;

	while (a && !a->want_flushed && !a->want_acked)
		a = a->next;
	return a;
}

void observer_run(struct session *s)
{
	bool said;

	if (session_has_ended(s) || !s->observers)
		return;
	if (s->close_reason != CLOSE_REASON_NONE)
		observer_gone(s, close_reason_name(s->close_reason));
	else if (session_is_over(s))
		observer_gone_where(s, false, s->eof ? "closed" : "bye");
	if (!s->wanted)
		return;
	for (struct observer *a = s->observers; a; a = a->next)
		a->check_usec = USEC_NEVER;
	/* Check before the observers are called: output that they add counts the next time. */
	said = !conn_has_output(&s->conn) && !raw_has_unsent(s);
	if (said)
		observer_notify_acked(s);
	if (said && !session_has_ended(s))
		observer_notify_flushed(s);
	s->wanted = observer_is_wanted(s);
	/* The session can be closed now. */
	if (said && !s->wanted && session_is_closing(s) && !session_has_ended(s))
		loop_defer(&s->reactor->loop, &s->resume);
}

void observer_renamed(struct session *s, const char *old)
{
	struct observer *next;

	for (struct observer *a = s->observers; a; a = next) {
		next = a->next;
		if (a->ops->renamed)
			a->ops->renamed(a, s, old);
	}
}
