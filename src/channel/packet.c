/* SPDX-License-Identifier: MIT */
/*
 * A request as bytes: the head, the arguments that all requests have, the message, the role's arguments. A session that
 * has ended leaves its channels without a request: the head, and why.
 */
#include "channel/channel-private.h"

#include <errno.h>
#include <string.h>

static const struct pack_row packet_rows[] = {
	PACK_ROW_BOOL(struct channel_request, create),
	PACK_ROW_U64(struct channel_request, age_msec, UINT64_MAX),
	PACK_ROW_U64(struct channel_request, real_msec, UINT64_MAX),
	PACK_ROW_U64(struct channel_request, limits.open, UINT64_MAX),
	PACK_ROW_U64(struct channel_request, limits.members, UINT64_MAX),
};

static int packet_put_message(const struct channel_message *m, struct buf *to)
{
	int r = pack_number(to, sizeof(m->event.type), m->event.type);

	if (r >= 0)
		r = pack_bytes(to, m->event.from, m->event.from_len);
	return r < 0 ? r : pack_bytes(to, m->event.text, m->event.text_len);
}

/* In front of all that is packed. */
struct packet_head {
	uint64_t policy, id; /* of the kind */
	const char *name;    /* of the channel */
	size_t name_len;
	struct handle session;
};

static int packet_put_head(const struct packet_head *h, struct buf *to)
{
	int r = pack_number(to, 1, h->policy);

	if (r >= 0)
		r = pack_number(to, 1, h->id);
	if (r >= 0)
		r = pack_bytes(to, h->name, h->name_len);
	if (r >= 0)
		r = pack_number(to, sizeof(h->session.reactor), h->session.reactor);
	if (r >= 0)
		r = pack_number(to, sizeof(h->session.slot), h->session.slot);
	return r < 0 ? r : pack_number(to, sizeof(h->session.generation), h->session.generation);
}

static int packet_read_head(struct pack_reader *from, const struct channel_engine *engine, struct packet_head *ret)
{
	uint64_t reactor, slot;
	int r = pack_read_number(from, 1, UINT8_MAX, &ret->policy);

	if (r >= 0)
		r = pack_read_number(from, 1, UINT8_MAX, &ret->id);
	if (r >= 0)
		r = pack_read_bytes(from, STORE_NAME_MAX, &ret->name, &ret->name_len);
	if (r >= 0)
		r = pack_read_number(from, sizeof(ret->session.reactor), engine->n_shards - 1, &reactor);
	if (r >= 0)
		r = pack_read_number(from, sizeof(ret->session.slot), UINT32_MAX, &slot);
	if (r >= 0)
		r = pack_read_number(from, sizeof(ret->session.generation), UINT64_MAX, &ret->session.generation);
	if (r < 0)
		return r;
	ret->session.reactor = (uint32_t)reactor;
	ret->session.slot = (uint32_t)slot;
	return 0;
}

int channel_request_pack(const struct channel_request *rq, struct buf *to)
{
	const struct packet_head h = {
		.policy = rq->policy->kind,
		.id = rq->kind->id,
		.name = rq->name,
		.name_len = rq->name_len,
		.session = rq->session,
	};
	int r = packet_put_head(&h, to);

	if (r >= 0)
		r = pack_rows(packet_rows, ELEMENTSOF(packet_rows), rq, to);
	if (r >= 0 && rq->kind->has_message)
		r = packet_put_message(rq->message, to);
	return r < 0 ? r : pack_rows(rq->kind->rows, rq->kind->n_rows, rq, to);
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
	struct packet_head h = {};
	int r = packet_read_head(&from, rq->engine, &h);

	if (r < 0 || h.policy != rq->policy->kind || h.id != rq->kind->id)
		return -EBADMSG;
	rq->session = h.session;
	rq->name_len = (uint8_t)h.name_len;
	memcpy(rq->name, h.name, h.name_len);
	rq->message = channel_message_unref(rq->message);
	r = pack_read_rows(packet_rows, ELEMENTSOF(packet_rows), &from, rq);
	if (r >= 0 && rq->kind->has_message)
		r = packet_read_message(&from, &rq->message);
	if (r >= 0)
		r = pack_read_rows(rq->kind->rows, rq->kind->n_rows, &from, rq);
	return r >= 0 && from.left > 0 ? -EBADMSG : r;
}

int channel_leave_pack(const struct channel_subscription *sub, struct buf *to)
{
	const struct packet_head h = {
		.policy = sub->policy->kind,
		.id = CHANNEL_KIND_LEAVE,
		.name = sub->key.bytes + 1,
		.name_len = sub->key.len - 1U,
		.session = sub->handle,
	};
	int r = packet_put_head(&h, to);

	return r < 0 ? r : pack_bytes(to, sub->why, strlen(sub->why));
}

int channel_leave_unpack(struct channel_subscription *sub, const char *bytes, size_t n)
{
	struct pack_reader from = { bytes, n };
	struct packet_head h = {};
	const char *why;
	size_t why_len;
	int r = packet_read_head(&from, sub->engine, &h);

	if (r >= 0)
		r = pack_read_bytes(&from, sizeof(sub->why) - 1, &why, &why_len);
	if (r < 0 || h.policy != sub->policy->kind || h.id != CHANNEL_KIND_LEAVE || from.left > 0 ||
	    memchr(why, '\0', why_len))
		return -EBADMSG;
	sub->handle = h.session;
	channel_key_set(&sub->key, sub->policy, h.name, h.name_len);
	memcpy(sub->why, why, why_len);
	sub->why[why_len] = '\0';
	return 0;
}
