/* SPDX-License-Identifier: MIT */
/*
 * From bytes to requests. What came is worked off where it lies, in the reactor's scratch memory; a session keeps a
 * copy only of what cannot be worked off yet: an unfinished line, or what stands behind a request that holds it up.
 * While there is such a rest, the session is not read, so the kernel's window tells the peer to wait.
 */
#include "session/session-private.h"

#include "base/log.h"
#include "base/str.h"
#include "session/elsewhere.h"
#include "session/limits.h"
#include "session/raw/raw.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

/* A body that is read straight into its sink may take so much in a pass. */
#define INPUT_BODY_PASS (1U << 20)

/* Files on their way out to one session. */
#define INPUT_FILES_MAX 2

static struct input *input_get(struct session *s)
{
	if (!s->input)
		s->input = calloc(1, sizeof(*s->input));
	return s->input;
}

void input_cut_body(struct session *s)
{
	struct input *in = s->input;
	struct body_sink *sink;

	if (!in || in->body_left == 0)
		return;
	sink = STEAL_PTR(in->sink);
	in->body_left = 0;
	s->body_full = false;
	if (sink)
		sink->ops->gone(sink);
}

void input_free(struct session *s)
{
	struct input *in = s->input;

	if (!in)
		return;
	chunk_pool_uncharge(&s->reactor->pool, in->charged);
	line_reader_done(&in->line);
	free(in->held);
	free(in);
	s->input = NULL;
}

/* Keeps the pool's account of what is held, and gives up the struct when there is nothing to keep. */
static void input_account(struct session *s)
{
	struct input *in = s->input;
	size_t now;

	if (!in)
		return;
	now = sizeof(*in) + line_kept(&in->line) + in->held_cap;
	chunk_pool_charge(&s->reactor->pool, now - in->charged);
	in->charged = now;
	if (in->held_len == 0 && in->body_left == 0 && !line_is_unfinished(&in->line))
		input_free(s);
}

/*
 * Room for another request: nothing holds it up, and its answer will have a place to wait. A file on its way out holds
 * a descriptor, of which there are few for all: the second one is there when the first has left, and that is enough.
 */
static bool input_may_take(const struct session *s)
{
	const struct limits_options *limits = s->reactor->limits;

	return !s->barrier && s->n_requests < limits->pipeline && s->conn.out.files < INPUT_FILES_MAX &&
	       s->conn.out.bytes < limits->output &&
	       !(s->conn.full && chunk_pool_is_over(&s->reactor->pool));
}

/*
 * Holds these bytes until the session may go on. They are the tail of what is held already, or somebody else's memory.
 * @line: a line taken from in front of them that has to wait, too (NULL: none).
 */
static void input_hold(struct session *s, const char *line, size_t line_len, char *p, size_t n)
{
	struct input *in = input_get(s);
	size_t need = n + (line ? line_len + 1 : 0);
	char *held;

	if (!in) {
		session_end(s, "out of memory");
		return;
	}
	if (in->held && !line && p >= in->held && p + n == in->held + in->held_cap) {
		in->held_off = (size_t)(p - in->held);
		in->held_len = n;
		return;
	}
	if (need == 0)
		return;
	held = malloc(need);
	if (!held) {
		session_end(s, "out of memory");
		return;
	}
	if (line) {
		memcpy(held, line, line_len);
		held[line_len] = '\n';
	}
	memcpy(held + need - n, p, n);
	free(in->held);
	in->held = held;
	in->held_off = 0;
	in->held_len = in->held_cap = need;
}

/* As much of the body as there is room for; advances. False: the sink has no room now. */
static bool input_feed_body(struct session *s, char **p, size_t *n)
{
	struct input *in = s->input;
	char *to;

	while (*n > 0 && in->body_left > 0) {
		size_t room = *n;

		if (in->sink) {
			room = in->sink->ops->get(in->sink, &to);
			if (room == 0) {
				s->body_full = true;
				return false;
			}
		}
		room = MIN(MIN(room, *n), in->body_left);
		in->body_left -= room;
		if (in->sink) {
			memcpy(to, *p, room);
			in->sink->ops->put(in->sink, room);
		}
		*p += room;
		*n -= room;
		if (session_has_ended(s))
			return false;
		in = s->input;
	}
	return true;
}

