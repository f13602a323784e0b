/* SPDX-License-Identifier: MIT */
/*
 * The life of a session. Reactor 0 makes it for an accepted connection, its own reactor adopts it, and when it has
 * ended it travels back to reactor 0, which counts it out and frees it. In between only its own reactor touches it.
 */
#include "session/session-private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "net/prefetch.h"
#include "session/deadline.h"
#include "session/input.h"
#include "session/limits.h"
#include "session/nick.h"
#include "session/observer.h"
#include "session/raw/raw.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct identity *session_identity(struct session *s)
{
	if (unlikely(!s->identity))
		s->identity = identity_new(&s->address, NULL);
	return s->identity;
}

size_t session_fields(struct session *s, struct session_words *words, struct log_field fields[SESSION_FIELDS_MAX])
{
	(void)snprintf(words->id, sizeof(words->id), "%u.%u.%llu", s->handle.reactor, s->handle.slot,
		       (unsigned long long)s->handle.generation);
	(void)address_text(&s->address, words->peer);
	/* No identity is made for this: a line of the log about the end must not cost each session memory. */
	words->name = s->identity ? s->identity->name : words->peer;
	fields[0] = (struct log_field){ "IOE_SESSION", words->id };
	fields[1] = (struct log_field){ "IOE_PEER", words->peer };
	fields[2] = (struct log_field){ "IOE_NAME", words->name };
	return SESSION_FIELDS_MAX;
}

void session_report(struct session *s, enum log_event what, const char *fmt, ...)
{
	struct log_field fields[SESSION_FIELDS_MAX];
	struct session_words words;
	va_list ap;
	size_t n;

	if (!log_ratelimit_pass(&s->reactor->ratelimit, what, &s->address))
		return;
	n = session_fields(s, &words, fields);
	va_start(ap, fmt);
	log_event_v(what, fields, n, fmt, ap);
	va_end(ap);
}

static void session_readable(struct conn *c)
{
	input_readable(container_of(c, struct session, conn));
}

static void session_flushed(struct conn *c)
{
	struct session *s = container_of(c, struct session, conn);

	if (s->input || s->raw || session_is_closing(s) || s->wanted || c->paused)
		loop_defer(&s->reactor->loop, &s->resume);
	if (unlikely(s->liveness.check_usec == USEC_NEVER))
		deadline_watch_peer(s);
}

static void session_stalled(struct conn *c)
{
	struct session *s = container_of(c, struct session, conn);

	if (s->liveness.check_usec == USEC_NEVER)
		deadline_watch_peer(s);
	s->active_usec = s->reactor->loop.now_usec;
	s->sent_seen = (uint32_t)c->sent;
	deadline_touch(s);
}

void session_broken_file(struct session *s, int error)
{
	if (error == -EIO)
		session_report(s, LOG_EVENT_DISK_FAILED, "a file broke off while it was sent: %s", strerror(-error));
	session_end(s, strerror(-error));
}

static void session_broken(struct conn *c, int error)
{
	struct session *s = container_of(c, struct session, conn);

	if (error == -EIO) /* an error of the file, as a socket has no such error */
		session_broken_file(s, error);
	else
		session_end(s, strerror(-error));
}

struct session_prefetch {
	struct prefetch prefetch;
	struct reactor *reactor;
	struct handle session; /* it can end meanwhile */
};

static void session_prefetched(struct prefetch *p)
{
	struct session_prefetch *f = container_of(p, struct session_prefetch, prefetch);
	struct session *s = reactor_find(f->reactor, f->session);

	if (s && p->error < 0)
		session_broken_file(s, p->error);
	else if (s)
		conn_resident(&s->conn, p->len);
	reactor_unbusy(f->reactor);
	free(f);
}

static void session_not_resident(struct conn *c, int fd, uint64_t off, uint64_t len)
{
	struct session *s = container_of(c, struct session, conn);
	struct reactor *r = s->reactor;
	struct session_prefetch *f = malloc(sizeof(*f));

	if (!f || prefetch_start(&f->prefetch, r->set->workers, &r->loop, fd, off, len, session_prefetched) < 0) {
		free(f);
		session_end(s, "out of memory");
		return;
	}
	f->reactor = r;
	f->session = s->handle;
	r->busy++;
}

