/* SPDX-License-Identifier: MIT */
#include "daemon/attachment.h"

#include "base/clock.h"
#include "daemon/event.h"
#include "daemon/session-private.h"

#include <sys/ioctl.h>

#include <linux/sockios.h>

/* What the peer's TCP has taken is told by no event: it is looked at, less and less often. */
#define ATTACHMENT_RETRY_MIN_USEC (2 * USEC_PER_MSEC)
#define ATTACHMENT_RETRY_MAX_USEC USEC_PER_SEC

void session_attach(struct session *s, struct attachment *a)
{
	a->next = s->attachments;
	a->look_usec = USEC_NEVER;
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
	a->retry_usec = 0;
	/* One that has ended in this pass is about to be freed. */
	if (!s->ended)
		loop_later(&s->reactor->loop, &s->resume);
}

static bool attachment_is_taken(const struct session *s)
{
	int unsent = 0;

	return ioctl(s->conn.watch.fd, SIOCOUTQ, &unsent) < 0 || unsent == 0;
}

void attachment_look(struct session *s)
{
	struct attachment *next;

	for (struct attachment *a = s->attachments; a && !s->ended; a = next) {
		next = a->next;
		a->look_usec = USEC_NEVER;
		if (!outq_is_empty(&s->conn.out) || event_is_pending(s))
			continue; /* it will be called again */
		if (a->want_drained) {
			a->want_drained = false;
			a->ops->drained(a, s);
		}
		if (!a->want_taken || s->ended || !outq_is_empty(&s->conn.out))
			continue;
		if (attachment_is_taken(s)) {
			a->want_taken = false;
			a->ops->taken(a, s);
			continue;
		}
		a->retry_usec = MIN(MAX(2 * a->retry_usec, ATTACHMENT_RETRY_MIN_USEC), ATTACHMENT_RETRY_MAX_USEC);
		a->look_usec = s->reactor->loop.now_usec + a->retry_usec;
		session_touch(s);
	}
}

uint64_t attachment_deadline(const struct session *s)
{
	uint64_t at = USEC_NEVER;

	for (const struct attachment *a = s->attachments; a; a = a->next)
		at = MIN(at, a->look_usec);
	return at;
}

bool attachment_is_waiting(const struct session *s)
{
	const struct attachment *a = s->attachments;

	while (a && !a->want_taken)
		a = a->next;
	return a;
}

void attachment_renamed(struct session *s, const char *old)
{
	for (struct attachment *a = s->attachments; a; a = a->next)
		if (a->ops->renamed)
			a->ops->renamed(a, s, old);
}

void attachment_gone(struct session *s, const char *why)
{
	struct attachment *a;

	while ((a = s->attachments)) {
		s->attachments = a->next;
		a->ops->gone(a, s, why);
	}
}
