/* SPDX-License-Identifier: MIT */
/* A request as bytes: the id of its kind, the arguments that all requests have, the message, the role's arguments. */
#include "channel/channel-private.h"

#include <errno.h>
#include <string.h>

static const struct pack_row packet_rows[] = {
	PACK_ROW_BOOL(struct channel_request, create),
	PACK_ROW_U64(struct channel_request, session.generation, UINT64_MAX),
	PACK_ROW_U64(struct channel_request, age_msec, UINT64_MAX),
	PACK_ROW_U64(struct channel_request, real_msec, UINT64_MAX),
	PACK_ROW_U64(struct channel_request, limits.open, UINT64_MAX),
	PACK_ROW_U64(struct channel_request, limits.members, UINT64_MAX),
	PACK_ROW_U64(struct channel_request, limits.subscriptions, UINT64_MAX),
};

static int packet_put_message(const struct channel_message *m, struct buf *to)
{
	int r = pack_number(to, sizeof(m->event.type), m->event.type);

	if (r >= 0)
		r = pack_bytes(to, m->event.from, m->event.from_len);
	return r < 0 ? r : pack_bytes(to, m->event.text, m->event.text_len);
}

int channel_request_pack(const struct channel_request *rq, struct buf *to)
{
	int r = pack_number(to, 1, rq->policy->kind);

	if (r >= 0)
		r = pack_number(to, 1, rq->kind->id);
	if (r >= 0)
		r = pack_bytes(to, rq->name, rq->name_len);
	if (r >= 0)
		r = pack_number(to, sizeof(rq->session.reactor), rq->session.reactor);
	if (r >= 0)
		r = pack_number(to, sizeof(rq->session.slot), rq->session.slot);
	if (r >= 0)
		r = pack_rows(packet_rows, ELEMENTSOF(packet_rows), rq, to);
	if (r >= 0 && rq->kind->has_message)
		r = packet_put_message(rq->message, to);
	return r < 0 ? r : pack_rows(rq->kind->rows, rq->kind->n_rows, rq, to);
}

/* The policy and the kind are those of the request, then its channel and its session. */
static int packet_read_head(struct pack_reader *from, struct channel_request *rq)
{
	uint64_t policy, id, reactor, slot;
	const char *name;
	size_t name_len;
	int r = pack_read_number(from, 1, UINT8_MAX, &policy);

	if (r >= 0)
		r = pack_read_number(from, 1, UINT8_MAX, &id);
	if (r >= 0)
		r = pack_read_bytes(from, STORE_NAME_MAX, &name, &name_len);
	if (r >= 0)
		r = pack_read_number(from, sizeof(rq->session.reactor), UINT32_MAX, &reactor);
	if (r >= 0)
		r = pack_read_number(from, sizeof(rq->session.slot), UINT32_MAX, &slot);
	if (r < 0 || policy != rq->policy->kind || id != rq->kind->id || reactor >= rq->engine->n_shards)
		return -EBADMSG;
	rq->session.reactor = (uint32_t)reactor;
	rq->session.slot = (uint32_t)slot;
	rq->name_len = (uint8_t)name_len;
	memcpy(rq->name, name, name_len);
	return 0;
}

static int packet_read_message(struct pack_reader *from, struct channel_message **ret)
{
	const char *sender, *text;
	size_t sender_len, text_len;
	uint64_t type;
	int r = pack_read_number(from, sizeof(unsigned), UINT32_MAX, &type);

	if (r >= 0)
		r = pack_read_bytes(from, STORE_NAME_MAX, &sender, &sender_len);
	if (r >= 0)
		r = pack_read_bytes(from, from->left, &text, &text_len);
	if (r < 0)
		return r;
	*ret = channel_message_new((unsigned)type, sender, sender_len, text, text_len);
	return *ret ? 0 : -ENOMEM;
}

int channel_request_unpack(struct channel_request *rq, const char *bytes, size_t n)
{
	struct pack_reader from = { bytes, n };
	int r = packet_read_head(&from, rq);

	rq->message = channel_message_unref(rq->message);
	if (r >= 0)
		r = pack_read_rows(packet_rows, ELEMENTSOF(packet_rows), &from, rq);
	if (r >= 0 && rq->kind->has_message)
		r = packet_read_message(&from, &rq->message);
	if (r >= 0)
		r = pack_read_rows(rq->kind->rows, rq->kind->n_rows, &from, rq);
	return r >= 0 && from.left > 0 ? -EBADMSG : r;
}
