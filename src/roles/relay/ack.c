/* SPDX-License-Identifier: MIT */
#include "roles/relay/ack.h"

#include "roles/relay/owner/act.h"
#include "roles/relay/words.h"

#include <errno.h>
#include <string.h>

static void relay_ack_notified(struct channel_request *rq)
{
	free(rq);
}

/* Notifies the sender, if a session of that name waits. Out of memory: STATUS still says that it was delivered. */
static void relay_ack_notify(const struct relay_ack *a, const struct store_removed *gone)
{
	const struct store_remove *step = &a->rq.call.remove;
	char text[RELAY_WORDS_RECEIPT_MAX];
	struct relay_name sender;
	struct channel_request *rq;
	size_t len;

	if (relay_name_parse(gone->from, gone->from_len, &sender) < 0)
		return;
	rq = calloc(1, sizeof(*rq));
	if (!rq)
		return;
	channel_request_init_alone(rq, a->state->engine, &relay_policy, a->rq.origin, NULL, sender.text, sender.len);
	len = relay_words_put_receipt(text, channel_message_id(a->rq.counts.id, gone->number), a->box.text, a->box.len,
				      step->time_msec);
	rq->message = channel_message_new(RELAY_EVENT_DELIVERED, a->box.text, a->box.len, text, len);
	if (!rq->message) {
		free(rq);
		return;
	}
	rq->kind = relay_kind_row(RELAY_KIND_NOTIFY);
	rq->on_complete = relay_ack_notified;
	channel_submit(rq);
}

static void relay_ack_done(struct channel_request *rq)
{
	struct relay_ack *a = container_of(rq, struct relay_ack, rq);
	size_t n = rq->result == 0 && a->n > 0 ? rq->call.remove.n_removed : 0;
	struct request *q = rq->request;

	if (q && rq->result != 0 && rq->result != CHANNEL_E_NOT_FOUND) {
		relay_refuse(q, rq->result);
	} else if (q) {
		request_begin(q, "OK");
		request_field_u64(q, n);
		request_end(q);
	}
	for (size_t i = 0; i < n; i++)
		relay_ack_notify(a, &a->removed[i]);
	free(a);
}

static struct relay_ack *relay_ack_new(struct relay_state *state, const struct relay_name *box, const uint64_t *ids,
				       size_t n)
{
	struct relay_ack *a = malloc(sizeof(*a) + n * sizeof(*a->removed));

	if (!a)
		return NULL;
	memset(a, 0, sizeof(*a));
	a->state = state;
	a->box = *box;
	a->args.n = n;
	memcpy(a->args.ids, ids, n * sizeof(*ids));
	return a;
}

static void relay_ack_submit(struct relay_ack *a)
{
	a->rq.kind = relay_kind_row(RELAY_KIND_ACK);
	a->rq.on_complete = relay_ack_done;
	channel_submit(&a->rq);
}

void relay_ack_given(struct relay_state *state, struct session *s, const struct relay_name *box, const uint64_t *ids,
		     size_t n)
{
	while (n > 0) {
		size_t now = MIN(n, (size_t)RELAY_ACK_MAX);
		struct relay_ack *a = relay_ack_new(state, box, ids, now);

		if (!a)
			return; /* out of memory: the messages will be delivered again */
		ids += now;
		n -= now;
		channel_request_init_alone(&a->rq, state->engine, &relay_policy, session_reactor(s), s, box->text,
					   box->len);
		relay_ack_submit(a);
	}
}

static bool relay_ack_take_ids(struct request *q, const struct fields *f, uint64_t *ret)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct field *id = &f->at[i];

		if (relay_words_parse_id(id, &ret[i]) < 0) {
			request_error(
				q, ERROR_BAD_ARGUMENT,
				"'%.*s' is no message's ID; MAIL has it. Up to %d IDs are possible, with commas between",
				(int)MIN(id->len, (size_t)32), id->data, RELAY_ACK_MAX);
			return false;
		}
	}
	return true;
}

int relay_ack(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;
	uint64_t ids[RELAY_ACK_MAX];
	struct relay_session *rs;
	struct relay_ack *a;
	int r;

	if (!relay_ack_take_ids(q, f, ids) || !relay_has_store(call))
		return ACT_ANSWERED;
	r = relay_session_get(call, &rs);
	if (r < 0)
		return r;
	a = relay_ack_new(rs->state, &rs->box, ids, f->n);
	if (!a)
		return -ENOMEM;
	channel_request_init(&a->rq, rs->state->engine, &relay_policy, q, rs->box.text, rs->box.len);
	relay_ack_submit(a);
	return ACT_DEFERRED;
}
