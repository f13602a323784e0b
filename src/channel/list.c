/* SPDX-License-Identifier: MIT */
/*
 * The channels in memory are collected first, with one message that visits all reactors, and sorted. Those on disk come
 * in pages, in the same order, and are merged while the caller takes one channel after the other. A channel in both is
 * listed as it is in memory, since the disk is a little behind.
 */
#include "channel/list.h"

#include "channel/channel-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A channel in memory; its texts are in channel_list.live_texts. */
struct channel_list_live {
	size_t name_at, name_len;
	size_t attribute_at, attribute_len;
	uint64_t members, count, bytes, last;
};

/* Cuts in front of a character, not inside of it. */
static size_t channel_list_cut(const struct channel_list *l, const char *s, size_t len)
{
	size_t max = l->attribute_max;

	if (max == 0 || len <= max)
		return len;
	for (len = max; len > max - 4 && (s[len] & 0xc0) == 0x80;)
		len--;
	return len;
}

/* Owner. */
static int channel_list_add(struct channel_list *l, struct channel *c)
{
	const struct store_attribute *a = channel_attribute(c, l->attribute, strlen(l->attribute));
	const struct store_counts *counts = channel_counts(c);
	struct channel_list_live live = {
		.name_at = l->live_texts.len,
		.members = channel_n_members(c),
		.count = counts->count,
		.bytes = counts->bytes,
		.last = counts->last,
	};
	const char *name = channel_name(c, &live.name_len);
	int r;

	live.attribute_at = live.name_at + live.name_len;
	live.attribute_len = a ? channel_list_cut(l, a->value, a->value_len) : 0;
	r = buf_append(&l->live_texts, name, live.name_len);
	if (r >= 0 && live.attribute_len > 0)
		r = buf_append(&l->live_texts, a->value, live.attribute_len);
	if (r >= 0)
		r = buf_append(&l->live, &live, sizeof(live));
	return r;
}

/* Owner. A channel without both exists only because a client asked for it. */
static bool channel_list_is_used(struct channel *c)
{
	return channel_n_members(c) > 0 || channel_counts(c)->last > 0;
}

/* Owner. */
static void channel_list_visit(struct channel_walk *w, struct channel *c)
{
	struct channel_list *l = container_of(w, struct channel_list, walk);

	if (l->error == 0 && (l->includes ? l->includes(c) : channel_list_is_used(c)))
		l->error = channel_list_add(l, c);
}

/* In the order of the store. */
static int channel_list_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int r = memcmp(a, b, MIN(a_len, b_len));

	return r != 0 ? r : (a_len > b_len) - (a_len < b_len);
}

static int channel_list_compare_live(const void *a, const void *b, void *texts)
{
	const struct channel_list_live *x = a, *y = b;
	const struct buf *t = texts;

	return channel_list_compare(t->data + x->name_at, x->name_len, t->data + y->name_at, y->name_len);
}

/* Origin. */
static void channel_list_walked(struct channel_walk *w)
{
	struct channel_list *l = container_of(w, struct channel_list, walk);

	if (l->error == 0 && l->live.len > 0)
		qsort_r(l->live.data, l->live.len / sizeof(struct channel_list_live), sizeof(struct channel_list_live),
			channel_list_compare_live, &l->live_texts);
	l->on_collected(l);
}

void channel_list_collect(struct channel_list *l, struct reactor *origin, void (*on_collected)(struct channel_list *l))
{
	l->live.max = l->live_texts.max = l->live_max;
	l->on_collected = on_collected;
	l->walk = (struct channel_walk){
		.engine = l->engine,
		.kind = l->kind,
		.origin = origin,
		.each = channel_list_visit,
		.on_complete = channel_list_walked,
	};
	channel_walk(&l->walk);
}

static void channel_list_page_read(struct store_request *request)
{
	struct channel_list *l = container_of(request, struct channel_list, page.request);

	l->is_fetched = true;
	l->error = channel_outcome(request->result);
	l->on_fetched(l);
}

