/* SPDX-License-Identifier: MIT */
/*
 * Replies in order. The open requests of a session are in a list, oldest first. The oldest request writes straight
 * into the output queue of the connection. A younger one collects its reply in a queue of its own, which is moved
 * there when its turn comes. The oldest request leaves the list as soon as it is answered: while no request is
 * deferred, the list has one entry at most.
 */
#include "session/session-private.h"

#include "base/log.h"
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct request *request_new(struct session *s, const struct role_verb *verb, unsigned role)
{
	struct reactor *r = s->reactor;
	struct request *q = r->free_requests;

	if (q) {
		r->free_requests = q->link.next ? container_of(q->link.next, struct request, link) : NULL;
		r->n_free_requests--;
	} else {
		q = malloc(sizeof(*q));
		if (!q)
			return NULL;
	}
	*q = (struct request){
		.session = s,
		.reactor = r,
		.verb = verb,
		.role = (uint8_t)role,
		.dialect = s->dialect,
	};
	list_add_tail(&s->requests, &q->link);
	s->n_requests++;
	r->busy++;
	return q;
}

static void request_free(struct request *q)
{
	struct reactor *r = q->reactor;

	if (unlikely(!outq_is_empty(&q->out)))
		outq_clear(&q->out, &r->pool);
	reactor_unbusy(r);
	if (r->n_free_requests >= REQUESTS_FREE_MAX) {
		free(q);
		return;
	}
	q->link.next = r->free_requests ? &r->free_requests->link : NULL;
	r->free_requests = q;
	r->n_free_requests++;
}

void request_pool_done(struct reactor *r)
{
	while (r->free_requests) {
		struct request *q = r->free_requests;

		r->free_requests = q->link.next ? container_of(q->link.next, struct request, link) : NULL;
		free(q);
	}
	r->n_free_requests = 0;
}

void request_cancel(struct request *q)
{
	struct session *s = q->session;

	if (q->reactor->current == q)
		q->reactor->current = NULL;
	if (s) {
		list_remove(&q->link);
		s->n_requests--;
		s->barrier = false; /* a barrier is always the only request */
	}
	request_free(q);
}

void request_drop_all(struct session *s)
{
	struct list *n;

	while ((n = list_pop(&s->requests))) {
		struct request *q = container_of(n, struct request, link);

		q->session = NULL;
		if (q->answered)
			request_free(q);
		/* else the code that deferred it still has it, and will answer it without effect */
	}
	s->n_requests = 0;
	s->barrier = false;
}

static bool request_is_oldest(const struct request *q)
{
	return q->session->requests.next == &q->link;
}

/* The queue that gets the reply now. NULL: there is none, as the session has ended. */
static struct outq *request_out(struct request *q)
{
	if (!q->session)
		return NULL;
	return request_is_oldest(q) && !dialect_is_fitted(q->dialect) ? &q->session->conn.out : &q->out;
}

void request_put(struct request *q, const void *data, size_t n)
{
	struct outq *out = request_out(q);

	if (out && unlikely(outq_put(out, &q->reactor->pool, data, n) < 0))
		session_end(q->session, "out of memory");
}

/* The oldest request was answered: removes it, and all answered requests behind it. */
static void request_release(struct session *s)
{
	bool oom = false;

	while (!list_is_empty(&s->requests)) {
		struct request *q = container_of(s->requests.next, struct request, link);

		if (!q->answered || q->size_undecided)
			break;
		list_remove(&q->link);
		s->n_requests--;
		if (!dialect_is_fitted(q->dialect))
			outq_move(&s->conn.out, &q->out);
		else if (dialect_get(q->dialect)->reply(s, &q->out) < 0)
			oom = true;
		s->barrier = false;
		request_free(q);
	}
	if (unlikely(oom)) {
		session_end(s, "out of memory");
		return;
	}
	conn_defer_flush(&s->conn);
	/* Input that waited behind it, or for limits.pipeline, can go on. */
	if (s->input || s->raw || session_is_closing(s) || s->conn.paused)
		loop_defer(&s->reactor->loop, &s->resume);
}