static const struct conn_ops session_conn_ops = {
	.readable = session_readable,
	.flushed = session_flushed,
	.stalled = session_stalled,
	.broken = session_broken,
	.not_resident = session_not_resident,
};

static void session_resume(struct deferred *l)
{
	struct session *s = container_of(l, struct session, resume);

	input_resume(s);
	observer_run(s);
}

static void session_set_life(struct session *s, enum session_life life)
{
	assert(life > s->life);
	s->life = life;
}

void session_finish(struct session *s)
{
	if (session_is_ending(s))
		return;
	session_set_life(s, SESSION_ENDING);
	loop_defer(&s->reactor->loop, &s->resume);
}

const char *close_reason_name(enum close_reason why)
{
	switch (why) {
	case CLOSE_REASON_NONE:
		break;
	case CLOSE_REASON_SLOW:
		return "slow";
	case CLOSE_REASON_UNAVAILABLE:
		return "unavailable";
	}
	return "closed";
}

void session_drop(struct session *s, enum close_reason why)
{
	session_set_life(s, SESSION_DROPPED);
	s->close_reason = why;
	s->line_usec = s->reactor->loop.now_usec;
	deadline_touch(s);
	loop_defer(&s->reactor->loop, &s->resume);
}

bool session_has_no_requests(const struct session *s)
{
	if (s->life >= SESSION_DROPPED)
		return true;
	return s->n_requests == 0 &&
	       (session_is_ending(s) || !((s->input && s->input->held_len > 0) || raw_is_pending(s)));
}

void session_maybe_close(struct session *s)
{
	const struct input *in = s->input;

	if (s->life >= SESSION_LINGERING || !session_is_closing(s))
		return;
	if (!list_is_empty(&s->requests) || conn_has_output(&s->conn) || (in && in->body_left > 0))
		return;
	if (!session_is_ending(s) && ((in && in->held_len > 0) || raw_is_pending(s)))
		return;
	if (raw_has_unsent(s) || observer_is_waiting(s)) {
		deadline_touch(s);
		return;
	}
	if (s->eof || conn_shutdown(&s->conn) < 0) {
		session_end(s, "closed");
		return;
	}
	session_set_life(s, SESSION_LINGERING);
	s->line_usec = s->reactor->loop.now_usec;
	conn_unpause(&s->conn);
	deadline_touch(s);
}

static void session_release_name(struct session *s)
{
	struct name_claim *c = STEAL_PTR(s->nick);

	s->identity = identity_unref(s->identity);
	if (c)
		nick_release(s->reactor, c);
}

static void session_log_end(struct session *s, const char *why)
{
	struct log_field fields[SESSION_FIELDS_MAX + 1];
	struct session_words words;
	char bytes[STR_NUMBER_MAX];
	size_t n = session_fields(s, &words, fields);

	bytes[str_put_u64(bytes, s->conn.sent)] = '\0';
	fields[n++] = (struct log_field){ "IOE_BYTES", bytes };
	log_full(LOG_LEVEL_DEBUG, fields, n, "session %s of %s ended: %s", words.id, words.peer, why);
}

void session_end(struct session *s, const char *why)
{
	struct reactor *r = s->reactor;

	if (session_has_ended(s))
		return;
	session_set_life(s, SESSION_ENDED);
	if (log_wants(LOG_LEVEL_DEBUG))
		session_log_end(s, why);
	input_abort_body(s);
	request_drop_all(s);
	loop_no_timer(&r->loop, &s->timer);
	loop_undefer(&s->resume);
	conn_done(&s->conn);
	reactor_leave(r, s);

	/* Callers further up can still use the session: it is freed at the end of the pass. */
	list_remove(&s->link);
	list_add_tail(&r->dead, &s->link);
	loop_defer(&r->loop, &r->reap);
}

