/* SPDX-License-Identifier: MIT */
#include "session/observer.h"

#include "base/clock.h"
#include "session/raw/raw.h"
#include "session/session-private.h"

#include <sys/ioctl.h>

#include <linux/sockios.h>

/* There is no event for a peer's TCP that has taken all: looked at again and again, less and less often. */
#define ATTACH_LOOK_MIN_USEC (5 * USEC_PER_MSEC)
#define ATTACH_LOOK_MAX_USEC USEC_PER_SEC

void session_attach(struct session *s, struct attachment *a)
{
	a->look_usec = USEC_NEVER;
	a->next = s->attachments;
	s->attachments = a;
}

struct attachment *session_attached(const struct session *s, const struct attachment_ops *ops)
{
	struct attachment *a = s->attachments;

	while (a && a->ops != ops)
		a = a->next;
	return a;
}

void session_want(struct session *s, struct attachment *a)
{
	a->look_usec = USEC_NEVER;
	a->wait_usec = 0;
	s->wanted = true;
	/* One that has ended in this pass is about to be freed. */
	if (!s->ended)
		loop_later(&s->reactor->loop, &s->resume);
}

bool attach_is_waiting(const struct session *s)
{
	const struct attachment *a = s->wanted ? s->attachments : NULL;

	while (a && !a->want_taken)
		a = a->next;
	return a;
}

uint64_t attach_deadline(const struct session *s)
{
	uint64_t at = USEC_NEVER;

	if (s->wanted)
		for (const struct attachment *a = s->attachments; a; a = a->next)
			at = MIN(at, a->look_usec);
	return at;
}

static void attach_gone_where(struct session *s, bool all, const char *why)
{
	struct attachment **at = &s->attachments, *a;

	while ((a = *at)) {
		if (!all && a->want_taken) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		a->ops->gone(a, s, why);
	}
}

void attach_gone(struct session *s, const char *why)
{
	attach_gone_where(s, true, why);
}

static void attach_drained(struct session *s)
{
	struct attachment *next;

	for (struct attachment *a = s->attachments; a && !s->ended; a = next) {
		next = a->next;
		if (!a->want_drained)
			continue;
		a->want_drained = false;
		if (a->ops->drained)
			a->ops->drained(a, s);
	}
}

static bool attach_is_taken(const struct session *s)
{
	int unsent = 0;

	return ioctl(s->conn.watch.fd, SIOCOUTQ, &unsent) >= 0 && unsent == 0;
}

static void attach_taken(struct session *s)
{
	uint64_t now = s->reactor->loop.now_usec;
	struct attachment *next;
	bool taken = attach_is_taken(s);

	for (struct attachment *a = s->attachments; a && !s->ended; a = next) {
		next = a->next;
		if (!a->want_taken)
			continue;
		if (!taken) {
			a->wait_usec = MIN(MAX(2 * a->wait_usec, ATTACH_LOOK_MIN_USEC), ATTACH_LOOK_MAX_USEC);
			a->look_usec = now + a->wait_usec;
			session_touch(s);
			continue;
		}
		a->want_taken = false;
		a->wait_usec = 0;
		if (a->ops->taken)
			a->ops->taken(a, s);
	}
}

/* Whether anybody still waits for something. */
static bool attach_is_wanted(const struct session *s)
{
	const struct attachment *a = s->attachments;

	while (a && !a->want_drained && !a->want_taken)
		a = a->next;
	return a;
}

void attach_run(struct session *s)
{
	bool said;

	if (s->ended || !s->attachments)
		return;
	if (s->cut)
		attach_gone(s, s->lost ? "unavailable" : "slow");
	else if (session_is_over(s))
		attach_gone_where(s, false, s->eof ? "closed" : "bye");
	if (!s->wanted)
		return;
	for (struct attachment *a = s->attachments; a; a = a->next)
		a->look_usec = USEC_NEVER;
	/* Looked at before anybody is told: what is said then is told of the next time. */
	said = outq_is_empty(&s->conn.out) && !raw_has_unsaid(s);
	if (said)
		attach_taken(s);
	if (said && !s->ended)
		attach_drained(s);
	s->wanted = attach_is_wanted(s);
	/* It may be closed now. */
	if (said && !s->wanted && (s->ending || s->eof) && !s->ended)
		loop_later(&s->reactor->loop, &s->resume);
}

void attach_renamed(struct session *s, const char *old)
{
	struct attachment *next;

	for (struct attachment *a = s->attachments; a; a = next) {
		next = a->next;
		if (a->ops->renamed)
			a->ops->renamed(a, s, old);
	}
}
