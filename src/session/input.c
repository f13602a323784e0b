/* SPDX-License-Identifier: MIT */
/*
 * Bytes become lines and bodies. Bytes are worked off where they lie, in the scratch memory of the reactor. A session
 * keeps a copy only of bytes that cannot be worked off yet: an unfinished line, or bytes behind a request that holds
 * them up. While it keeps such bytes the session is not read, so TCP makes the peer wait.
 */
#include "session/input.h"

#include "base/log.h"
#include "session/deadline.h"
#include "session/dispatch.h"
#include "session/limits.h"
#include "session/raw/raw.h"
#include "session/session-private.h"

#include <errno.h>
#include <string.h>

/* The most bytes that a body which is read directly into its sink gets in one pass. */
#define INPUT_BODY_PASS (1U << 20)

/* The most files that are being sent to one session. */
#define INPUT_FILES_MAX 2

static struct input *input_get(struct session *s)
{
	if (!s->input)
		s->input = calloc(1, sizeof(*s->input));
	return s->input;
}

void input_abort_body(struct session *s)
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
	chunk_pool_unaccount(&s->reactor->pool, in->accounted);
	line_reader_done(&in->line);
	free(in->held);
	free(in);
	s->input = NULL;
}

/* Updates the memory account for the bytes that are kept, and frees the struct if nothing is kept. */
static void input_account(struct session *s)
{
	struct input *in = s->input;
	size_t now;

	if (!in)
		return;
	now = sizeof(*in) + line_kept(&in->line) + in->held_cap;
	chunk_pool_account(&s->reactor->pool, now - in->accounted);
	in->accounted = now;
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

/* Moves as many bytes of the body as the sink takes, and advances. False: the sink takes no more now. */
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

bool input_begin_body(struct session *s, uint64_t size)
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

/* The result of one step of input_feed(). */
enum input_step {
	INPUT_GO_ON,
	INPUT_NEED_MORE,
	INPUT_HELD,
	INPUT_ENDED,
};

/* Whether the begin of the first line already shows another protocol. */
static bool input_meets_foreign(struct session *s, const struct line_reader *lr, const char *p, size_t n)
{
	size_t kept = line_kept(lr);
	enum foreign what;

	/* The bytes that are kept have been looked at; where telnet's words are among them, the whole line tells. */
	if (kept > 0 && memchr(lr->rest.data, '\377', kept))
		return false;
	what = kept > 0 ? foreign_look_more(p, n) : foreign_look(p, n);
	if (what != FOREIGN_NONE)
		dispatch_refuse_foreign(s, what);
	return what != FOREIGN_NONE;
}

/*
 * A web page can make its browser send a first line that is longer than the limit. Then the end of the line, which
 * shows the protocol, is not kept. But its begin shows that it is no request of ioe. Bytes above the limit are not
 * looked at.
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
	size_t len, received_len;

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
			dispatch_refuse_foreign(s, FOREIGN_HTTP);
		else
			dispatch_too_long(s);
		return session_has_ended(s) ? INPUT_ENDED : INPUT_GO_ON;
	case LINE_WHOLE:
		break;
	}
	received_len = len;
	if (likely(dispatch_line(s, line, &len)))
		return session_has_ended(s) ? INPUT_ENDED : INPUT_GO_ON;
	/* A line that was not changed is read again in place. */
	if (line == start && len == received_len)
		input_hold(s, NULL, 0, line, *n + (size_t)(*p - line));
	else
		input_hold(s, line, len, *p, *n);
	return INPUT_HELD;
}

/* A line has begun and not ended: the session keeps it, and its deadline runs. */
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
	deadline_touch(s);
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

/* Goes on reading, or pauses, as the state of the session demands. */
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
		deadline_touch(s); /* limits.stall_time runs */
	session_maybe_close(s);
}

/* The peer has ended its side. Whole requests that were received are answered, and the rest is thrown away. */
static void input_eof(struct session *s)
{
	s->eof = true;
	if (s->raw)
		raw_tick(s);
	if (session_has_ended(s))
		return;
	input_abort_body(s); /* fewer bytes than promised */
	if (s->life == SESSION_LINGERING)
		session_end(s, "closed");
	else if (s->observers)
		loop_defer(&s->reactor->loop, &s->resume); /* observers can be called at once */
}

/* Reads a large body from the socket directly into its sink's memory. */
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
		s->active_usec = s->reactor->loop.now_usec; /* it waited for the server, so its time begins again */
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