/* In reactor 0: the other end of session_new(). */
static void session_return(struct msg *m)
{
	struct session *s = container_of(m, struct session, msg);

	reactor_count_out(s->reactor->set, s->listener, &s->address, s->reactor->index);
	free(s);
}

void session_reap_all(struct reactor *r)
{
	struct list *n;

	while ((n = list_pop(&r->dead))) {
		struct session *s = container_of(n, struct session, link);

		observer_gone(s, "closed");
		session_release_name(s);
		input_free(s);
		raw_free(s);
		s->msg.act = session_return;
		reactor_post(r, &r->set->at[0], &s->msg);
	}
}

/* In its own reactor. */
static void session_adopt(struct msg *m)
{
	struct session *s = container_of(m, struct session, msg);
	struct reactor *r = s->reactor;
	struct transport *t = NULL;
	int fd = conn_carried(&s->conn);
	int e;

	list_init(&s->requests);
	s->resume.run = session_resume;
	s->timer.fire = deadline_fire;
	s->liveness.check_usec = USEC_NEVER;
	s->active_usec = s->since_usec = r->loop.now_usec;
	s->first_line = true;
	s->raw_watch = s->listener->raw;
	e = reactor_enter(r, s);
	if (e >= 0) {
		if (s->listener->transport_new)
			e = s->listener->transport_new(s->listener, &t);
		if (e >= 0)
			e = conn_init(&s->conn, &r->loop, &r->pool, fd, t, &session_conn_ops);
		if (e < 0)
			reactor_leave(r, s);
	}
	if (e < 0) {
		if (t)
			t->ops->free(t, fd);
		if (log_ratelimit_pass(&r->ratelimit, LOG_EVENT_OUT_OF_RESOURCES, NULL))
			log_event(LOG_EVENT_OUT_OF_RESOURCES, NULL, 0, "a session was refused: %s", strerror(-e));
		(void)close(fd);
		s->msg.act = session_return;
		reactor_post(r, &r->set->at[0], &s->msg);
		return;
	}
	list_add_tail(&r->sessions, &s->link);
	deadline_touch(s);
	raw_watch_idle(s);
	if (session_has_ended(s))
		return;
	if (r->thread.leaving)
		session_finish(s);
}

int session_new(struct reactor *from, struct reactor *to, struct listener *l, int fd, const struct address *peer)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	conn_carry(&s->conn, fd);
	s->reactor = to;
	s->listener = listener_ref(l);
	s->address = *peer;
	s->msg.act = session_adopt;
	reactor_post(from, to, &s->msg);
	return 0;
}

void session_goaway(struct session *s, const char *why)
{
	const struct dialect_ops *ops = dialect_get(s->dialect);

	if (ops->goaway && !session_is_ending(s))
		ops->goaway(s, why);
	session_finish(s);
}

struct handle session_handle(const struct session *s)
{
	return s->handle;
}

struct loop *session_loop(const struct session *s)
{
	return &s->reactor->loop;
}

struct reactor *session_reactor(const struct session *s)
{
	return s->reactor;
}

enum dialect session_dialect(const struct session *s)
{
	return s->dialect;
}

const struct address *session_address(const struct session *s)
{
	return &s->address;
}

const struct settings *session_settings(const struct session *s)
{
	return s->reactor->settings;
}

void *session_role_state(const struct session *s, const struct role *role)
{
	const struct reactor_set *set = s->reactor->set;

	for (unsigned i = 0; i < set->n_roles; i++)
		if (set->roles[i].role == role)
			return set->roles[i].state;
	return NULL;
}

bool session_offers(const struct session *s, const struct role *role, bool *ret_alone)
{
	const struct reactor_set *set = s->reactor->set;

	for (unsigned i = 0; i < set->n_roles; i++)
		if (set->roles[i].role == role && s->listener->role_bits & 1ULL << i) {
			*ret_alone = frontend_of(s->listener)->n_roles == 1;
			return true;
		}
	return false;
}

void session_set_pre_verb(struct session *s, bool on)
{
	s->pre_verb = on;
	if (!on)
		s->first_line = false; /* it was the name that was asked for */
}
