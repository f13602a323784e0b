/* SPDX-License-Identifier: MIT */
/*
 * Answers in order. A session's open requests stand in a list, oldest first. The oldest one writes straight into the
 * connection's queue; younger ones collect their answer in their own, which is moved there when their turn comes. A
 * request that has been answered and is the oldest is gone at once: with nothing put off, the list is never longer
 * than one.
 */
#include "session/session-private.h"

#include "base/log.h"
#include "base/str.h"
#include "session/raw/raw.h"

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
		/* Until it is known: an old client's is shorter, and becomes a line by its LF. */
		.dialect = s->unsettled ? DIALECT_RAW : s->dialect,
		.unsettled = s->unsettled,
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
		if (s->barrier == q)
			s->barrier = NULL;
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
		/* else whoever put it off still holds it, and will answer into nowhere */
	}
	s->n_requests = 0;
	s->barrier = NULL;
}

static bool request_is_oldest(const struct request *q)
{
	return q->session->requests.next == &q->link;
}

/* Where the answer goes now. NULL: nowhere. */
static struct outq *request_out(struct request *q)
{
	if (!q->session)
		return NULL;
	/* What is fitted to an old client's recv must be seen whole first. */
	return request_is_oldest(q) && q->dialect != DIALECT_RAW ? &q->session->conn.out : &q->out;
}

static void request_put(struct request *q, const void *data, size_t n)
{
	struct outq *out = request_out(q);

	if (out && unlikely(outq_put(out, &q->reactor->pool, data, n) < 0))
		session_end(q->session, "out of memory");
}

/* The oldest has been answered: it and all behind it that have been, too, leave. */
static void request_release(struct session *s)
{
	bool oom = false;

	while (!list_is_empty(&s->requests)) {
		struct request *q = container_of(s->requests.next, struct request, link);

		if (!q->answered || q->unsettled)
			break;
		list_remove(&q->link);
		s->n_requests--;
		if (likely(q->dialect != DIALECT_RAW))
			outq_move(&s->conn.out, &q->out);
		else if (raw_answer(s, &q->out) < 0)
			oom = true;
		if (s->barrier == q)
			s->barrier = NULL;
		request_free(q);
	}
	if (unlikely(oom)) {
		session_end(s, "out of memory");
		return;
	}
	conn_defer_flush(&s->conn);
	/* What waited behind it, or for room in the pipeline, may go on. */
	if (s->input || s->raw || session_is_closing(s) || s->conn.paused)
		loop_defer(&s->reactor->loop, &s->resume);
}

static void request_done(struct request *q)
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

void request_settle(struct request *q, enum dialect d)
{
	q->unsettled = false;
	q->dialect = d;
	if (!q->answered)
		return;
	if (d != DIALECT_RAW && outq_put(&q->out, &q->reactor->pool, "\n", 1) < 0)
		session_end(q->session, "out of memory");
	else if (request_is_oldest(q))
		request_release(q->session);
}

enum dialect request_dialect(const struct request *q)
{
	return q->dialect;
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
	return q->reactor->server->workers;
}

void *request_role_state(const struct request *q)
{
	return q->reactor->server->role_states[q->role];
}

bool request_is_gone(const struct request *q)
{
	return !q->session;
}

static bool request_is_padded(const struct request *q)
{
	return q->verb && q->verb->verb.flags & VERB_PADDED;
}

/* An answer to an old client has no line end, and is no longer than its recv: cut, it would say something else. */
static void request_end_raw(struct request *q)
{
	uint64_t len = q->out.bytes;

	if (len <= RAW_ANSWER_RECV) {
		request_done(q);
		return;
	}
	outq_clear(&q->out, &q->reactor->pool);
	request_error(q, ERROR_TOO_LONG, "the answer has %llu bytes, and an old client takes %d",
		      (unsigned long long)len, RAW_ANSWER_RECV);
}

