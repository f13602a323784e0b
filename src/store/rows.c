/* SPDX-License-Identifier: MIT */
/*
 * What an answer of the store carries, whichever store gave it: rows, packed one after the other into the buffer of the
 * request, and attributes. Any thread.
 */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

struct rows_message {
	uint64_t number, time_msec;
	uint32_t from_len, text_len;
};

struct rows_channel {
	struct store_counts counts;
	uint32_t name_len, value_len;
};

/* A head, and the two texts behind it. */
static int rows_pack(struct buf *b, const void *head, size_t head_len, const void *p, size_t n, const void *q, size_t m)
{
	int r = buf_reserve(b, head_len + n + m);

	if (r < 0)
		return r;
	(void)buf_append(b, head, head_len);
	(void)buf_append(b, p, n);
	return buf_append(b, q, m);
}

void store_page_begin(struct store_page *q)
{
	q->rows = (struct buf){};
	q->n_rows = 0;
	q->more = false;
	q->left = 0;
	q->last = q->after;
}

int store_page_add(struct store_page *q, const struct store_row *row)
{
	struct rows_message head = {
		.number = row->number,
		.time_msec = row->time_msec,
		.from_len = (uint32_t)row->from_len,
		.text_len = (uint32_t)row->text_len,
	};
	int r;

	q->more = q->n_rows == q->max_rows ||
		  (q->n_rows > 0 && q->rows.len + sizeof(head) + row->from_len + row->text_len > q->max_bytes);
	if (q->more)
		return 0;
	r = rows_pack(&q->rows, &head, sizeof(head), row->from, row->from_len, row->text, row->text_len);
	if (r < 0)
		return r;
	q->n_rows++;
	q->last = row->number;
	return 1;
}

bool store_page_next(const struct store_page *q, size_t *at, struct store_row *ret)
{
	struct rows_message head;

	if (*at >= q->rows.len)
		return false;
	memcpy(&head, q->rows.data + *at, sizeof(head));
	*ret = (struct store_row){
		.number = head.number,
		.time_msec = head.time_msec,
		.from = q->rows.data + *at + sizeof(head),
		.from_len = head.from_len,
		.text = q->rows.data + *at + sizeof(head) + head.from_len,
		.text_len = head.text_len,
	};
	*at += sizeof(head) + head.from_len + head.text_len;
	return true;
}

void store_page_done(struct store_page *q)
{
	buf_done(&q->rows);
}

void store_list_begin(struct store_list *q)
{
	q->rows = (struct buf){};
	q->n_rows = 0;
	q->more = false;
}

int store_list_add(struct store_list *q, const struct store_listed *row)
{
	struct rows_channel head = {
		.counts = row->counts,
		.name_len = (uint32_t)row->name_len,
		.value_len = (uint32_t)row->value_len,
	};
	int r = rows_pack(&q->rows, &head, sizeof(head), row->name, row->name_len, row->value, row->value_len);

	q->n_rows += r >= 0;
	return r;
}

bool store_list_next(const struct store_list *q, size_t *at, struct store_listed *ret)
{
	struct rows_channel head;

	if (*at >= q->rows.len)
		return false;
	memcpy(&head, q->rows.data + *at, sizeof(head));
	*ret = (struct store_listed){
		.counts = head.counts,
		.name = q->rows.data + *at + sizeof(head),
		.name_len = head.name_len,
		.value = q->rows.data + *at + sizeof(head) + head.name_len,
		.value_len = head.value_len,
	};
	*at += sizeof(head) + head.name_len + head.value_len;
	return true;
}

void store_list_done(struct store_list *q)
{
	buf_done(&q->rows);
}

void store_open_done(struct store_open *q)
{
	struct store_attribute *n;

	while ((n = q->attributes)) {
		q->attributes = n->next;
		free(n);
	}
}