/* The next @size bytes are thrown away, unless an act claims them. False: no memory, and the session has ended. */
static bool input_begin_body(struct session *s, uint64_t size)
{
	struct input *in;

	if (size == 0)
		return true;
	in = input_get(s);
	if (!in) {
		session_end(s, "out of memory");
		return false;
	}
	in->sink = NULL;
	in->body_left = size;
	s->body_full = false;
	return true;
}

void input_resolve_body(struct session *s, uint64_t size, const char *front, size_t n_front)
{
	struct input *in = s->input;
	uint64_t taken;

	if (!in || in->body_left == 0)
		return;
	taken = BODY_SIZE_UNDECIDED - in->body_left;
	in->body_left = size - n_front - taken;
	if (in->sink)
		in->sink->ops->resolve(in->sink, size, front, n_front);
}

/* Answers a line that is no request at all. */
static struct request *input_refuse(struct session *s)
{
	struct request *q = request_new(s, NULL, s->reactor->set->n_roles);

	if (!q)
		session_end(s, "out of memory");
	return q;
}

/* Whether one of the listener's roles takes the line for its own. */
static bool input_offer(struct session *s, struct request *q, char *line, size_t len)
{
	const struct reactor_set *set = s->reactor->set;
	bool alone = frontend_of(s->listener)->n_roles == 1;

	s->reactor->current = q;
	for (unsigned i = 0; i < set->n_roles; i++) {
		const struct role *role = set->roles[i].role;

		if (!(s->listener->role_bits & 1ULL << i) || !role->line)
			continue;
		q->role = (uint8_t)i;
		if (role->line(q, line, len, alone) > 0) {
			assert(s->reactor->current != q || q->deferred);
			s->reactor->current = NULL;
			return true;
		}
	}
	return false;
}

/* A line that is no verb: somebody's bare line (a number, a chat text), or an error. */
static void input_bare_line(struct session *s, char *line, size_t len, size_t name_len)
{
	struct request *q = input_refuse(s);

	if (!q || input_offer(s, q, line, len))
		return;
	q->role = (uint8_t)s->reactor->set->n_roles;
	if (len == 0)
		request_error(q, ERROR_BAD_COMMAND, "an empty line is no request; HELP tells what there is");
	else
		request_error(q, ERROR_BAD_COMMAND, "'%.*s' is no verb here; HELP tells what there is",
			      (int)MIN(name_len, (size_t)32), line);
}

/* A line that may be the answer to what a role has asked. It holds up what is behind it. */
static bool input_pre_verb(struct session *s, char *line, size_t len)
{
	struct request *q = input_refuse(s);

	if (!q)
		return true;
	s->barrier = q;
	if (input_offer(s, q, line, len))
		return true;
	request_cancel(q);
	return session_has_ended(s);
}

/* 1 to 18 digits, which always fit. */
static int input_read_size(const char *p, size_t len, uint64_t *ret)
{
	return len <= BODY_DIGITS_MAX ? str_to_u64(p, len, 0, UINT64_MAX, ret) : -ERANGE;
}

/* As many as its last field tells. They come, whatever the answer is. */
bool input_skip_body(struct request *q, const struct verb *v, const char *rest, size_t len)
{
	const char *comma = rest ? memrchr(rest, ',', len) : NULL;
	const char *size = comma ? comma + 1 : rest;
	uint64_t n;

	if (!rest || !(v->flags & VERB_BODY) || (v->min > 1 && !comma))
		return false;
	len -= (size_t)(size - rest);
	if (input_read_size(size, len, &n) < 0)
		return false;
	(void)input_begin_body(q->session, n);
	return true;
}

/* From here on the bytes come, whatever the answer is. False: the request is answered. */
static bool input_take_body(struct session *s, struct request *q, const struct fields *f)
{
	const struct field *size = &f->at[f->n - 1];
	uint64_t n = BODY_SIZE_UNDECIDED;

	if (!q->size_undecided && input_read_size(size->data, size->len, &n) < 0) {
		request_error(q, ERROR_BAD_ARGUMENT, "the size '%.*s' is not 1 to 18 digits; no bytes are expected",
			      (int)MIN(size->len, (size_t)40), size->data);
		return false;
	}
	if (input_begin_body(s, n))
		return true;
	request_silent(q);
	return false;
}

