/* SPDX-License-Identifier: MIT */
/*
 * One send of an old client is one command, and only idleness ends it: the bytes are kept until then. The bytes of an
 * undecided session are kept until they show what its client is (detect.c).
 */
#include "session/raw/raw-private.h"

#include "session/deadline.h"
#include "session/dispatch.h"
#include "session/elsewhere.h"
#include "session/input.h"
#include "session/limits.h"
#include "session/raw/raw.h"

#include <string.h>

/* Added to twice the round trip, for a delayed ACK of the peer. */
#define RAW_ACK_USEC (40 * USEC_PER_MSEC)

static struct raw *raw_get(struct session *s)
{
	if (!s->raw) {
		s->raw = calloc(1, sizeof(*s->raw));
		if (!s->raw) {
			session_end(s, "out of memory");
			return NULL;
		}
		s->raw->data.max = RAW_KEEP + REACTOR_SCRATCH;
		s->raw->tick_usec = USEC_NEVER;
		pacing_init(&s->raw->pacing);
	}
	return s->raw;
}

void raw_free(struct session *s)
{
	if (!s->raw)
		return;
	chunk_pool_unaccount(&s->reactor->pool, s->raw->accounted);
	pacing_clear(s, &s->raw->pacing);
	buf_done(&s->raw->data);
	free(s->raw);
	s->raw = NULL;
}

/* Updates the memory account for the bytes that are kept here. */
static void raw_account(struct session *s)
{
	size_t now;

	if (!s->raw)
		return;
	now = sizeof(*s->raw) + s->raw->data.cap;
	chunk_pool_account(&s->reactor->pool, now - s->raw->accounted);
	s->raw->accounted = now;
}

uint64_t raw_deadline(const struct session *s)
{
	return s->raw ? MIN(s->raw->tick_usec, s->raw->pacing.at_usec) : USEC_NEVER;
}

uint64_t raw_legacy_wait(const struct session *s)
{
	const struct legacy_options *o = settings_get(s->reactor->settings, &legacy_section);

	return o->wait_usec;
}

static void raw_tick_at(struct session *s, uint64_t at)
{
	s->raw->tick_usec = at;
	deadline_touch(s);
}

/* The pause that ends a command. It grows with the round trip, as bytes of one send can arrive in several pieces. */
static uint64_t raw_wait_usec(const struct session *s)
{
	uint64_t wait = raw_legacy_wait(s), rtt_usec;

	if (conn_rtt(&s->conn, &rtt_usec) >= 0)
		wait = MAX(wait, 2 * rtt_usec + RAW_ACK_USEC);
	return wait;
}

/* The time without input, as far as is known: bytes can be in the kernel that were not read yet. */
static uint64_t raw_idle_usec(const struct session *s)
{
	uint64_t seen = s->reactor->loop.seen_usec;

	return seen > s->raw->last_usec ? seen - s->raw->last_usec : 0;
}

/* The round trip is read from the kernel only after the session has been idle for the shortest pause. */
static bool raw_is_idle(const struct session *s)
{
	struct raw *w = s->raw;
	uint64_t since = raw_idle_usec(s);

	if (w->wait_usec == 0 && since >= raw_legacy_wait(s))
		w->wait_usec = raw_wait_usec(s);
	return w->wait_usec != 0 && since >= w->wait_usec;
}

bool raw_is_pending(const struct session *s)
{
	return s->raw && (s->raw->writing || s->raw->data.len > 0);
}

bool raw_is_unfinished(const struct session *s)
{
	return raw_is_pending(s) && !s->raw->staging;
}

bool raw_is_line_begun(const struct session *s)
{
	return raw_is_unfinished(s) && s->dialect == DIALECT_UNDECIDED;
}

void raw_drop(struct session *s)
{
	struct raw *w = s->raw;

	if (!w)
		return;
	w->writing = w->staging = false;
	buf_done(&w->data);
	pacing_clear(s, &w->pacing);
	raw_account(s);
}

bool raw_may_answer(struct session *s)
{
	struct pacing *p = &s->raw->pacing;

	/* raw_tick() is called when that changes. */
	return s->n_requests == 0 && p->replies == 0 && pacing_is_open(s, p);
}

/* The kept data is one command. */
static void raw_command_run(struct session *s)
{
	struct buf data = s->raw->data;
	size_t len = data.len;

	s->raw->data = (struct buf){ .max = data.max };
	if (s->first_line && raw_detect_foreign_command(s, &data)) {
		buf_done(&data);
		return;
	}
	raw_become_raw(s);
	/* A person at netcat, on a port for old clients, ends the command with a line's end. */
	if (len > 0 && data.data[len - 1] == '\n')
		len--;
	if (len > 0 && len < data.len && data.data[len - 1] == '\r')
		len--;
	if (len > s->reactor->limits->line)
		dispatch_too_long(s);
	else
		(void)dispatch_line(s, data.data, &len);
	buf_done(&data);
}

/* Unmatched input has stood alone. On some listeners it can come from an old client, too, which waits for an answer. */
static void raw_command_unmatched(struct session *s)
{
	const struct reactor_set *set = s->reactor->set;

	for (unsigned i = 0; i < set->n_roles; i++) {
		const struct role *role = set->roles[i].role;
		struct request *q;

		if (!(s->listener->role_bits & 1ULL << i) || !role->unmatched)
			continue;
		buf_done(&s->raw->data);
		raw_become_raw(s);
		q = request_new(s, NULL, i);
		if (!q) {
			session_end(s, "out of memory");
			return;
		}
		session_finish(s);
		dispatch_unmatched(q);
		return;
	}
}

