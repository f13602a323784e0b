/* SPDX-License-Identifier: MIT */
#include "channel/stored.h"

#include "channel/channel-private.h"

#include <string.h>

static void stored_on_page(struct store_request *q)
{
	struct store_page *s = container_of(q, struct store_page, request);
	struct channel_page *p = container_of(s, struct channel_page, stored);

	p->result = channel_outcome(q->result);
	p->channel_id = s->channel_id;
	p->n_messages = s->n_rows;
	p->more = s->more;
	p->left = s->left;
	p->counts = s->counts;
	p->on_complete(p);
}

void channel_page_read(struct channel_page *p, struct channel_engine *engine)
{
	p->at = 0;
	p->stored = (struct store_page){
		.request = { .loop = p->loop, .on_complete = stored_on_page },
		.kind = p->policy->kind,
		.name_len = (uint8_t)MIN(p->name_len, sizeof(p->stored.name)),
		.after = p->after,
		.upto = STORE_NUMBER_MAX,
		.max_rows = p->max_messages,
		.max_bytes = p->max_bytes,
		.count_left = p->count_left,
		.count_all = p->count_all,
	};
	memcpy(p->stored.name, p->name, p->stored.name_len);
	(void)store_page(engine->store, &p->stored);
}

bool channel_page_next(struct channel_page *p, struct channel_event *ret)
{
	struct store_row row;

	if (!store_page_next(&p->stored, &p->at, &row))
		return false;
	*ret = channel_event_stored(&row, p->channel_id);
	return true;
}

void channel_page_done(struct channel_page *p)
{
	store_page_done(&p->stored);
}

static void stored_on_lookup(struct store_request *q)
{
	struct store_lookup *s = container_of(q, struct store_lookup, request);
	struct channel_lookup *l = container_of(s, struct channel_lookup, stored);

	l->result = channel_outcome(q->result);
	l->disposition = s->disposition;
	l->time_msec = s->time_msec;
	l->on_complete(l);
}

void channel_lookup(struct channel_lookup *l, struct channel_engine *engine)
{
	l->stored = (struct store_lookup){
		.request = { .loop = l->loop, .on_complete = stored_on_lookup },
		.message_id = l->id,
		.from_len = (uint8_t)MIN(l->from_len, sizeof(l->stored.from)),
	};
	memcpy(l->stored.from, l->from, l->stored.from_len);
	(void)store_lookup(engine->store, &l->stored);
}
