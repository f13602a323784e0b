/* SPDX-License-Identifier: MIT */
/*
 * Legacy pacing. An old client takes one recv for each reply and event, so the next leaves once its TCP has the last and
 * some time has passed. Replies and events wait here in the order they came; events that pile up leave together.
 */
#include "session/raw/raw-private.h"

#include "session/deadline.h"
#include "session/raw/raw.h"

#include <errno.h>
#include <string.h>

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

static int pace_add_event(struct session *s, struct pace *p, const void *data, size_t len, bool alone)
{
	struct chunk_pool *pool = &s->reactor->pool;
	struct pace_item *i = p->tail;
	uint32_t before;
	int r = 0;

	if (!i || !i->event || i->alone || alone)
		i = pace_add(p, true, alone);
	if (!i)
		return -ENOMEM;
	before = i->out.events;
	if (before > 0)
		r = outq_put_event(&i->out, pool, dialect_raw.separator, strlen(dialect_raw.separator));
	if (r >= 0)
		r = outq_put_event(&i->out, pool, data, len);
	p->events += i->out.events - before;
	return r;
}

bool pace_is_open(struct session *s, struct pace *p)
{
	uint64_t now = s->reactor->loop.now_usec, wait = raw_legacy_wait(s);
	uint64_t unacked;

	if (conn_has_output(&s->conn))
		return false; /* pace_go() is called when that changes */
	if (p->sent_usec == 0)
		return true;
	if (now < p->sent_usec + wait) {
		p->at_usec = p->sent_usec + wait;
	} else if (conn_unacked(&s->conn, &unacked) < 0 || unacked == 0) {
		return true;
	} else if (p->at_usec == USEC_NEVER || p->at_usec <= now) {
		/* There is no event for this: look again, less and less often where the peer does not read. */
		p->retry_usec = MIN(MAX(2 * p->retry_usec, wait), PACE_RETRY_MAX_USEC);
		p->at_usec = now + p->retry_usec;
	}
	deadline_touch(s);
	return false;
}

/* In a while, by at_usec: something else comes first. */
static void pace_later(struct session *s, struct pace *p)
{
	p->at_usec = MIN(p->at_usec, s->reactor->loop.now_usec + raw_legacy_wait(s));
	deadline_touch(s);
}

void pace_go(struct session *s, struct pace *p)
{
	struct pace_item *i = p->head;

	if (!i || session_has_ended(s) || !pace_is_open(s, p))
		return;
	p->events -= i->out.events;
	if (!i->event)
		p->replies--;
	outq_move(&s->conn.out, &i->out);
	pace_pop(s, p);
	p->sent_usec = s->reactor->loop.now_usec;
	p->retry_usec = 0;
	p->at_usec = USEC_NEVER;
	conn_defer_flush(&s->conn);
}

int pace_reply(struct session *s, struct outq *reply)
{
	struct pace_item *i;

	if (!s->raw) {
		outq_move(&s->conn.out, reply);
		return 0;
	}
	if (outq_is_empty(reply))
		return 0;
	i = pace_add(&s->raw->pace, false, true);
	if (!i)
		return -ENOMEM;
	outq_move(&i->out, reply);
	s->raw->pace.replies++;
	pace_go(s, &s->raw->pace);
	return 0;
}

int pace_event(struct session *s, const void *data, size_t len, bool alone)
{
	struct pace *p = &s->raw->pace;
	int r = pace_add_event(s, p, data, len, alone);

	if (r < 0)
		return r;
	/* Where a command waits for its turn, raw_tick() looks at that first. */
	if (raw_is_pending(s))
		pace_later(s, p);
	else
		pace_go(s, p);
	return 0;
}

bool raw_has_unsent(const struct session *s)
{
	return s->raw && s->raw->pace.head;
}

size_t raw_event_bytes(const struct session *s)
{
	return s->raw ? s->raw->pace.events : 0;
}
