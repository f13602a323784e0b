/* SPDX-License-Identifier: MIT */
/*
 * From a line to a request: dispatch finds the verb, splits the fields, reads the size of the body, and calls the act
 * of the verb's row. It offers lines that are no verb to the roles of the listener, and refuses other protocols.
 */
#include "session/dispatch.h"

#include "base/log.h"
#include "base/str.h"
#include "session/elsewhere.h"
#include "session/input.h"
#include "session/limits.h"
#include "session/raw/raw.h"
#include "session/session-private.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* Makes the request of a line without a verb. NULL: no memory, and the session has ended. */
static struct request *dispatch_no_verb(struct session *s)
{
	struct request *q = request_new(s, NULL, s->reactor->set->n_roles);

	if (!q)
		session_end(s, "out of memory");
	return q;
}

static inline void dispatch_make_call(struct call *call, struct request *q, struct fields *f)
{
	const struct reactor *r = q->reactor;
	bool is_role = q->role < r->set->n_roles;

	*call = (struct call){
		.request = q,
		.fields = f,
		.options = is_role ? r->options[q->role] : NULL,
		.state = is_role ? r->set->roles[q->role].state : NULL,
		.session = q->session,
		.dialect = q->dialect,
	};
}

/* Whether the session has the right to use the verb @v on the objects that its fields name. */
static inline bool dispatch_may(_unused_ const struct call *call, _unused_ const struct verb *v)
{
	return true;
}

/* Calls an act. All acts are called here, also those of lines without a verb and of unmatched input. */
static inline int dispatch_call(struct request *q, const struct verb *v, struct fields *f, role_act_fn act)
{
	struct call call;

	dispatch_make_call(&call, q, f);
	if (unlikely(!dispatch_may(&call, v))) {
		request_error(q, ERROR_DENIED, "you have no right to use %s here", v->name);
		return ACT_ANSWERED;
	}
	return act(&call);
}

int request_act(struct request *q, const char *verb, struct fields *f, role_act_fn act)
{
	const struct role *role = q->reactor->set->roles[q->role].role;
	const struct role_verb *row = role->verbs;

	while (strcmp(row->verb.name, verb) != 0) {
		row++;
		assert(row < role->verbs + role->n_verbs);
	}
	return dispatch_call(q, &row->verb, f, act);
}

static void dispatch_fail(struct request *q, const char *what, int error)
{
	if (error == -ENOMEM) {
		request_report(q, LOG_EVENT_OUT_OF_RESOURCES, NULL, 0, "%s was refused: out of memory", what);
		request_error(q, ERROR_BUSY, "out of memory; try again later");
	} else {
		request_report(q, LOG_EVENT_REQUEST_FAILED, NULL, 0, "%s failed: %s", what, strerror(-error));
		request_error(q, ERROR_INTERNAL, "%s failed: %s", what, strerror(-error));
	}
}

/* Handles the result of an act, or of a role's line(). False: it is ACT_PASSED. */
static inline bool dispatch_end(struct reactor *r, struct request *q, const char *what, int outcome)
{
	if (outcome == ACT_PASSED)
		return false;
	if (unlikely(outcome < 0)) {
		assert(r->current == q);
		r->current = NULL;
		dispatch_fail(q, what, outcome);
		return true;
	}
	assert(r->current != q || (outcome == ACT_DEFERRED && q->deferred));
	r->current = NULL;
	return true;
}

/* Offers the line to the listener's roles. True: one of them has taken it. */
static bool dispatch_offer(struct session *s, struct request *q, char *line, size_t len)
{
	bool alone = frontend_of(s->listener)->n_roles == 1;
	struct reactor *r = s->reactor;
	struct fields f;
	struct call call;

	f.n = 1;
	r->current = q;
	for (unsigned i = 0; i < r->set->n_roles; i++) {
		const struct role *role = r->set->roles[i].role;

		if (!(s->listener->role_bits & 1ULL << i) || !role->line)
			continue;
		q->role = (uint8_t)i;
		f.at[0] = (struct field){ line, len };
		dispatch_make_call(&call, q, &f);
		if (dispatch_end(r, q, "a line without a verb", role->line(&call, alone)))
			return true;
	}
	return false;
}