static bool input_split(struct session *s, struct request *q, char *rest, size_t len, struct fields *f)
{
	const struct verb *v = &q->verb->verb;
	enum field_rule rule = v->flags & VERB_LAST_COMMA ? FIELD_RULE_LAST_COMMA : FIELD_RULE_REST;

	f->n = 0;
	if (rest && v->max > 0) {
		switch (field_split(rest, len, s->dialect, rule, v->max, f)) {
		case FIELD_OK:
			break;
		case FIELD_TOO_MANY:
			f->n = FIELDS_MAX + 1;
			break;
		case FIELD_BAD_PERCENT:
			(void)input_skip_body(q, v, rest, len);
			request_error(q, ERROR_BAD_ARGUMENT,
				      "a %% is not followed by two hex digits; in ioe/1 write %%25 for it");
			return false;
		}
	}
	if (f->n < v->min || f->n > v->max || (rest && v->max == 0)) {
		(void)input_skip_body(q, v, rest, len);
		request_error(q, ERROR_BAD_ARGUMENT, "too many or too few fields: it is %s", v->syntax);
		return false;
	}
	return true;
}

void _hot_ input_act(struct request *q, char *rest, size_t len)
{
	const struct role_verb *row = q->verb;
	struct session *s = q->session;
	struct reactor *r = q->reactor;
	struct fields f;
	int e;

	if (unlikely(row->verb.flags & VERB_NOT_YET)) {
		request_error(q, ERROR_UNAVAILABLE, "%s is not in this version of ioed", row->verb.name);
		return;
	}
	r->current = q;
	if (!input_split(s, q, rest, len, &f))
		return;
	/* Not where a body follows: its act counts the memory that it takes (request_charge()), and says so. */
	if (unlikely(chunk_pool_is_over(&r->pool)) && q->role != r->set->n_roles && !(row->verb.flags & VERB_BODY)) {
		request_report(q, LOG_EVENT_LIMIT_MEMORY, NULL, 0, "%s was refused: limits.memory is used up",
			       row->verb.name);
		request_error(q, ERROR_BUSY, "the memory for all clients (limits.memory) is used up; try again later");
		return;
	}
	if (unlikely(row->verb.flags & VERB_BODY) && !input_take_body(s, q, &f))
		return;
	if (row->verb.flags & VERB_BARRIER)
		s->barrier = q;
	e = row->act(q, &f);
	if (likely(e >= 0)) {
		assert(r->current != q || (e == ACT_DEFERRED && q->deferred));
		r->current = NULL;
		return;
	}
	assert(r->current == q);
	r->current = NULL;
	if (e == -ENOMEM) {
		request_report(q, LOG_EVENT_OUT_OF_RESOURCES, NULL, 0, "%s was refused: out of memory", row->verb.name);
		request_error(q, ERROR_BUSY, "out of memory; try again later");
	} else {
		request_report(q, LOG_EVENT_REQUEST_FAILED, NULL, 0, "%s failed: %s", row->verb.name,
			       strerror(-e));
		request_error(q, ERROR_INTERNAL, "%s failed: %s", row->verb.name, strerror(-e));
	}
}

void input_refuse_foreign(struct session *s, enum foreign what)
{
	struct reactor *r = s->reactor;
	unsigned nobodys = r->set->n_roles;
	const char *answer;
	size_t n = foreign_answer(what, &answer);

	session_finish(s);
	s->first_line = false;
	request_drop_all(s); /* an old client's name that is not decided yet */
	raw_drop(s);
	counter_add(&r->counters.requests[nobodys], 1);
	counter_add(&r->counters.errors[nobodys], 1);
	conn_write(&s->conn, answer, n);
	loop_defer(&r->loop, &s->resume);
}

/* The first line decides; only HELLO decides otherwise later. */
static void input_decide(struct session *s, const char *line, size_t len)
{
	enum foreign what = foreign_look_line(line, len);

	s->first_line = false;
	s->dialect = DIALECT_LINE;
	if (what != FOREIGN_NONE)
		input_refuse_foreign(s, what);
}

