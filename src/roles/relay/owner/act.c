/* SPDX-License-Identifier: MIT */
#include "roles/relay/owner/act.h"

static void relay_act_send(struct channel *c, struct channel_request *rq)
{
	struct relay_send *x = container_of(rq, struct relay_send, rq);

	rq->call.append.key = x->args.key_len > 0 ? x->args.key : NULL;
	rq->call.append.key_len = x->args.key_len;
	rq->call.append.max_messages = x->args.max_messages;
	rq->call.append.max_bytes = x->args.max_bytes;
	channel_append(c, rq, true, NULL);
}

static void relay_act_ack(struct channel *c, struct channel_request *rq)
{
	struct relay_ack *a = container_of(rq, struct relay_ack, rq);
	uint64_t id = channel_counts(c)->id;

	for (size_t i = 0; i < a->args.n; i++)
		if (channel_message_id_channel(a->args.ids[i]) == id)
			a->numbers[a->n++] = channel_message_id_number(a->args.ids[i]);
	if (a->n == 0) {
		channel_finish(rq, 0);
		return;
	}
	rq->call.remove.numbers = a->numbers;
	rq->call.remove.n_numbers = a->n;
	rq->call.remove.disposition = CHANNEL_TAKEN;
	rq->call.remove.removed = a->removed;
	channel_remove(c, rq, NULL);
}

static void relay_act_notify(struct channel *c, struct channel_request *rq)
{
	channel_notify(c, rq->message);
	channel_finish(rq, 0);
}

static void relay_act_clear(struct channel *c, struct channel_request *rq)
{
	rq->call.remove.numbers = NULL;
	rq->call.remove.upto = CHANNEL_NUMBER_MAX;
	rq->call.remove.disposition = CHANNEL_EXPIRED; /* nobody has acknowledged it */
	rq->call.remove.removed = NULL;
	channel_remove(c, rq, NULL);
}

static void relay_act_enter(struct channel *c, struct channel_request *rq)
{
	struct relay_wait_request *x = container_of(rq, struct relay_wait_request, rq);
	struct channel_member *m;

	channel_finish(rq, channel_enter(c, rq, rq->name, rq->name_len, &x->args.address, &m));
}

static void relay_act_leave(struct channel *c, struct channel_request *rq)
{
	struct channel_member *m = channel_find_member(c, rq->session);

	if (m)
		channel_leave(c, m);
	channel_finish(rq, 0);
}

static const struct pack_row relay_send_rows[] = {
	PACK_ROW_U64(struct relay_send, args.max_messages, UINT64_MAX),
	PACK_ROW_U64(struct relay_send, args.max_bytes, UINT64_MAX),
	PACK_ROW_NAME(struct relay_send, args.key, args.key_len),
};

static const struct pack_row relay_ack_rows[] = {
	PACK_ROW_NUMBERS(struct relay_ack, args.ids, args.n),
};

static const struct pack_row relay_enter_rows[] = {
	PACK_ROW_ADDRESS(struct relay_wait_request, args.address),
};

#define RELAY_ROWS(s, kind_rows)                                                                                       \
	.size = sizeof(struct s), .args_offset = offsetof(struct s, args),                                             \
	.args_size = sizeof(((struct s *)0)->args), .rows = kind_rows, .n_rows = ELEMENTSOF(kind_rows)
#define RELAY_NO_ROWS .size = sizeof(struct channel_request)

const struct channel_request_kind relay_kinds[RELAY_KIND_MAX - 1] = {
	{ .id = RELAY_KIND_SEND, .name = "SEND", .act = relay_act_send, .has_message = true,
	  RELAY_ROWS(relay_send, relay_send_rows) },
	{ .id = RELAY_KIND_ACK, .name = "ACK", .act = relay_act_ack, RELAY_ROWS(relay_ack, relay_ack_rows) },
	{ .id = RELAY_KIND_NOTIFY, .name = "notify", .act = relay_act_notify, .has_message = true, RELAY_NO_ROWS },
	{ .id = RELAY_KIND_CLEAR, .name = "MAILBOX", .act = relay_act_clear, RELAY_NO_ROWS },
	{ .id = RELAY_KIND_ENTER, .name = "enter", .act = relay_act_enter,
	  RELAY_ROWS(relay_wait_request, relay_enter_rows) },
	{ .id = RELAY_KIND_LEAVE, .name = "leave", .act = relay_act_leave, RELAY_NO_ROWS },
};