void dispatch_unmatched(struct request *q)
{
	struct fields f;
	struct call call;

	f.n = 0;
	dispatch_make_call(&call, q, &f);
	q->reactor->set->roles[q->role].role->unmatched(&call);
}

/* A line without a verb: it is for a role (a number, a chat text), or an error. */
static void dispatch_bare_line(struct session *s, char *line, size_t len, size_t name_len)
{
	struct request *q = dispatch_no_verb(s);

	if (!q || dispatch_offer(s, q, line, len))
		return;
	q->role = (uint8_t)s->reactor->set->n_roles;
	if (len == 0)
		request_error(q, ERROR_BAD_COMMAND, "an empty line is no request; HELP tells what there is");
	else
		request_error(q, ERROR_BAD_COMMAND, "'%.*s' is no verb here; HELP tells what there is",
			      (int)MIN(name_len, (size_t)32), line);
}

/* Offers the line to roles before verbs are looked for, as it can be the answer to a role's question. The lines behind
 * it wait. */
static bool dispatch_pre_verb(struct session *s, char *line, size_t len)
{
	struct request *q = dispatch_no_verb(s);

	if (!q)
		return true;
	s->barrier = true;
	if (dispatch_offer(s, q, line, len))
		return true;
	request_cancel(q);
	return session_has_ended(s);
}

/* Reads 1 to 18 digits; every such number fits. */
static int dispatch_read_size(const char *p, size_t len, uint64_t *ret)
{
	return len <= BODY_DIGITS_MAX ? str_to_u64(p, len, 0, UINT64_MAX, ret) : -ERANGE;
}

bool dispatch_skip_body(struct request *q, const struct verb *v, const char *rest, size_t len)
{
	const char *comma = rest ? memrchr(rest, ',', len) : NULL;
	const char *size = comma ? comma + 1 : rest;
	uint64_t n;

	if (!rest || !(v->flags & VERB_BODY) || (v->min > 1 && !comma))
		return false;
	len -= (size_t)(size - rest);
	if (dispatch_read_size(size, len, &n) < 0)
		return false;
	(void)input_begin_body(q->session, n);
	return true;
}

/* The body follows from here on, even if the request is refused. False: the request was answered. */
static bool dispatch_take_body(struct session *s, struct request *q, const struct fields *f)
{
	const struct field *size = &f->at[f->n - 1];
	uint64_t n = BODY_SIZE_UNDECIDED;

	if (!q->size_undecided && dispatch_read_size(size->data, size->len, &n) < 0) {
		request_error(q, ERROR_BAD_ARGUMENT, "the size '%.*s' is not 1 to 18 digits; no bytes are expected",
			      (int)MIN(size->len, (size_t)40), size->data);
		return false;
	}
	if (input_begin_body(s, n))
		return true;
	request_noreply(q);
	return false;
}

static bool dispatch_split(struct session *s, struct request *q, char *rest, size_t len, struct fields *f)
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
			(void)dispatch_skip_body(q, v, rest, len);
			request_error(q, ERROR_BAD_ARGUMENT,
				      "a %% is not followed by two hex digits; in ioe/1 write %%25 for it");
			return false;
		}
	}
	if (f->n < v->min || f->n > v->max || (rest && v->max == 0)) {
		(void)dispatch_skip_body(q, v, rest, len);
		request_error(q, ERROR_BAD_ARGUMENT, "too many or too few fields: it is %s", v->syntax);
		return false;
	}
	return true;
}

void _hot_ dispatch_act(struct request *q, char *rest, size_t len)
{
	const struct role_verb *row = q->verb;
	struct session *s = q->session;
	struct reactor *r = q->reactor;
	struct fields f;
	int outcome;

	if (unlikely(row->verb.flags & VERB_NOT_YET)) {
		request_error(q, ERROR_UNAVAILABLE, "%s is not in this version of ioed", row->verb.name);
		return;
	}
	r->current = q;
	if (!dispatch_split(s, q, rest, len, &f))
		return;
	/* A request with a body is exempt: its act counts the memory itself (request_account()). */
	if (unlikely(chunk_pool_is_over(&r->pool)) && q->role != r->set->n_roles && !(row->verb.flags & VERB_BODY)) {
		request_report(q, LOG_EVENT_LIMIT_MEMORY, NULL, 0, "%s was refused: limits.memory is used up",
			       row->verb.name);
		request_error(q, ERROR_BUSY, "the memory for all clients (limits.memory) is used up; try again later");
		return;
	}
	if (unlikely(row->verb.flags & VERB_BODY) && !dispatch_take_body(s, q, &f))
		return;
	if (row->verb.flags & VERB_BARRIER)
		s->barrier = true;
	outcome = dispatch_call(q, &row->verb, &f, row->act);
	assert(outcome != ACT_PASSED);
	(void)dispatch_end(r, q, row->verb.name, outcome);
}