struct input_scan {
	size_t name_len; /* up to the first comma, or all */
	bool nul, iac;   /* what no line may hold; where telnet's sequences may begin */
};

/*
 * The name is short, and most lines are no more than that: a loop costs less than the calls that do better on long ones.
 */
static inline struct input_scan input_scan(const char *line, size_t len)
{
	struct input_scan scan = {};
	size_t i, head = MIN(len, (size_t)VERB_NAME_MAX + 1);
	const char *comma;

	for (i = 0; i < head && line[i] != ','; i++) {
		scan.nul |= line[i] == '\0';
		scan.iac |= line[i] == '\377';
	}
	scan.name_len = i;
	if (i == len)
		return scan;
	comma = memchr(line + i, ',', len - i);
	scan.name_len = comma ? (size_t)(comma - line) : len;
	scan.nul |= memchr(line + i, '\0', len - i) != NULL;
	scan.iac |= memchr(line + i, '\377', len - i) != NULL;
	return scan;
}

static void input_refuse_nul(struct session *s, const struct verb_entry *e, const char *line, size_t len)
{
	struct request *q = input_refuse(s);
	const char *comma = memchr(line, ',', len);

	if (!q)
		return;
	if (e && comma)
		(void)input_skip_body(q, e->verb, comma + 1, len - (size_t)(comma + 1 - line));
	request_error(q, ERROR_BAD_COMMAND, "a line must not hold NUL bytes");
}

/* One line. False: it has to wait, and so has all behind it. @len shrinks where telnet's sequences are taken out. */
bool _hot_ input_line(struct session *s, char *line, size_t *len)
{
	const struct verb_entry *e;
	const struct role_verb *row;
	struct input_scan scan;
	struct request *q;

	scan = input_scan(line, *len);
	if (unlikely(scan.iac) && dialect_get(s->dialect)->has_telnet) {
		*len = line_strip_telnet(line, *len);
		scan = input_scan(line, *len);
	}
	if (unlikely(s->first_line) && s->dialect == DIALECT_UNDECIDED) {
		input_decide(s, line, *len);
		if (session_is_ending(s))
			return true;
	}
	e = verb_table_find(&frontend_of(s->listener)->verbs, line, scan.name_len);
	if (unlikely(scan.nul)) {
		input_refuse_nul(s, e ? e : elsewhere_find(s, line, scan.name_len), line, *len);
		return true;
	}
	if (unlikely(s->intercept)) {
		if (s->n_requests > 0)
			return false;
		if (input_pre_verb(s, line, *len))
			return true;
	}
	if (!e) {
		if (!elsewhere_refuse(s, line, *len))
			input_bare_line(s, line, *len, scan.name_len);
		return true;
	}
	row = container_of(e->verb, struct role_verb, verb);
	if (row->verb.flags & VERB_BARRIER && s->n_requests > 0)
		return false;
	q = request_new(s, row, e->owner);
	if (unlikely(!q))
		session_end(s, "out of memory");
	else if (scan.name_len < *len)
		input_act(q, line + scan.name_len + 1, *len - scan.name_len - 1);
	else
		input_act(q, NULL, 0);
	return true;
}

/* What one step of the feed came to. */
enum input_step {
	INPUT_GO_ON,
	INPUT_NEED_MORE,
	INPUT_HELD,
	INPUT_ENDED,
};

void input_too_long(struct session *s)
{
	struct request *q;

	s->first_line = s->intercept;
	if (s->dialect == DIALECT_UNDECIDED)
		s->dialect = DIALECT_LINE;
	q = input_refuse(s);
	if (q)
		request_error(q, ERROR_TOO_LONG, "a line may have %llu bytes (limits.line); this one was skipped",
			      (unsigned long long)s->reactor->limits->line);
}

