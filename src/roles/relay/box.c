/* SPDX-License-Identifier: MIT */
#include "roles/relay/box.h"

#include "base/str.h"
#include "channel/stored.h"
#include "roles/relay/owner/act.h"

#include <errno.h>

struct relay_box {
	struct channel_request rq; /* for MAILBOX,clear */
	struct channel_page page;
	struct channel_engine *engine;
	struct relay_name name;
	struct request *request;
};

/* The page has the oldest message, and the counts of the whole mailbox. */
static void relay_box_on_page(struct channel_page *p)
{
	struct relay_box *b = container_of(p, struct relay_box, page);
	struct channel_event oldest = {};
	struct request *q = b->request;

	if (p->result != 0 && p->result != CHANNEL_E_NOT_FOUND) {
		relay_refuse(q, p->result);
	} else {
		(void)channel_page_next(p, &oldest);
		request_begin(q, "OK");
		request_field_u64(q, p->result == 0 ? p->counts.count : 0);
		request_field_u64(q, p->result == 0 ? p->counts.bytes : 0);
		request_field_u64(q, oldest.time_msec);
		request_end(q);
	}
	channel_page_done(p);
	free(b);
}

static void relay_box_read(struct relay_box *b)
{
	b->page = (struct channel_page){
		.loop = request_loop(b->request),
		.policy = &relay_policy,
		.name = b->name.text,
		.name_len = b->name.len,
		.max_messages = 1,
		.count_all = true,
		.on_complete = relay_box_on_page,
	};
	channel_page_read(&b->page, b->engine);
}

static void relay_box_cleared(struct channel_request *rq)
{
	struct relay_box *b = container_of(rq, struct relay_box, rq);

	if (rq->result == 0 || rq->result == CHANNEL_E_NOT_FOUND) {
		relay_box_read(b);
		return;
	}
	relay_refuse(b->request, rq->result);
	free(b);
}

int relay_box(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;
	struct relay_session *rs;
	struct relay_box *b;
	int r;

	if (!relay_has_store(call))
		return ACT_ANSWERED;
	if (f->n > 0 && str_casecmp(f->at[0].data, f->at[0].len, "clear", 5) != 0) {
		request_error(q, ERROR_BAD_ARGUMENT,
			      "MAILBOX counts, and MAILBOX,clear removes; there is no '%.*s'",
			      (int)MIN(f->at[0].len, (size_t)32), f->at[0].data);
		return ACT_ANSWERED;
	}
	r = relay_session_get(call, &rs);
	if (r < 0)
		return r;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->engine = rs->state->engine;
	b->name = rs->box;
	b->request = q;
	if (f->n == 0) {
		request_defer(q);
		relay_box_read(b);
		return ACT_DEFERRED;
	}
	channel_request_init(&b->rq, rs->state->engine, &relay_policy, q, b->name.text, b->name.len);
	b->rq.kind = relay_kind_row(RELAY_KIND_CLEAR);
	b->rq.on_complete = relay_box_cleared;
	channel_submit(&b->rq);
	return ACT_DEFERRED;
}