void channel_list_fetch(struct channel_list *l, struct loop *loop, void (*on_fetched)(struct channel_list *l))
{
	struct store *store = l->engine->store;

	store_list_done(&l->page);
	l->page_at = 0;
	l->page.request = (struct store_request){ .loop = loop, .on_complete = channel_list_page_read };
	l->page.kind = l->kind;
	l->page.attribute = l->attribute;
	l->page.max_rows = l->page_rows;
	l->on_fetched = on_fetched;
	l->error = store ? channel_outcome(store_list(store, &l->page)) : CHANNEL_E_UNAVAILABLE;
	if (l->error != 0)
		on_fetched(l);
}

/* Whether there are rows behind @row, in this page or in the next. */
static bool channel_list_has_rows(const struct channel_list *l)
{
	if (l->live_only)
		return false;
	return !l->is_fetched || l->page_at < l->page.rows.len || (l->page.more && l->page.n_rows > 0);
}

/* 0, or -EAGAIN: the next row is in the next page. */
static int channel_list_peek_row(struct channel_list *l)
{
	if (l->has_row || l->live_only)
		return 0;
	l->has_row = store_list_next(&l->page, &l->page_at, &l->row);
	if (!l->has_row)
		return channel_list_has_rows(l) ? -EAGAIN : 0;
	/* The next page begins behind the last row of this one. */
	l->page.after_len = (uint8_t)MIN(l->row.name_len, sizeof(l->page.after));
	memcpy(l->page.after, l->row.name, l->page.after_len);
	return 0;
}

static const struct channel_list_live *channel_list_peek_live(const struct channel_list *l)
{
	const struct channel_list_live *live = (const struct channel_list_live *)(const void *)l->live.data;

	return l->live_at < l->live.len / sizeof(*live) ? &live[l->live_at] : NULL;
}

static void channel_list_put_live(const struct channel_list *l, const struct channel_list_live *live,
				  struct channel_listed *ret)
{
	*ret = (struct channel_listed){
		.name = l->live_texts.data + live->name_at,
		.name_len = live->name_len,
		.attribute = l->live_texts.data + live->attribute_at,
		.attribute_len = live->attribute_len,
		.members = live->members,
		.count = live->count,
		.bytes = live->bytes,
		.last = live->last,
		.live = true,
	};
}

static void channel_list_put_row(const struct channel_list *l, struct channel_listed *ret)
{
	const struct store_listed *row = &l->row;

	*ret = (struct channel_listed){
		.name = row->name,
		.name_len = row->name_len,
		.attribute = row->value,
		.attribute_len = channel_list_cut(l, row->value, row->value_len),
		.count = row->counts.count,
		.bytes = row->counts.bytes,
		.last = row->counts.last,
	};
}

int channel_list_next(struct channel_list *l, struct channel_listed *ret)
{
	const struct channel_list_live *live = channel_list_peek_live(l);
	int order, r;

	r = channel_list_peek_row(l);
	if (r < 0)
		return r;
	if (!live && !l->has_row)
		return 0;
	order = !live         ? 1
		: !l->has_row ? -1
			      : channel_list_compare(l->live_texts.data + live->name_at, live->name_len, l->row.name,
						     l->row.name_len);
	if (order <= 0) {
		channel_list_put_live(l, live, ret);
		l->live_at++;
	} else {
		channel_list_put_row(l, ret);
	}
	if (order >= 0)
		l->has_row = false;
	return 1;
}

bool channel_list_is_complete(const struct channel_list *l)
{
	return !channel_list_peek_live(l) && !l->has_row && !channel_list_has_rows(l);
}

const char *channel_list_why(const struct channel_list *l, char *dst, size_t size)
{
	return channel_engine_why(l->engine, dst, size);
}

void channel_list_done(struct channel_list *l)
{
	buf_done(&l->live);
	buf_done(&l->live_texts);
	store_list_done(&l->page);
}