/* Whether the first line's beginning tells already that it is another protocol's. */
static bool input_meets_foreign(struct session *s, const struct line_reader *lr, const char *p, size_t n)
{
	size_t kept = line_kept(lr);
	enum foreign what;

	/* The bytes that are kept have been looked at; where telnet's words are among them, the whole line tells. */
	if (kept > 0 && memchr(lr->rest.data, '\377', kept))
		return false;
	what = kept > 0 ? foreign_look_more(p, n) : foreign_look(p, n);
	if (what != FOREIGN_NONE)
		input_refuse_foreign(s, what);
	return what != FOREIGN_NONE;
}

/*
 * A web page can make its browser's first line longer than is kept, and then its end, which would tell, is not seen. But
 * it begins as none of ours. Of what is over the limit nothing is looked at.
 */
static bool input_is_long_http(const struct session *s, const struct line_reader *lr, const char *p, size_t n)
{
	const char *kept = lr->rest.data;
	size_t n_kept = line_kept(lr), max = s->reactor->limits->line, word;

	if (n_kept + n <= max)
		return false;
	n = MIN(n, max + 1 - MIN(n_kept, max + 1));
	if (n_kept == 0 || foreign_begins_http(kept, n_kept))
		return n_kept > 0 || foreign_begins_http(p, n);
	/* The method, or the blank behind it, is the last that was kept. */
	word = foreign_method(kept, n_kept);
	if (word == n_kept)
		word += foreign_method(p, n);
	if (word + 2 > n_kept + n || word + 2 <= n_kept)
		return false;
	return (word < n_kept ? kept[word] : p[word - n_kept]) == ' ' && p[word + 1 - n_kept] == '/';
}

static enum input_step _hot_ input_feed_line(struct session *s, struct line_reader *lr, char **p, size_t *n)
{
	char *line, *start = *p;
	bool http = false;
	size_t len, came;

	if (unlikely(s->first_line)) {
		if (input_meets_foreign(s, lr, *p, *n))
			return INPUT_ENDED;
		http = input_is_long_http(s, lr, *p, *n);
	}
	switch (line_next(lr, p, n, s->reactor->limits->line, &line, &len)) {
	case LINE_NONE:
		return INPUT_NEED_MORE;
	case LINE_NO_MEMORY:
		session_end(s, "out of memory");
		return INPUT_ENDED;
	case LINE_TOO_LONG:
		if (http)
			input_refuse_foreign(s, FOREIGN_HTTP);
		else
			input_too_long(s);
		return session_has_ended(s) ? INPUT_ENDED : INPUT_GO_ON;
	case LINE_WHOLE:
		break;
	}
	came = len;
	if (likely(input_line(s, line, &len)))
		return session_has_ended(s) ? INPUT_ENDED : INPUT_GO_ON;
	/* A line that still is as it came is taken up again where it lies. */
	if (line == start && len == came)
		input_hold(s, NULL, 0, line, *n + (size_t)(*p - line));
	else
		input_hold(s, line, len, *p, *n);
	return INPUT_HELD;
}

/* A line was begun and is not ended yet: the session keeps it, and the clock runs. */
static void input_begun(struct session *s, struct line_reader *lr)
{
	struct input *in = input_get(s);

	if (!in) {
		session_end(s, "out of memory");
		return;
	}
	if (lr != &in->line) {
		in->line = *lr;
		*lr = (struct line_reader){};
	}
	s->line_usec = s->reactor->loop.now_usec;
	session_touch(s);
}

void _hot_ input_feed(struct session *s, char *p, size_t n)
{
	struct line_reader plain = {};

	while (n > 0 && !session_has_ended(s)) {
		struct line_reader *lr = s->input ? &s->input->line : &plain;
		bool unfinished = line_is_unfinished(lr);
		enum input_step step;

		if (s->input && s->input->body_left > 0) {
			if (!input_feed_body(s, &p, &n)) {
				if (!session_has_ended(s))
					input_hold(s, NULL, 0, p, n);
				break;
			}
			continue;
		}
		if (session_is_ending(s))
			break;
		if (!input_may_take(s)) {
			input_hold(s, NULL, 0, p, n);
			break;
		}
		step = input_feed_line(s, lr, &p, &n);
		if (!session_has_ended(s) && !unfinished && line_is_unfinished(lr))
			input_begun(s, lr);
		if (step != INPUT_GO_ON)
			break;
	}
	line_reader_done(&plain);
}

