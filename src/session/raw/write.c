/* SPDX-License-Identifier: MIT */
/*
 * The WRITE of an old client. The digits that begin its file cannot be told from its size (wire/split.h). While the
 * size is undecided the bytes are kept, up to RAW_KEEP. Then they go into the upload, which is staging, with the
 * likelier size. The upload is given the right size once that is known (body_sink_ops.resolve).
 */
#include "session/raw/raw-private.h"

#include "session/dispatch.h"
#include "session/input.h"
#include "session/raw/raw.h"

#include <assert.h>
#include <string.h>

/* The offset of an old WRITE's size, which is a digit behind the second comma. 0: the data is none, or not yet. */
static size_t raw_write_find_size(const struct buf *b)
{
	const char *name = b->data + strlen("WRITE,"), *end = b->data + b->len, *comma;

	if (!raw_detect_begins(b, "WRITE,"))
		return 0;
	comma = memchr(name, ',', (size_t)(end - name));
	if (!comma || memchr(name, '\n', (size_t)(comma - name)) || comma + 1 == end)
		return 0;
	return comma[1] >= '0' && comma[1] <= '9' ? (size_t)(comma + 1 - b->data) : 0;
}

/* Begins the request WRITE,name,SIZE; its name stands in the kept data. */
static void raw_write_begin(struct session *s, uint64_t size, bool size_undecided)
{
	struct raw *w = s->raw;
	const struct verb_entry *e = verb_table_find(&frontend_of(s->listener)->verbs, "WRITE", 5);
	size_t name_len = w->header - strlen("WRITE,");
	struct request *q = NULL;
	struct buf line = {};

	if (buf_append(&line, w->data.data + strlen("WRITE,"), name_len) < 0 ||
	    buf_printf(&line, "%llu", (unsigned long long)size) < 0 ||
	    !(q = request_new(s, container_of(e->verb, struct role_verb, verb), e->owner))) {
		session_end(s, "out of memory");
	} else {
		/* While it is undecided, too: an old client's reply is shorter, and becomes a line by a line's end. */
		q->dialect = DIALECT_RAW;
		q->size_undecided = size_undecided;
		dispatch_act(q, line.data, line.len);
	}
	buf_done(&line);
}

/* The request of the upload: a barrier is always the only one. */
static struct request *raw_write_request(struct session *s)
{
	assert(s->barrier && s->n_requests == 1);
	return container_of(s->requests.next, struct request, link);
}

/* The WRITE is an old client's, and its whole file has arrived. */
static void raw_write_store(struct session *s, unsigned digits)
{
	struct raw *w = s->raw;
	struct buf data;

	raw_become_raw(s);
	w->writing = false;
	if (w->staging) {
		w->staging = false;
		request_resolve(raw_write_request(s), DIALECT_RAW);
		/* There are never more digits than were guessed, as all of them had arrived then. */
		input_resolve_body(s, split_size(&w->split, digits), w->head + digits, w->guess - digits);
		return;
	}
	raw_write_begin(s, split_size(&w->split, digits), false);
	if (session_has_ended(s))
		return;
	data = w->data;
	w->data = (struct buf){ .max = data.max };
	input_feed(s, data.data + w->header + digits, data.len - w->header - digits);
	buf_done(&data);
}

/* The bytes fit no size. The begin of the next command is unknown, too, so the session ends. */
static void raw_write_refuse(struct session *s)
{
	struct raw *w = s->raw;
	struct request *q;

	raw_become_raw(s);
	w->writing = false;
	buf_done(&w->data);
	session_finish(s);
	if (w->staging) {
		w->staging = false;
		request_resolve(raw_write_request(s), DIALECT_RAW);
		input_abort_body(s); /* its upload answers */
		return;
	}
	q = request_new(s, NULL, s->reactor->set->n_roles);
	if (q)
		request_error(q, ERROR_BAD_ARGUMENT, "what came behind the name is no size and a file of that size");
	else
		session_end(s, "out of memory");
}

/* The WRITE is one of a line session; its body can be under way already. */
static void raw_write_is_line(struct session *s)
{
	struct raw *w = s->raw;

	if (!w->staging) {
		raw_become_line(s);
		return;
	}
	/* An upload that has begun under the other reading has another name, and bytes of the line in it. */
	if (w->guess != w->split.line_body) {
		raw_write_refuse(s);
		return;
	}
	s->dialect = DIALECT_LINE;
	s->first_line = false;
	s->raw_watch = false;
	request_resolve(raw_write_request(s), DIALECT_LINE);
	input_resolve_body(s, w->split.line_size, NULL, 0);
	raw_free(s);
}

/* More bytes have arrived than can be kept: the upload gets them, by the more likely reading. */
static void raw_write_stage(struct session *s)
{
	struct raw *w = s->raw;
	bool line = w->split.line_ended && w->split.line_is_size && !w->split.line_comma;
	struct buf data;

	w->guess = line ? w->split.line_body : MIN(w->split.digits, (uint64_t)SPLIT_DIGITS_MAX);
	memcpy(w->head, w->data.data + w->header, w->guess);
	raw_write_begin(s, 0, true);
	if (session_has_ended(s))
		return;
	w->staging = true;
	data = w->data;
	w->data = (struct buf){ .max = data.max };
	input_feed(s, data.data + w->header + w->guess, data.len - w->header - w->guess);
	buf_done(&data);
}

void raw_write_examine(struct session *s, enum split_moment moment)
{
	struct raw *w = s->raw;
	unsigned digits = 0;

	switch (split_decide(&w->split, moment, &digits)) {
	case SPLIT_WAIT:
		if (!w->staging && w->data.len > RAW_KEEP)
			raw_write_stage(s);
		break;
	case SPLIT_LINE:
		raw_write_is_line(s);
		break;
	case SPLIT_RAW:
		if (w->staging || raw_may_answer(s))
			raw_write_store(s, digits);
		break;
	case SPLIT_NONE:
		raw_write_refuse(s);
		break;
	}
}

/* The bytes go to the upload at once; the split only counts them. */
void raw_write_feed(struct session *s, char *p, size_t n)
{
	struct raw *w = s->raw;

	split_feed(&w->split, p, n, false);
	/* Do this before the bytes go to the upload: behind the file of a line session the next request begins. */
	raw_write_examine(s, SPLIT_NOW);
	if (!session_has_ended(s))
		input_feed(s, p, n);
}

void raw_write_note(struct session *s, const char *p, size_t n)
{
	struct raw *w = s->raw;
	bool counts = s->dialect == DIALECT_RAW || w->recvs == 1;

	if (w->writing) {
		split_feed(&w->split, p, n, counts);
		return;
	}
	w->header = verb_table_find(&frontend_of(s->listener)->verbs, "WRITE", 5) ? raw_write_find_size(&w->data) : 0;
	if (w->header == 0)
		return;
	w->writing = true;
	split_init(&w->split, s->dialect == DIALECT_RAW);
	split_feed(&w->split, w->data.data + w->header, w->data.len - w->header, counts);
}
