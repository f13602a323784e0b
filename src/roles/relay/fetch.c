/* SPDX-License-Identifier: MIT */
/*
 * FETCH reads the mailbox page by page from the store. The next page is read when the session's output has drained, so
 * a long mailbox needs little memory. The first page counts the messages; FETCH ends after so many, or a fast sender
 * would keep it going for ever. In a session with WAIT,on it delivers nothing, since all messages are delivered anyway.
 */
#include "roles/relay/fetch.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

#define RELAY_FETCH_ROWS  64
#define RELAY_FETCH_BYTES ((size_t)32 << 10)
#define RELAY_FETCH_SHARE 4 /* of the session's output limit: an encoded text can be three times as long */

struct relay_fetch {
	struct store_page page;
	struct store *store;
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

static void relay_fetch_on_page(struct store_request *request);

static void relay_fetch_read(struct relay_fetch *x, const struct relay_session *rs)
{
	struct store_page *page = &x->page;
	uint64_t want = x->max - x->delivered;

	if (x->counted)
		want = MIN(want, x->waited - x->delivered);
	*page = (struct store_page){
		.request.loop = request_loop(x->request),
		.request.on_complete = relay_fetch_on_page,
		.kind = relay_policy.kind,
		.name_len = rs->box.len,
		.after = rs->cursor,
		.upto = STORE_NUMBER_MAX,
		.max_rows = (size_t)MIN(want, (uint64_t)RELAY_FETCH_ROWS),
		.max_bytes =
			MIN(RELAY_FETCH_BYTES, session_event_room(request_session(x->request)) / RELAY_FETCH_SHARE),
		.count_left = !x->counted,
	};
	memcpy(page->name, rs->box.text, rs->box.len);
	(void)store_page(x->store, page);
}

/* False: the session takes no more. */
static bool relay_fetch_deliver(struct relay_fetch *x, const struct relay_session *rs, struct session *s)
{
	struct channel_event e = { .channel = rs->box.text, .channel_len = rs->box.len };
	struct store_row row;
	size_t at = 0;

	while (store_page_next(&x->page, &at, &row)) {
		e.from = row.from;
		e.from_len = row.from_len;
		e.text = row.text;
		e.text_len = row.text_len;
		e.number = row.number;
		e.time_msec = row.time_msec;
		e.id = store_id(x->page.channel_id, row.number);
		if (channel_send(s, &relay_policy, &e) < 0)
			return false;
		relay_session_given(s, &e);
		x->delivered++;
	}
	return true;
}

/* Delivers a page. True: the FETCH is complete, with this outcome; else it goes on. */
static bool relay_fetch_page(struct relay_fetch *x, struct relay_session *rs, struct session *s, int *ret_outcome)
{
	const struct store_page *page = &x->page;
	uint64_t after = rs->cursor;

	*ret_outcome = channel_outcome(page->request.result);
	if (*ret_outcome == CHANNEL_E_NOT_FOUND) {
		*ret_outcome = 0;
		x->waited = x->delivered;
	}
	if (page->request.result != 0)
		return true;
	if (relay_session_resume(rs, page->channel_id) != after) {
		/* The mailbox is a new one, and the page was read behind the cursor of the old one. */
		relay_fetch_read(x, rs);
		return false;
	}
	if (!x->counted)
		x->waited = page->n_rows + page->left;
	x->counted = true;
	if (!relay_fetch_deliver(x, rs, s)) {
		*ret_outcome = RELAY_E_ENDED;
		return true;
	}
	if (!page->more)
		x->waited = x->delivered; /* another session may have acknowledged some meanwhile */
	if (x->delivered >= MIN(x->max, x->waited))
		return true;
	rs->fetch = x;
	rs->observer.want_flushed = true;
	session_want(s, &rs->observer);
	return false;
}

static void relay_fetch_on_page(struct store_request *request)
{
	struct relay_fetch *x = container_of(container_of(request, struct store_page, request), struct relay_fetch, page);
	struct session *s = request_session(x->request);
	struct relay_session *rs = s ? relay_session_find(s) : NULL;
	struct buf rows = x->page.rows;
	int outcome = RELAY_E_ENDED;
	bool complete;

	complete = !rs || relay_fetch_page(x, rs, s, &outcome);
	buf_done(&rows);
	if (complete)
		relay_fetch_answer(x, outcome);
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
	struct store *store;
	uint64_t max;
	int r;

	if (!relay_fetch_take_max(q, f, &max))
		return ACT_ANSWERED;
	store = relay_store(q);
	if (!store)
		return ACT_ANSWERED;
	r = relay_session_get(call, &rs);
	if (r < 0)
		return r;
	x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;
	x->store = store;
	x->request = q;
	x->max = max;
	request_defer(q);
	if (rs->wanted)
		relay_fetch_answer(x, 0);
	else
		relay_fetch_read(x, rs);
	return ACT_DEFERRED;
}