void _hot_ request_line(struct request *q, const char *text, size_t len)
{
	struct outq *out = request_out(q);
	char *to;

	if (unlikely(q->dialect == DIALECT_RAW)) {
		request_put(q, text, len);
		request_end_raw(q);
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

void request_silent(struct request *q)
{
	request_done(q);
}

void request_begin(struct request *q, const char *word)
{
	request_put(q, word, strlen(word));
}

void request_field(struct request *q, const char *data, size_t len)
{
	struct outq *out = request_out(q);
	size_t encoded = len;
	char *to;

	if (!out)
		return;
	if (q->dialect == DIALECT_IOE1)
		encoded = field_encoded_len(data, len);
	to = outq_reserve(out, &q->reactor->pool, encoded + 1);
	if (!to) {
		session_end(q->session, "out of memory");
		return;
	}
	to[0] = ',';
	if (encoded == len)
		memcpy(to + 1, data, len);
	else
		(void)field_encode(to + 1, data, len);
	outq_commit(out, encoded + 1);
}

void request_field_u64(struct request *q, uint64_t v)
{
	char digits[STR_NUMBER_MAX];

	request_field(q, digits, str_put_u64(digits, v));
}

void request_end(struct request *q)
{
	if (unlikely(q->dialect == DIALECT_RAW)) {
		request_end_raw(q);
		return;
	}
	request_put(q, "\n", 1);
	request_done(q);
}

void request_error(struct request *q, enum error_code code, const char *fmt, ...)
{
	char text[512], harmless[1100], encoded[3 * sizeof(harmless)];
	const char *say = harmless;
	size_t len, head;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	len = n < 0 ? 0 : MIN((size_t)n, sizeof(text) - 1);
	if (q->dialect == DIALECT_IOE1) {
		/* A program shows it, and knows what its terminal can. */
		len = field_encode(encoded, harmless, str_harmless(harmless, text, len));
		say = encoded;
	} else {
		(void)str_escape(harmless, sizeof(harmless), text, len);
		len = strlen(harmless);
	}

	counter_add(&q->reactor->counters.errors[q->role], 1);
	head = (size_t)snprintf(text, sizeof(text), "ERROR: %s: ", error_code_name(code));
	if (q->dialect == DIALECT_RAW)
		len = MIN(len, (request_is_padded(q) ? RAW_READ_RECV : RAW_ANSWER_RECV) - head);
	request_put(q, text, head);
	request_put(q, say, len);
	if (q->dialect != DIALECT_RAW)
		request_put(q, "\n", 1);
	request_done(q);
}

/* A size and its LF. */
static void request_put_size(struct request *q, uint64_t size)
{
	char line[RAW_READ_RECV];
	size_t n;

	if (q->dialect == DIALECT_RAW) {
		raw_put_size(line, size);
		n = RAW_READ_RECV;
	} else {
		n = str_put_u64(line, size);
		line[n++] = '\n';
	}
	request_put(q, line, n);
}

/* A listing or a help text for an old client, which prints what it gets: no size, no last line's end, cut to fit. */
static void request_text_raw(struct request *q, const char *text, size_t len)
{
	struct outq *out = request_out(q);
	char *to;

	to = out ? outq_reserve(out, &q->reactor->pool, len + 1) : NULL;
	if (out && !to)
		session_end(q->session, "out of memory");
	if (to && len == 0) {
		to[0] = '\n';
		outq_commit(out, 1);
	} else if (to) {
		memcpy(to, text, len);
		if (to[len - 1] == '\n')
			len--;
		outq_commit(out, raw_fit_lines(to, len));
	}
	request_done(q);
}

void request_sized(struct request *q, const void *body, size_t len)
{
	if (unlikely(q->dialect == DIALECT_RAW) && !request_is_padded(q)) {
		request_text_raw(q, body, len);
		return;
	}
	request_put_size(q, len);
	if (len > 0)
		request_put(q, body, len);
	request_done(q);
}

/*
 * The size is written before what it counts and in the same piece of memory, so that it can be thrown away together
 * with it, and both leave in one write.
 */
char *request_sized_reserve(struct request *q, size_t len)
{
	struct outq *out = request_out(q);
	size_t head;
	char *to;

	if (!out)
		return NULL;
	to = outq_reserve(out, &q->reactor->pool, RAW_READ_RECV + len);
	if (!to)
		return NULL;
	if (unlikely(q->dialect == DIALECT_RAW)) {
		raw_put_size(to, len);
		return to + RAW_READ_RECV;
	}
	head = str_put_u64(to, len);
	to[head++] = '\n';
	return to + head;
}

void request_sized_commit(struct request *q, size_t len)
{
	char size[STR_NUMBER_MAX];
	size_t head = q->dialect == DIALECT_RAW ? RAW_READ_RECV : str_put_u64(size, len) + 1;

	outq_commit(request_out(q), head + len);
	request_done(q);
}

void request_file(struct request *q, int fd, uint64_t off, uint64_t len)
{
	struct outq *out;

	request_put_size(q, len);
	out = request_out(q);
	if (!out)
		pool_close_file(&q->reactor->pool, fd);
	else if (outq_put_file(out, &q->reactor->pool, fd, off, len) < 0)
		session_end(q->session, "out of memory");
	request_done(q);
}

void request_defer(struct request *q)
{
	q->deferred = true;
}

bool request_is_size_undecided(const struct request *q)
{
	return q->unsettled;
}

void request_body(struct request *q, struct body_sink *b, uint64_t size)
{
	struct session *s = q->session;

	if (s && input_body(s, b, size) < 0)
		session_end(s, "out of memory");
	/* Without a session no byte will come, and nobody else would tell the sink. */
	if (!q->session && b && size > 0)
		b->ops->gone(b);
}

void request_body_discard(struct request *q, uint64_t size)
{
	struct session *s = q->session;

	if (!s)
		return;
	if (s->input && s->input->body_left > 0) {
		s->input->sink = NULL; /* the rest of it */
		s->body_full = false;
		loop_defer(&s->reactor->loop, &s->resume);
	} else if (size > 0 && input_body(s, NULL, size) < 0) {
		session_end(s, "out of memory");
	}
}

void request_body_resume(struct request *q)
{
	if (q->session)
		loop_defer(&q->reactor->loop, &q->session->resume);
}

bool request_charge(struct request *q, size_t n)
{
	struct pool *p = &q->reactor->pool;

	if (pool_used(p) + n > pool_limit(p))
		return false;
	pool_charge(p, n);
	return true;
}

void request_uncharge(struct request *q, size_t n)
{
	pool_uncharge(&q->reactor->pool, n);
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