static void raw_command_examine(struct session *s, enum split_moment moment)
{
	struct raw *w = s->raw;

	if (w->data.len == 0)
		return;
	if (s->pre_verb && s->n_requests == 0 && raw_detect_hello(&w->data)) {
		s->pre_verb = s->first_line = false;
		s->dialect = DIALECT_LINE;
		raw_become_line(s);
		return;
	}
	if (s->dialect == DIALECT_UNDECIDED && (memchr(w->data.data, '\n', w->data.len) || w->data.len > RAW_KEEP)) {
		raw_become_line(s);
		return;
	}
	if (moment == SPLIT_NOW)
		return;
	/* A browser's request may come in pieces: the end of its line will tell. An old client's user may have
	 * typed it, too: where an answer is due in any case, it is the session's last. */
	if (s->dialect == DIALECT_UNDECIDED && moment != SPLIT_EOF && foreign_begins_http(w->data.data, w->data.len)) {
		if (moment == SPLIT_LONG_IDLE || raw_is_alone(s))
			raw_command_unmatched(s);
		return;
	}
	if (s->dialect == DIALECT_RAW || raw_detect_request(&w->data) || raw_is_alone(s) ||
	    (moment == SPLIT_LONG_IDLE && elsewhere_has(s, w->data.data, w->data.len))) {
		if (raw_may_answer(s))
			raw_command_run(s);
	} else if (moment == SPLIT_LONG_IDLE) {
		raw_command_unmatched(s);
	} else if (moment == SPLIT_EOF) {
		buf_done(&w->data); /* an unfinished request is dropped */
	}
}

static void raw_examine(struct session *s, enum split_moment moment)
{
	if (s->raw->writing)
		raw_write_examine(s, moment);
	else
		raw_command_examine(s, moment);
}

/* Sets the time of the next call: when the session has been idle long enough for the next decision. */
static void raw_command_wait(struct session *s)
{
	struct raw *w = s->raw;
	uint64_t since = raw_idle_usec(s), wait = w->wait_usec ? w->wait_usec : raw_legacy_wait(s);
	uint64_t long_usec = s->reactor->times.raw_long_usec;

	if (!raw_is_pending(s))
		return;
	if (since < wait)
		raw_tick_at(s, w->last_usec + wait);
	else if (since < long_usec && w->tick_usec == USEC_NEVER)
		raw_tick_at(s, w->last_usec + long_usec);
}

void raw_feed(struct session *s, char *p, size_t n)
{
	struct raw *w;

	if (raw_detect_line(s, p, n)) {
		s->raw_watch = false;
		input_feed(s, p, n);
		return;
	}
	w = raw_get(s);
	if (!w)
		return;
	w->awaits_idle = false;
	if (w->data.len == 0 && !w->staging)
		s->line_usec = s->reactor->loop.now_usec;
	w->last_usec = s->reactor->loop.now_usec;
	w->wait_usec = 0;
	w->tick_usec = USEC_NEVER;
	w->recvs = MIN(w->recvs + 1, 2U);
	if (w->staging) {
		raw_write_feed(s, p, n);
	} else if (buf_append(&w->data, p, n) < 0) {
		session_end(s, "more than an old client says at once");
	} else {
		raw_write_note(s, p, n);
		if (!raw_detect_foreign(s))
			raw_examine(s, SPLIT_NOW);
	}
	if (!session_has_ended(s) && s->raw)
		raw_command_wait(s);
	raw_account(s);
}

static void raw_tick_input(struct session *s)
{
	struct raw *w = s->raw;

	if (session_is_ending(s) && !w->staging) {
		w->writing = false;
		buf_done(&w->data);
	}
	if (!raw_is_pending(s))
		return;
	if (s->eof)
		raw_examine(s, SPLIT_EOF);
	else if (raw_idle_usec(s) >= s->reactor->times.raw_long_usec)
		raw_examine(s, SPLIT_LONG_IDLE);
	else if (raw_is_idle(s))
		raw_examine(s, SPLIT_IDLE);
	if (!session_has_ended(s) && s->raw && !s->eof)
		raw_command_wait(s);
}

static void raw_tick_idle(struct session *s)
{
	struct raw *w = s->raw;

	if (raw_idle_usec(s) < w->wait_usec) {
		raw_tick_at(s, w->last_usec + w->wait_usec);
		return;
	}
	w->awaits_idle = false;
	s->dialect = DIALECT_RAW; /* its first line can still be another protocol's */
	raw_only_role(s)->idle(s);
}

void raw_tick(struct session *s)
{
	struct raw *w = s->raw;

	w->tick_usec = w->pacing.at_usec = USEC_NEVER;
	if (w->awaits_idle && !s->eof && !session_is_ending(s))
		raw_tick_idle(s);
	else
		raw_tick_input(s); /* its reply goes before the waiting events, which could delay it for ever */
	if (!session_has_ended(s) && s->raw)
		pacing_flush(s, &s->raw->pacing);
	raw_account(s);
}

void raw_watch_idle(struct session *s)
{
	const struct role *role = raw_only_role(s);
	struct raw *w;

	if (!s->raw_watch || !role || !role->idle)
		return;
	w = raw_get(s);
	if (!w)
		return;
	w->awaits_idle = true;
	w->last_usec = s->reactor->loop.now_usec;
	w->wait_usec = raw_wait_usec(s);
	raw_tick_at(s, w->last_usec + w->wait_usec);
	raw_account(s);
}