void request_done(struct request *q)
{
	struct session *s = q->session;

	assert(!q->answered);
	q->answered = true;
	if (q->reactor->current == q)
		q->reactor->current = NULL;
	counter_add(&q->reactor->counters.requests[q->role], 1);
	if (!s)
		request_free(q);
	else if (request_is_oldest(q))
		request_release(s);
}

void request_resolve(struct request *q, enum dialect d)
{
	const char *end = dialect_traits(d)->line_end;

	q->size_undecided = false;
	q->dialect = d;
	if (!q->answered)
		return;
	if (outq_put(&q->out, &q->reactor->pool, end, strlen(end)) < 0)
		session_end(q->session, "out of memory");
	else if (request_is_oldest(q))
		request_release(q->session);
}

const struct settings *request_settings(const struct request *q)
{
	return q->reactor->settings;
}

struct session *request_session(const struct request *q)
{
	return q->session;
}

struct reactor *request_reactor(const struct request *q)
{
	return q->reactor;
}

struct loop *request_loop(const struct request *q)
{
	return &q->reactor->loop;
}

struct worker_pool *request_workers(const struct request *q)
{
	return q->reactor->set->workers;
}

void *request_role_state(const struct request *q)
{
	return q->reactor->set->roles[q->role].state;
}

bool request_is_gone(const struct request *q)
{
	return !q->session;
}

void _hot_ request_line(struct request *q, const char *text, size_t len)
{
	struct outq *out = request_out(q);
	char *to;

	if (dialect_is_fitted(q->dialect)) {
		request_put(q, text, len);
		dialect_get(q->dialect)->frame(q);
		return;
	}
	if (out) {
		to = outq_reserve(out, &q->reactor->pool, len + 1);
		if (likely(to)) {
			memcpy(to, text, len);
			to[len] = '\n';
			outq_commit(out, len + 1);
		} else {
			session_end(q->session, "out of memory");
		}
	}
	request_done(q);
}

void request_ok(struct request *q)
{
	request_line(q, "OK", 2);
}

void request_noreply(struct request *q)
{
	request_done(q);
}

void request_begin(struct request *q, const char *word)
{
	request_put(q, word, strlen(word));
}

void request_field(struct request *q, const char *data, size_t len)
{
	const struct dialect_ops *ops = dialect_get(q->dialect);
	struct outq *out = request_out(q);
	size_t encoded = len;
	char *to;

	if (!out)
		return;
	if (ops->field_len)
		encoded = ops->field_len(data, len);
	to = outq_reserve(out, &q->reactor->pool, encoded + 1);
	if (!to) {
		session_end(q->session, "out of memory");
		return;
	}
	to[0] = ',';
	if (encoded == len)
		memcpy(to + 1, data, len);
	else
		(void)ops->field(to + 1, data, len);
	outq_commit(out, encoded + 1);
}

void request_field_u64(struct request *q, uint64_t v)
{
	char digits[STR_NUMBER_MAX];

	request_field(q, digits, str_put_u64(digits, v));
}

void request_end(struct request *q)
{
	if (dialect_is_fitted(q->dialect)) {
		dialect_get(q->dialect)->frame(q);
		return;
	}
	request_put(q, "\n", 1);
	request_done(q);
}

void request_error(struct request *q, enum error_code code, const char *fmt, ...)
{
	char text[DIALECT_TEXT_MAX], written[DIALECT_ERROR_MAX], head[64];
	size_t len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	len = n < 0 ? 0 : MIN((size_t)n, sizeof(text) - 1);

	counter_add(&q->reactor->counters.errors[q->role], 1);
	n = snprintf(head, sizeof(head), "ERROR: %s: ", error_code_name(code));
	request_put(q, head, (size_t)n);
	request_put(q, written, dialect_get(q->dialect)->error(q, written, text, len));
	request_end(q);
}