void dispatch_refuse_foreign(struct session *s, enum foreign what)
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

/* The first line decides the dialect; only HELLO can change it later. */
static void dispatch_decide(struct session *s, const char *line, size_t len)
{
	enum foreign what = foreign_look_line(line, len);

	s->first_line = false;
	s->dialect = DIALECT_LINE;
	if (what != FOREIGN_NONE)
		dispatch_refuse_foreign(s, what);
}

struct dispatch_scan {
	size_t name_len; /* bytes before the first comma, or all */
	bool nul, iac;   /* has a NUL, which is an error; has an IAC, with which telnet sequences begin */
};

/*
 * The name is short, and most lines are only a name. So a loop costs less than memchr() and the like, which are better
 * for long lines.
 */
static inline struct dispatch_scan dispatch_scan(const char *line, size_t len)
{
	struct dispatch_scan scan = {};
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

static void dispatch_refuse_nul(struct session *s, const struct verb_entry *e, const char *line, size_t len)
{
	struct request *q = dispatch_no_verb(s);
	const char *comma = memchr(line, ',', len);

	if (!q)
		return;
	if (e && comma)
		(void)dispatch_skip_body(q, e->verb, comma + 1, len - (size_t)(comma + 1 - line));
	request_error(q, ERROR_BAD_COMMAND, "a line must not hold NUL bytes");
}

bool _hot_ dispatch_line(struct session *s, char *line, size_t *len)
{
	const struct verb_entry *e;
	const struct role_verb *row;
	struct dispatch_scan scan;
	struct request *q;

	scan = dispatch_scan(line, *len);
	if (unlikely(scan.iac) && dialect_get(s->dialect)->has_telnet) {
		*len = line_strip_telnet(line, *len);
		scan = dispatch_scan(line, *len);
	}
	if (unlikely(s->first_line) && s->dialect == DIALECT_UNDECIDED) {
		dispatch_decide(s, line, *len);
		if (session_is_ending(s))
			return true;
	}
	e = verb_table_find(&frontend_of(s->listener)->verbs, line, scan.name_len);
	if (unlikely(scan.nul)) {
		dispatch_refuse_nul(s, e ? e : elsewhere_find(s, line, scan.name_len), line, *len);
		return true;
	}
	if (unlikely(s->pre_verb)) {
		if (s->n_requests > 0)
			return false;
		if (dispatch_pre_verb(s, line, *len))
			return true;
	}
	if (!e) {
		if (!elsewhere_refuse(s, line, *len))
			dispatch_bare_line(s, line, *len, scan.name_len);
		return true;
	}
	row = container_of(e->verb, struct role_verb, verb);
	if (row->verb.flags & VERB_BARRIER && s->n_requests > 0)
		return false;
	q = request_new(s, row, e->owner);
	if (unlikely(!q))
		session_end(s, "out of memory");
	else if (scan.name_len < *len)
		dispatch_act(q, line + scan.name_len + 1, *len - scan.name_len - 1);
	else
		dispatch_act(q, NULL, 0);
	return true;
}

void dispatch_too_long(struct session *s)
{
	struct request *q;

	s->first_line = s->pre_verb;
	if (s->dialect == DIALECT_UNDECIDED)
		s->dialect = DIALECT_LINE;
	q = dispatch_no_verb(s);
	if (q)
		request_error(q, ERROR_TOO_LONG, "a line may have %llu bytes (limits.line); this one was skipped",
			      (unsigned long long)s->reactor->limits->line);
}
