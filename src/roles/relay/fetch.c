/* SPDX-License-Identifier: MIT */
/*
 * FETCH reads the mailbox page by page from the store. The next page is read when the session's output has drained, so
 * a long mailbox needs little memory. The first page counts the messages; FETCH ends after that many, as it would never
 * end while a fast sender sends. In a session with WAIT,on it delivers nothing, since all messages are delivered
 * anyway.
 */
#include "roles/relay/fetch.h"

#include "base/str.h"
#include "channel/stored.h"

#include <errno.h>
#include <string.h>

#define RELAY_FETCH_ROWS  64
#define RELAY_FETCH_BYTES ((size_t)32 << 10)
#define RELAY_FETCH_SHARE 4 /* of the session's output limit: an encoded text can be three times as long */

struct relay_fetch {
	struct channel_page page;
	struct channel_engine *engine;
	struct request *request;
	uint64_t max; /* messages that the client asked for */
	uint64_t waited, delivered;
	bool counted;              /* `waited` is known */
};

static void relay_fetch_answer(struct relay_fetch *x, int outcome)
{
	if (outcome != 0) {
		relay_refuse(x->request, outcome);
	} else {
		request_begin(x->request, "OK");
		request_field_u64(x->request, x->delivered);
		request_field_u64(x->request, x->waited - x->delivered);
		request_end(x->request);
	}
	free(x);
}

void relay_fetch_gone(struct relay_fetch *x)
{
	relay_fetch_answer(x, RELAY_E_ENDED);
}

static void relay_fetch_on_page(struct channel_page *p);

static void relay_fetch_read(struct relay_fetch *x, const struct relay_session *rs)
{
	size_t room = session_event_room(request_session(x->request));
	uint64_t want = x->max - x->delivered;

	if (x->counted)
		want = MIN(want, x->waited - x->delivered);
	x->page = (struct channel_page){
		.loop = request_loop(x->request),
		.policy = &relay_policy,
		.name = rs->box.text,
		.name_len = rs->box.len,
		.after = rs->cursor,
		.max_messages = (size_t)MIN(want, (uint64_t)RELAY_FETCH_ROWS),
		.max_bytes = MIN(RELAY_FETCH_BYTES, room / RELAY_FETCH_SHARE),
		.count_left = !x->counted,
		.on_complete = relay_fetch_on_page,
	};
	channel_page_read(&x->page, x->engine);
}

/* False: the session takes no more. */
static bool relay_fetch_deliver(struct relay_fetch *x, const struct relay_session *rs, struct session *s)
{
	struct channel_event e;

	while (channel_page_next(&x->page, &e)) {
		e.channel = rs->box.text;
		e.channel_len = rs->box.len;
		if (channel_send(s, &relay_policy, &e) < 0)
			return false;
		relay_session_given(s, &e);
		x->delivered++;
	}
	return true;
}

enum relay_fetch_next {
	RELAY_FETCH_COMPLETE,
	RELAY_FETCH_AGAIN,  /* read the page again, from the cursor */
	RELAY_FETCH_DRAIN,  /* read the next page when the session's output has drained */
};

/* Delivers a page. *ret_outcome, where the FETCH is complete. */
static enum relay_fetch_next relay_fetch_page(struct relay_fetch *x, struct relay_session *rs, struct session *s,
					      int *ret_outcome)
{
	const struct channel_page *page = &x->page;
	uint64_t after = rs->cursor;

	*ret_outcome = page->result == CHANNEL_E_NOT_FOUND ? 0 : page->result;
	if (page->result == CHANNEL_E_NOT_FOUND)
		x->waited = x->delivered;
	if (page->result != 0)
		return RELAY_FETCH_COMPLETE;
	/* The mailbox is a new one, and the page was read behind the cursor of the old one. */
	if (relay_session_resume(rs, page->channel_id) != after)
		return RELAY_FETCH_AGAIN;
	if (!x->counted)
		x->waited = page->n_messages + page->left;
	x->counted = true;
	if (!relay_fetch_deliver(x, rs, s)) {
		*ret_outcome = RELAY_E_ENDED;
		return RELAY_FETCH_COMPLETE;
	}
	if (!page->more)
		x->waited = x->delivered; /* another session may have acknowledged some meanwhile */
	return x->delivered >= MIN(x->max, x->waited) ? RELAY_FETCH_COMPLETE : RELAY_FETCH_DRAIN;
}

static void relay_fetch_on_page(struct channel_page *p)
{
	struct relay_fetch *x = container_of(p, struct relay_fetch, page);
	struct session *s = request_session(x->request);
	struct relay_session *rs = s ? relay_session_find(s) : NULL;
	enum relay_fetch_next next = RELAY_FETCH_COMPLETE;
	int outcome = RELAY_E_ENDED;

	if (rs)
		next = relay_fetch_page(x, rs, s, &outcome);
	channel_page_done(p);
	switch (next) {
	case RELAY_FETCH_COMPLETE:
		relay_fetch_answer(x, outcome);
		break;
	case RELAY_FETCH_AGAIN:
		relay_fetch_read(x, rs);
		break;
	case RELAY_FETCH_DRAIN:
		rs->fetch = x;
		rs->observer.want_flushed = true;
		session_want(s, &rs->observer);
		break;
	}
}

void relay_fetch_go_on(struct relay_fetch *x, struct relay_session *rs)
{
	relay_fetch_read(x, rs);
}

static bool relay_fetch_take_max(struct request *q, const struct fields *f, uint64_t *ret)
{
	*ret = UINT64_MAX;
	if (f->n == 0 || str_to_u64(f->at[0].data, f->at[0].len, 1, UINT64_MAX - 1, ret) >= 0)
		return true;
	request_error(q, ERROR_BAD_ARGUMENT,
		      "'%.*s' is no number of messages, which is 1 or more; FETCH alone takes all",
		      (int)MIN(f->at[0].len, (size_t)32), f->at[0].data);
	return false;
}

int relay_fetch(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;
	struct relay_session *rs;
	struct relay_fetch *x;
	uint64_t max;
	int r;

	if (!relay_fetch_take_max(q, f, &max))
		return ACT_ANSWERED;
	if (!relay_has_store(call))
		return ACT_ANSWERED;
	r = relay_session_get(call, &rs);
	if (r < 0)
		return r;
	x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;
	x->engine = rs->state->engine;
	x->request = q;
	x->max = max;
	request_defer(q);
	if (rs->wanted)
		relay_fetch_answer(x, 0);
	else
		relay_fetch_read(x, rs);
	return ACT_DEFERRED;
}
