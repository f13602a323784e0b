/* SPDX-License-Identifier: MIT */
/*
 * Legacy pacing. An old client takes one recv for each reply and event, so the next leaves once its TCP has the last
 * and some time has passed. Replies and events wait here in the order they came; events that pile up leave together.
 */
#include "session/raw/raw-private.h"

#include "session/deadline.h"
#include "session/raw/raw.h"

#include <errno.h>
#include <string.h>

#define PACING_RETRY_MAX_USEC USEC_PER_SEC

struct pacing_item {
	struct pacing_item *next;
	struct outq out;
	bool event, alone;
};

void pacing_init(struct pacing *p)
{
	*p = (struct pacing){ .at_usec = USEC_NEVER };
}

static struct pacing_item *pacing_add(struct pacing *p, bool event, bool alone)
{
	struct pacing_item *i = calloc(1, sizeof(*i));

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

/* Removes the first entry and frees it. */
static void pacing_pop(struct session *s, struct pacing *p)
{
	struct pacing_item *i = p->head;

	p->head = i->next;
	if (!p->head)
		p->tail = NULL;
	outq_clear(&i->out, &s->reactor->pool);
	free(i);
}

void pacing_clear(struct session *s, struct pacing *p)
{
	while (p->head)
		pacing_pop(s, p);
	pacing_init(p);
}

static int pacing_add_event(struct session *s, struct pacing *p, const void *data, size_t len, bool alone)
{
	struct chunk_pool *pool = &s->reactor->pool;
	struct pacing_item *i = p->tail;
	uint32_t before;
	int r = 0;

	if (!i || !i->event || i->alone || alone)
		i = pacing_add(p, true, alone);
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

bool pacing_is_open(struct session *s, struct pacing *p)
{
	uint64_t now = s->reactor->loop.now_usec, wait = raw_legacy_wait(s);
	uint64_t unacked;

	if (conn_has_output(&s->conn))
		return false; /* pacing_flush() is called when that changes */
	if (p->sent_usec == 0)
		return true;
	if (now < p->sent_usec + wait) {
		p->at_usec = p->sent_usec + wait;
	} else if (conn_unacked(&s->conn, &unacked) < 0 || unacked == 0) {
		return true;
	} else if (p->at_usec == USEC_NEVER || p->at_usec <= now) {
		/* The kernel has no event for this: look again, at growing intervals if the peer does not read. */
		p->retry_usec = MIN(MAX(2 * p->retry_usec, wait), PACING_RETRY_MAX_USEC);
		p->at_usec = now + p->retry_usec;
	}
	deadline_touch(s);
	return false;
}

/* In a while, by at_usec: something else comes first. */
static void pacing_delay(struct session *s, struct pacing *p)
{
	p->at_usec = MIN(p->at_usec, s->reactor->loop.now_usec + raw_legacy_wait(s));
	deadline_touch(s);
}

void pacing_flush(struct session *s, struct pacing *p)
{
	struct pacing_item *i = p->head;

	if (!i || session_has_ended(s) || !pacing_is_open(s, p))
		return;
	p->events -= i->out.events;
	if (!i->event)
		p->replies--;
	outq_move(&s->conn.out, &i->out);
	pacing_pop(s, p);
	p->sent_usec = s->reactor->loop.now_usec;
	p->retry_usec = 0;
	p->at_usec = USEC_NEVER;
	conn_defer_flush(&s->conn);
}

int pacing_reply(struct session *s, struct outq *reply)
{
	struct pacing_item *i;

	if (!s->raw) {
		outq_move(&s->conn.out, reply);
		return 0;
	}
	if (outq_is_empty(reply))
		return 0;
	i = pacing_add(&s->raw->pacing, false, true);
	if (!i)
		return -ENOMEM;
	outq_move(&i->out, reply);
	s->raw->pacing.replies++;
	pacing_flush(s, &s->raw->pacing);
	return 0;
}

int pacing_event(struct session *s, const void *data, size_t len, bool alone)
{
	struct pacing *p = &s->raw->pacing;
	int r = pacing_add_event(s, p, data, len, alone);

	if (r < 0)
		return r;
	/* Where a command waits for its turn, raw_tick() looks at that first. */
	if (raw_is_pending(s))
		pacing_delay(s, p);
	else
		pacing_flush(s, p);
	return 0;
}

bool raw_has_unsent(const struct session *s)
{
	return s->raw && s->raw->pacing.head;
}

size_t raw_event_bytes(const struct session *s)
{
	return s->raw ? s->raw->pacing.events : 0;
}