/* Reads on, or waits, as things stand now. */
static void input_steer(struct session *s)
{
	bool wait;

	if (session_has_ended(s))
		return;
	if (chunk_pool_is_over(&s->reactor->pool) &&
	    (raw_is_unfinished(s) || (s->input && line_kept(&s->input->line) > 0))) {
		session_report(s, LOG_EVENT_LIMIT_MEMORY,
			       "a session was closed: limits.memory has no room for its unfinished line");
		session_end(s, "no memory for its unfinished line");
		return;
	}
	wait = s->eof || s->body_full || (s->input && s->input->held_len > 0) ||
	       (session_is_ending(s) && !(s->input && s->input->body_left > 0)) ||
	       (!(s->input && s->input->body_left > 0) && !input_may_take(s));
	if (s->life == SESSION_LINGERING)
		wait = false;
	if (wait && !s->conn.paused)
		conn_pause(&s->conn);
	else if (!wait && s->conn.paused)
		conn_unpause(&s->conn);
	if (s->input && s->input->body_left > 0 && !s->body_full)
		session_touch(s); /* limits.stall_time runs */
	session_maybe_close(s);
}

/* The peer has said all it will say. What was received whole is answered; the rest is thrown away. */
static void input_eof(struct session *s)
{
	s->eof = true;
	if (s->raw)
		raw_tick(s);
	if (session_has_ended(s))
		return;
	input_cut_body(s); /* fewer bytes than promised */
	if (s->life == SESSION_LINGERING)
		session_end(s, "closed");
	else if (s->observers)
		loop_defer(&s->reactor->loop, &s->resume); /* they may be told at once */
}

/* A large body goes from the socket into its sink's memory without a detour. */
static void input_read_body(struct session *s)
{
	struct input *in = s->input;
	size_t done = 0;

	while (in && in->body_left > 0 && in->sink && done < INPUT_BODY_PASS) {
		char *to;
		size_t room = in->sink->ops->get(in->sink, &to);
		ssize_t n;

		if (room == 0) {
			s->body_full = true;
			break;
		}
		room = MIN(room, in->body_left);
		n = conn_read(&s->conn, to, room);
		if (n == -EAGAIN)
			break;
		if (n < 0) {
			session_end(s, "the connection broke");
			break;
		}
		if (n == 0) {
			input_eof(s);
			break;
		}
		counter_add(&s->reactor->counters.bytes_in, (uint64_t)n);
		done += (size_t)n;
		in->body_left -= (uint64_t)n;
		in->sink->ops->put(in->sink, (size_t)n);
		if (session_has_ended(s) || (size_t)n < room)
			break;
		in = s->input;
	}
}

void _hot_ input_readable(struct session *s)
{
	struct reactor *r = s->reactor;
	ssize_t n;

	s->active_usec = r->loop.now_usec;
	if (!s->raw_watch && s->input && s->input->body_left > 0 && s->input->sink && s->input->held_len == 0) {
		input_read_body(s);
	} else {
		n = conn_read(&s->conn, r->scratch, REACTOR_SCRATCH);
		if (n == -EAGAIN)
			return;
		if (n < 0) {
			session_end(s, "the connection broke");
			return;
		}
		if (n == 0)
			input_eof(s);
		else if (s->life != SESSION_LINGERING) {
			counter_add(&r->counters.bytes_in, (uint64_t)n);
			if (unlikely(s->raw_watch))
				raw_feed(s, r->scratch, (size_t)n);
			else
				input_feed(s, r->scratch, (size_t)n);
		}
	}
	if (session_has_ended(s))
		return;
	input_account(s);
	input_steer(s);
}

void input_resume(struct session *s)
{
	struct input *in = s->input;

	if (s->body_full)
		s->active_usec = s->reactor->loop.now_usec; /* what it waited for was ours */
	s->body_full = false;
	if (in && in->held_len > 0) {
		char *p = in->held + in->held_off;
		size_t n = in->held_len;

		in->held_len = 0;
		input_feed(s, p, n);
	}
	if (!session_has_ended(s) && s->raw)
		raw_tick(s);
	if (session_has_ended(s))
		return;
	input_account(s);
	input_steer(s);
}
