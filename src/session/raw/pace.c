/* SPDX-License-Identifier: MIT */
#include "session/raw/pace.h"

#include "base/clock.h"
#include "session/session-private.h"

#include <errno.h>
#include <sys/ioctl.h>

#include <linux/sockios.h>

#define PACE_RETRY_MAX_USEC USEC_PER_SEC

struct pace_item {
	struct pace_item *next;
	struct outq out;
	bool event, alone;
};

void pace_init(struct pace *p)
{
	*p = (struct pace){ .at_usec = USEC_NEVER };
}

static struct pace_item *pace_add(struct pace *p, bool event, bool alone)
{
	struct pace_item *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	i->event = event;
	i->alone = alone;
	if (p->tail)
		p->tail->next = i;
	else
		p->head = i;
	p->tail = i;
	return i;
}

/* Takes the first off, and frees it with what is still in it. */
static void pace_pop(struct session *s, struct pace *p)
{
	struct pace_item *i = p->head;

	p->head = i->next;
	if (!p->head)
		p->tail = NULL;
	outq_clear(&i->out, &s->reactor->pool);
	free(i);
}

void pace_clear(struct session *s, struct pace *p)
{
	while (p->head)
		pace_pop(s, p);
	pace_init(p);
}

int pace_answer(struct session *s, struct pace *p, struct outq *answer)
{
	struct pace_item *i;

	if (outq_is_empty(answer))
		return 0;
	i = pace_add(p, false, true);
	if (!i)
		return -ENOMEM;
	outq_move(&i->out, answer);
	p->answers++;
	pace_go(s, p);
	return 0;
}

int pace_event(struct session *s, struct pace *p, const void *data, size_t len, bool alone)
{
	struct pool *pool = &s->reactor->pool;
	struct pace_item *i = p->tail;
	uint32_t before;
	int r = 0;

	if (!i || !i->event || i->alone || alone)
		i = pace_add(p, true, alone);
	if (!i)
		return -ENOMEM;
	before = i->out.events;
	if (before > 0)
		r = outq_put_event(&i->out, pool, "\n", 1);
	if (r >= 0)
		r = outq_put_event(&i->out, pool, data, len);
	p->events += i->out.events - before;
	return r;
}

static uint64_t pace_legacy_wait(const struct session *s)
{
	const struct server_options *o = settings_get(s->reactor->settings, &server_section);

	return o->legacy_wait_usec;
}

bool pace_is_open(struct session *s, struct pace *p)
{
	uint64_t now = s->reactor->loop.now_usec, wait = pace_legacy_wait(s);
	int unsent = 0;

	if (!outq_is_empty(&s->conn.out))
		return false; /* pace_go() is called when that changes */
	if (p->said_usec == 0)
		return true;
	if (now < p->said_usec + wait) {
		p->at_usec = p->said_usec + wait;
	} else if (ioctl(s->conn.watch.fd, SIOCOUTQ, &unsent) < 0 || unsent == 0) {
		return true;
	} else if (p->at_usec == USEC_NEVER || p->at_usec <= now) {
		/* There is no event for this: look again, less and less often where the peer does not read. */
		p->retry_usec = MIN(MAX(2 * p->retry_usec, wait), PACE_RETRY_MAX_USEC);
		p->at_usec = now + p->retry_usec;
	}
	session_touch(s);
	return false;
}

void pace_later(struct session *s, struct pace *p)
{
	p->at_usec = MIN(p->at_usec, s->reactor->loop.now_usec + pace_legacy_wait(s));
	session_touch(s);
}

void pace_go(struct session *s, struct pace *p)
{
	struct pace_item *i = p->head;

	if (!i || session_has_ended(s) || !pace_is_open(s, p))
		return;
	p->events -= i->out.events;
	if (!i->event)
		p->answers--;
	outq_move(&s->conn.out, &i->out);
	pace_pop(s, p);
	p->said_usec = s->reactor->loop.now_usec;
	p->retry_usec = 0;
	p->at_usec = USEC_NEVER;
	conn_defer_flush(&s->conn);
}
