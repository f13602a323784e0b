/* SPDX-License-Identifier: MIT */
/*
 * A message on its way from the owner of a channel to the reactors of its subscribers. One copy for all of them, with a
 * reference count that any thread may change; the rest is not changed once the message was delivered.
 */
#include "channel/channel-private.h"

#include <errno.h>
#include <string.h>

struct channel_message *channel_message_new(unsigned type, const char *from, size_t from_len, const char *text,
					    size_t text_len)
{
	struct channel_message *m = malloc(sizeof(*m) + from_len + text_len);

	if (!m)
		return NULL;
	*m = (struct channel_message){
		.event = {
			.type = type,
			.from = m->text,
			.from_len = from_len,
			.text = m->text + from_len,
			.text_len = text_len,
		},
	};
	atomic_init(&m->refs, 1);
	memcpy(m->text, from, from_len);
	memcpy(m->text + from_len, text, text_len);
	return m;
}

struct channel_message *channel_message_ref(struct channel_message *m)
{
	(void)atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

struct channel_message *channel_message_unref(struct channel_message *m)
{
	if (m && atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) == 1) {
		free(m->deliveries);
		free(m);
	}
	return NULL;
}

const struct channel_event *channel_message_event(const struct channel_message *m)
{
	return &m->event;
}

int channel_message_prepare(struct channel_message *m, unsigned n_shards)
{
	if (!m->deliveries)
		m->deliveries = calloc(n_shards, sizeof(*m->deliveries));
	return m->deliveries ? 0 : -ENOMEM;
}

struct channel_event channel_event_stored(const struct store_row *row, uint64_t channel_id)
{
	return (struct channel_event){
		.from = row->from,
		.from_len = row->from_len,
		.text = row->text,
		.text_len = row->text_len,
		.number = row->number,
		.time_msec = row->time_msec,
		.id = store_id(channel_id, row->number),
	};
}
