/* SPDX-License-Identifier: MIT */
#include "unit/session/session_inspect.h"

#include "session/session-private.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

struct session *session_inspect_first(struct reactor *r)
{
	return list_is_empty(&r->sessions) ? NULL : container_of(r->sessions.next, struct session, link);
}

struct session *session_inspect_last(struct reactor *r)
{
	return list_is_empty(&r->sessions) ? NULL : container_of(r->sessions.prev, struct session, link);
}

bool session_inspect_is_paused(const struct session *s)
{
	return s->conn.paused;
}

bool session_inspect_is_full(const struct session *s, int *ret)
{
	return s->conn.full && ioctl(s->conn.watch.fd, SIOCOUTQNSD, ret) == 0;
}

bool session_inspect_any_body_left(const struct reactor *r, uint64_t left)
{
	for (const struct list *n = r->sessions.next; n != &r->sessions; n = n->next) {
		const struct session *s = container_of(n, const struct session, link);

		if (s->input && s->input->body_left == left)
			return true;
	}
	return false;
}

void session_inspect_end(struct session *s, const char *why)
{
	session_end(s, why);
}