static void request_put_size(struct request *q, uint64_t size)
{
	char line[DIALECT_SIZE_MAX];

	request_put(q, line, dialect_get(q->dialect)->size(line, size));
}

void request_sized(struct request *q, const void *body, size_t len)
{
	const struct dialect_ops *ops = dialect_get(q->dialect);

	if (unlikely(ops->text) && !request_is_padded(q)) {
		ops->text(q, body, len);
		return;
	}
	request_put_size(q, len);
	if (len > 0)
		request_put(q, body, len);
	request_done(q);
}

/*
 * The size stands in front of the bytes that it counts, in the same piece of memory. So both can be thrown away
 * together, and both leave with one write.
 */
char *request_sized_reserve(struct request *q, size_t len)
{
	struct outq *out = request_out(q);
	char *to;

	if (!out)
		return NULL;
	to = outq_reserve(out, &q->reactor->pool, DIALECT_SIZE_MAX + len);
	return to ? to + dialect_get(q->dialect)->size(to, len) : NULL;
}

void request_sized_commit(struct request *q, size_t len)
{
	char size[DIALECT_SIZE_MAX];

	outq_commit(request_out(q), dialect_get(q->dialect)->size(size, len) + len);
	request_done(q);
}

void request_file(struct request *q, int fd, uint64_t off, uint64_t len)
{
	struct outq *out;

	request_put_size(q, len);
	out = request_out(q);
	if (!out)
		chunk_pool_close_file(&q->reactor->pool, fd);
	else if (outq_put_file(out, &q->reactor->pool, fd, off, len) < 0)
		session_end(q->session, "out of memory");
	request_done(q);
}

void request_defer(struct request *q)
{
	q->deferred = true;
}

uint64_t request_body_size(const struct request *q)
{
	const struct input *in = q->session->input;

	return in ? in->body_left : 0;
}

void request_body(struct request *q, struct body_sink *b)
{
	struct input *in = q->session->input;

	assert(q->session->barrier && q->session->n_requests == 1);
	if (in && in->body_left > 0)
		in->sink = b;
}

void request_body_discard(struct request *q)
{
	struct session *s = q->session;

	if (!s || !s->input || s->input->body_left == 0)
		return;
	s->input->sink = NULL;
	s->body_full = false;
	loop_defer(&s->reactor->loop, &s->resume);
}

void request_body_resume(struct request *q)
{
	if (q->session)
		loop_defer(&q->reactor->loop, &q->session->resume);
}

bool request_account(struct request *q, size_t n)
{
	struct chunk_pool *p = &q->reactor->pool;

	if (chunk_pool_used(p) + n > chunk_pool_limit(p))
		return false;
	chunk_pool_account(p, n);
	return true;
}

void request_unaccount(struct request *q, size_t n)
{
	chunk_pool_unaccount(&q->reactor->pool, n);
}

void request_report(struct request *q, enum log_event what, const char *file, uint64_t bytes, const char *fmt, ...)
{
	struct log_field fields[SESSION_FIELDS_MAX + 3];
	struct session_words words;
	char size[STR_NUMBER_MAX];
	size_t n = 0;
	va_list ap;

	if (!log_ratelimit_pass(&q->reactor->ratelimit, what, q->session ? &q->session->address : NULL))
		return;
	if (q->session)
		n = session_fields(q->session, &words, fields);
	if (q->verb)
		fields[n++] = (struct log_field){ "IOE_VERB", q->verb->verb.name };
	if (file)
		fields[n++] = (struct log_field){ "IOE_FILE", file };
	if (bytes > 0) {
		size[str_put_u64(size, bytes)] = '\0';
		fields[n++] = (struct log_field){ "IOE_BYTES", size };
	}
	va_start(ap, fmt);
	log_event_v(what, fields, n, fmt, ap);
	va_end(ap);
}
