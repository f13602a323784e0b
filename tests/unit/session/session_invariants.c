/* SPDX-License-Identifier: MIT */
#include "unit/session/session_invariants.h"

#include "base/clock.h"
#include "fuzz/fuzz.h"
#include "session/limits.h"
#include "session/raw/raw.h"
#include "session/session-private.h"

#define INVARIANTS_CHUNK    4096
#define INVARIANTS_RAW_KEPT (64U << 10) /* while an old client is listened to, and a read more */
#define INVARIANTS_RAW_MAX  (INVARIANTS_RAW_KEPT + REACTOR_SCRATCH + (4U << 10))

struct handle session_invariants_new(struct reactor *r, struct listener *l, int fd, const struct address *peer)
{
	FUZZ_CHECK(session_new(r, r, l, fd, peer) == 0);
	return container_of(r->sessions.prev, struct session, link)->handle;
}

static size_t invariants_count(const struct list *head)
{
	size_t n = 0;

	for (const struct list *l = head->next; l != head; l = l->next)
		n++;
	return n;
}

/* When an idle session ends. One that was answered a moment ago, long after its last byte, is still to linger. */
static uint64_t invariants_end_usec(const struct reactor *r, const struct session *s)
{
	if (s->life == SESSION_LINGERING)
		return s->line_usec + r->times.linger_usec;
	return s->active_usec + r->limits->idle_usec;
}

static void invariants_check_session(struct reactor *r, const struct session *s, const struct session_bounds *bounds)
{
	const struct limits_options *l = r->limits;
	const struct input *in = s->input;
	uint64_t held_max = REACTOR_SCRATCH + l->line + 2 + (s->listener->raw ? INVARIANTS_RAW_KEPT : 0);

	FUZZ_CHECK(!session_has_ended(s) && reactor_find(r, s->handle) == s);
	FUZZ_CHECK(s->n_requests == invariants_count(&s->requests) && s->n_requests <= l->pipeline);
	FUZZ_CHECK(s->conn.out.bytes <= l->output + l->pipeline * bounds->answer_max);
	FUZZ_CHECK(s->conn.out.files <= l->pipeline + 1);
	/* What a pass says beyond that is counted in the next one. */
	FUZZ_CHECK(s->conn.out.events + raw_event_bytes(s) <= l->output + bounds->said_max);
	FUZZ_CHECK(!s->barrier || s->n_requests == 1);
	/* The wheel turns a millisecond at a time. */
	FUZZ_CHECK(r->loop.now_usec <= invariants_end_usec(r, s) + 2 * USEC_PER_MSEC);
	if (!in)
		return;
	FUZZ_CHECK(line_kept(&in->line) <= l->line + 1);
	FUZZ_CHECK(in->held_off + in->held_len <= in->held_cap && in->held_cap <= held_max);
	FUZZ_CHECK(in->accounted >= in->held_cap + line_kept(&in->line));
}

void session_invariants_check(struct reactor *r, const struct session_bounds *bounds)
{
	for (const struct list *l = r->sessions.next; l != &r->sessions; l = l->next)
		invariants_check_session(r, container_of(l, const struct session, link), bounds);
}

/*
 * What is charged for one session beside what asks before it charges, which are uploads. Of a queue only the bytes are
 * known here: its chunks are at least half full, but for the last, and for the first, which is being sent.
 */
static uint64_t invariants_accounted(const struct reactor *r, const struct session *s, uint64_t answer_max)
{
	uint64_t n = s->input ? s->input->accounted : 0;

	if (s->raw) /* and what waits to be said: a chunk or two for each answer, and for the events behind it */
		n += INVARIANTS_RAW_MAX + 2 * raw_event_bytes(s) +
		     (uint64_t)(s->n_requests + r->limits->pipeline + 2) * 2 * INVARIANTS_CHUNK;
	if (!outq_is_empty(&s->conn.out))
		n += 2 * s->conn.out.bytes + 2 * (uint64_t)s->conn.out.events + 2 * INVARIANTS_CHUNK + answer_max;
	for (const struct list *l = s->requests.next; l != &s->requests; l = l->next) {
		const struct request *q = container_of(l, struct request, link);

		if (!outq_is_empty(&q->out))
			n += 2 * q->out.bytes + INVARIANTS_CHUNK;
	}
	return n;
}

uint64_t session_invariants_accounted(const struct reactor *r, const struct session_bounds *bounds)
{
	uint64_t n = 0;

	for (const struct list *l = r->sessions.next; l != &r->sessions; l = l->next)
		n += invariants_accounted(r, container_of(l, const struct session, link), bounds->answer_max);
	for (const struct list *l = r->dead.next; l != &r->dead; l = l->next)
		n += invariants_accounted(r, container_of(l, const struct session, link), bounds->answer_max);
	return n;
}
