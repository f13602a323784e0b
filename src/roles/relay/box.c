/* SPDX-License-Identifier: MIT */
#include "roles/relay/box.h"

#include "base/str.h"
#include "roles/relay/owner/act.h"

#include <errno.h>
#include <string.h>

struct relay_box {
	struct channel_request rq; /* for MAILBOX,clear */
	struct store_page look;
	struct store *store;
	struct relay_name name;
	struct request *request;
};

static void relay_box_seen(struct store_request *request)
{
	struct relay_box *b = container_of(container_of(request, struct store_page, request), struct relay_box, look);
	struct store_counts counts = {};
	struct request *q = b->request;
	struct store_row oldest = {};
	size_t at = 0;

	if (request->result == 0) {
		counts = b->look.counts;
		(void)store_page_next(&b->look, &at, &oldest);
	}
	if (request->result != 0 && request->result != STORE_E_NOT_FOUND) {
		relay_refuse(q, channel_outcome(request->result));
	} else {
		request_begin(q, "OK");
		request_field_u64(q, counts.count);
		request_field_u64(q, counts.bytes);
		request_field_u64(q, oldest.time_msec);
		request_end(q);
	}
	store_page_done(&b->look);
	free(b);
}

static void relay_box_look(struct relay_box *b)
{
	b->look = (struct store_page){
		.request.loop = request_loop(b->request),
		.request.on_complete = relay_box_seen,
		.kind = relay_policy.kind,
		.name_len = b->name.len,
		.upto = STORE_NUMBER_MAX,
		.max_rows = 1,
		.count_all = true,
	};
	memcpy(b->look.name, b->name.text, b->name.len);
	(void)store_page(b->store, &b->look);
}

static void relay_box_cleared(struct channel_request *rq)
{
	struct relay_box *b = container_of(rq, struct relay_box, rq);

	if (rq->result == 0 || rq->result == CHANNEL_E_NOT_FOUND) {
		relay_box_look(b);
		return;
	}
	relay_refuse(b->request, rq->result);
	free(b);
}

int relay_box(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;
	struct store *store = relay_store(q);
	struct relay_session *rs;
	struct relay_box *b;
	int r;

	if (!store)
		return ACT_ANSWERED;
	if (f->n > 0 && str_casecmp(f->at[0].data, f->at[0].len, "clear", 5) != 0) {
		request_error(q, ERROR_BAD_ARGUMENT,
			      "MAILBOX alone tells, and MAILBOX,clear empties; there is no '%.*s'",
			      (int)MIN(f->at[0].len, (size_t)32), f->at[0].data);
		return ACT_ANSWERED;
	}
	r = relay_session_get(call, &rs);
	if (r < 0)
		return r;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->store = store;
	b->name = rs->box;
	b->request = q;
	if (f->n == 0) {
		request_defer(q);
		relay_box_look(b);
		return ACT_DEFERRED;
	}
	channel_request_init(&b->rq, rs->state->engine, &relay_policy, q, b->name.text, b->name.len);
	b->rq.kind = relay_kind_row(RELAY_KIND_CLEAR);
	b->rq.on_complete = relay_box_cleared;
	channel_submit(&b->rq);
	return ACT_DEFERRED;
}
