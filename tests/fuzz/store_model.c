/* SPDX-License-Identifier: MIT */
#include "fuzz/store_model.h"

#include "base/macro.h"
#include "fuzz/fuzz.h"
#include "fuzz/store_rows.h"

#include <string.h>

#define MODEL_SLACK      16 /* and an eighth: store/expire.c */
#define MODEL_EXCESS_MAX 256
#define MODEL_FOLD       1024 /* store/write.c */
#define MODEL_EMPTY_SEC  3600

struct model_attribute {
	uint64_t until_msec;
	size_t name_len, value_len;
	char *name, *value;
};

struct model_channel {
	uint64_t id; /* 0: nothing was written yet */
	uint8_t kind;
	size_t name_len; /* 0: its name was given back */
	char name[STORE_NAME_MAX];
	uint64_t last, bytes;
	uint64_t row_last, row_sec; /* what its row on disk says, and since when */
	struct model_rows rows;
	struct model_attribute *attributes; /* in the order of their names */
	size_t n_attributes;
	bool open, touched, fold; /* fold: the row is to be written */
};

struct store_model {
	uint64_t max_channels, now_msec;
	uint64_t n_of_kind[STORE_KINDS_MAX];
	struct store_rule rules[STORE_KINDS_MAX];
	struct model_channel **channels; /* by id, from 1 */
	size_t n_channels, sweep_at;
	struct model_rows receipts, sent;
};

static void *model_copy(const void *p, size_t n)
{
	char *copy = malloc(n + 1);

	FUZZ_CHECK(copy);
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

struct store_model *store_model_new(uint64_t max_channels)
{
	struct store_model *m = calloc(1, sizeof(*m));

	FUZZ_CHECK(m);
	m->max_channels = max_channels;
	return m;
}

static void model_drop_note(struct model_channel *c, size_t i)
{
	free(c->attributes[i].name);
	free(c->attributes[i].value);
	c->n_attributes--;
	memmove(&c->attributes[i], &c->attributes[i + 1], (c->n_attributes - i) * sizeof(*c->attributes));
}

static void model_channel_free(struct model_channel *c)
{
	while (c->n_attributes > 0)
		model_drop_note(c, 0);
	free(c->attributes);
	rows_free(&c->rows);
	free(c);
}

void store_model_free(struct store_model *m)
{
	for (size_t i = 0; i < m->n_channels; i++)
		model_channel_free(m->channels[i]);
	free(m->channels);
	rows_free(&m->receipts);
	rows_free(&m->sent);
	free(m);
}

void store_model_set_rule(struct store_model *m, unsigned kind, const struct store_rule *rule)
{
	m->rules[kind] = *rule;
}

void store_model_set_time(struct store_model *m, uint64_t now_msec)
{
	m->now_msec = now_msec;
}

static struct store_counts model_counts(const struct model_channel *c)
{
	return (struct store_counts){
		.id = c->id,
		.first = c->rows.n > 0 ? store_id_number(c->rows.at[0].id) : c->last + 1,
		.last = c->last,
		.count = c->rows.n,
		.bytes = c->bytes,
	};
}

static struct model_channel *model_by_name(const struct store_model *m, uint8_t kind, const char *name, size_t len)
{
	for (size_t i = 0; i < m->n_channels; i++) {
		struct model_channel *c = m->channels[i];

		if (c->kind == kind && c->name_len > 0 && rows_same(c->name, c->name_len, name, len))
			return c;
	}
	return NULL;
}

static void model_open_notes(const struct model_channel *c, struct store_open *q)
{
	struct store_attribute **end = &q->attributes;

	for (size_t i = 0; i < c->n_attributes; i++) {
		const struct model_attribute *n = &c->attributes[i];
		struct store_attribute *copy = malloc(sizeof(*copy) + n->name_len + n->value_len);
		char *text = (char *)(copy + 1);

		FUZZ_CHECK(copy);
		*copy = (struct store_attribute){
			.until_msec = n->until_msec,
			.name_len = (uint8_t)n->name_len,
			.value_len = n->value_len,
			.name = text,
			.value = text + n->name_len,
		};
		memcpy(text, n->name, n->name_len);
		memcpy(text + n->name_len, n->value, n->value_len);
		*end = copy;
		end = &copy->next;
	}
}

struct model_channel *store_model_open(struct store_model *m, struct store_open *q)
{
	struct model_channel *c = model_by_name(m, q->kind, q->name, q->name_len);

	q->attributes = NULL;
	if (!c) {
		c = calloc(1, sizeof(*c));
		FUZZ_CHECK(c);
		c->kind = q->kind;
		c->name_len = q->name_len;
		memcpy(c->name, q->name, q->name_len);
	}
	FUZZ_CHECK(!c->open); /* once at a time */
	c->open = true;
	q->counts = model_counts(c);
	model_open_notes(c, q);
	return c;
}

void store_model_close(_unused_ struct store_model *m, struct model_channel *c)
{
	FUZZ_CHECK(c->open);
	c->open = false;
	if (c->id == 0)
		model_channel_free(c);
}

/* The row of one of this kind that has given its name back goes over to @c. */
static bool model_take_over(struct store_model *m, struct model_channel *c)
{
	for (size_t i = 0; i < m->n_channels; i++) {
		struct model_channel *old = m->channels[i];

		if (old->kind != c->kind || old->name_len > 0)
			continue;
		c->id = old->id;
		c->last = c->row_last = old->last;
		m->channels[i] = c;
		model_channel_free(old);
		return true;
	}
	return false;
}

/* Before something is written. 0 or STORE_E_NAMES. */
static int model_begin(struct store_model *m, struct model_channel *c)
{
	FUZZ_CHECK(c->open);
	c->touched = true;
	if (c->id > 0)
		return 0;
	c->row_sec = m->now_msec / 1000;
	if (model_take_over(m, c))
		return 0;
	if (m->n_of_kind[c->kind] >= m->max_channels)
		return STORE_E_NAMES;
	m->n_of_kind[c->kind]++;
	m->channels = reallocarray(m->channels, m->n_channels + 1, sizeof(struct model_channel *));
	FUZZ_CHECK(m->channels);
	m->channels[m->n_channels++] = c;
	c->id = m->n_channels;
	return 0;
}

static const struct model_row *model_find_key(const struct store_model *m, const struct store_append *q)
{
	for (size_t i = 0; i < m->sent.n; i++) {
		const struct model_row *row = &m->sent.at[i];

		if (rows_same(row->bytes, row->from_len, q->from, q->from_len) &&
		    rows_same(row->bytes + row->from_len, row->text_len, q->key, q->key_len))
			return row;
	}
	return NULL;
}

static int model_append_new(struct store_model *m, struct model_channel *c, struct store_append *q)
{
	uint64_t size = q->from_len + q->text_len;
	struct model_row row = { .time_msec = m->now_msec, .from_len = q->from_len };
	int r;

	if ((q->max_messages && c->rows.n >= q->max_messages) || (q->max_bytes && c->bytes + size > q->max_bytes))
		return STORE_E_FULL;
	if (MAX(c->last, q->after) >= STORE_NUMBER_MAX)
		return STORE_E_NUMBERS;
	r = model_begin(m, c);
	if (r != 0)
		return r;
	c->last = MAX(c->last, q->after) + 1;
	row.id = store_id(c->id, c->last);
	row.text_len = q->text_len;
	rows_insert(&c->rows, c->rows.n, row, q->from, q->text);
	c->bytes += size;
	row.text_len = q->key_len;
	if (q->key)
		rows_insert(&m->sent, rows_find(&m->sent, row.id), row, q->from, q->key);
	q->message_id = row.id;
	q->time_msec = row.time_msec;
	return 0;
}

int store_model_append(struct store_model *m, struct model_channel *c, struct store_append *q)
{
	const struct model_row *sent = q->key ? model_find_key(m, q) : NULL;
	int r = 0;

	q->repeated = sent;
	if (sent) {
		q->message_id = sent->id;
		q->time_msec = sent->time_msec;
	} else {
		r = model_append_new(m, c, q);
	}
	q->counts = model_counts(c);
	return r;
}

static void model_take_out(struct store_model *m, struct model_channel *c, size_t i, enum store_disposition disposition,
			   struct store_removed *ret)
{
	struct model_row gone = c->rows.at[i];

	if (ret) {
		ret->number = store_id_number(gone.id);
		ret->from_len = (uint8_t)MIN(gone.from_len, sizeof(ret->from));
		memcpy(ret->from, gone.bytes, ret->from_len);
	}
	c->touched = c->fold = true;
	c->bytes -= gone.from_len + gone.text_len;
	if (m->rules[c->kind].receipts) {
		struct model_row receipt = {
			.id = gone.id, .time_msec = m->now_msec, .disposition = disposition, .from_len = gone.from_len
		};

		rows_insert(&m->receipts, rows_find(&m->receipts, gone.id), receipt, gone.bytes, NULL);
	}
	rows_delete(&c->rows, i);
}

int store_model_remove(struct store_model *m, struct model_channel *c, struct store_remove *q)
{
	q->n_removed = 0;
	q->time_msec = m->now_msec;
	for (size_t k = 0; q->numbers && k < q->n_numbers; k++) {
		uint64_t id = store_id(c->id, q->numbers[k]);
		size_t i = rows_find(&c->rows, id);

		if (i == c->rows.n || c->rows.at[i].id != id)
			continue;
		model_take_out(m, c, i, q->disposition, q->removed ? &q->removed[q->n_removed] : NULL);
		q->n_removed++;
	}
	for (; !q->numbers && c->rows.n > 0 && store_id_number(c->rows.at[0].id) <= q->upto; q->n_removed++)
		model_take_out(m, c, 0, q->disposition, NULL);
	q->counts = model_counts(c);
	return 0;
}

static void model_put_note(struct model_channel *c, const struct store_set *q)
{
	size_t i = 0;

	while (i < c->n_attributes &&
	       rows_compare(c->attributes[i].name, c->attributes[i].name_len, q->name, q->name_len) < 0)
		i++;
	if (i < c->n_attributes && rows_same(c->attributes[i].name, c->attributes[i].name_len, q->name, q->name_len))
		model_drop_note(c, i);
	if (q->value_len == 0)
		return;
	c->attributes = reallocarray(c->attributes, c->n_attributes + 1, sizeof(*c->attributes));
	FUZZ_CHECK(c->attributes);
	memmove(&c->attributes[i + 1], &c->attributes[i], (c->n_attributes - i) * sizeof(*c->attributes));
	c->attributes[i] = (struct model_attribute){
		.until_msec = q->until_msec,
		.name_len = q->name_len,
		.value_len = q->value_len,
		.name = model_copy(q->name, q->name_len),
		.value = model_copy(q->value, q->value_len),
	};
	c->n_attributes++;
}

int store_model_set(struct store_model *m, struct model_channel *c, const struct store_set *q)
{
	int r;

	if (q->value_len == 0 && c->id == 0)
		return 0;
	r = model_begin(m, c);
	if (r != 0)
		return r;
	for (size_t i = c->n_attributes; q->until_msec > 0 && i > 0; i--)
		if (c->attributes[i - 1].until_msec > 0 && c->attributes[i - 1].until_msec <= m->now_msec)
			model_drop_note(c, i - 1);
	model_put_note(c, q);
	return 0;
}

int store_model_reserve(struct store_model *m, struct model_channel *c, struct store_reserve *q)
{
	int r;

	if (MAX(c->last, q->after) + q->n > STORE_NUMBER_MAX)
		return STORE_E_NUMBERS;
	r = model_begin(m, c);
	if (r != 0)
		return r;
	c->fold = true;
	c->last = MAX(c->last, q->after) + q->n;
	q->until = c->last;
	return 0;
}

static void model_fold(struct store_model *m, struct model_channel *c)
{
	if (c->fold || c->last - c->row_last >= MODEL_FOLD) {
		c->row_last = c->last;
		c->row_sec = m->now_msec / 1000;
	}
	c->touched = c->fold = false;
}

void store_model_commit(struct store_model *m)
{
	for (size_t i = 0; i < m->n_channels; i++) {
		struct model_channel *c = m->channels[i];
		uint64_t max = m->rules[c->kind].max_messages, excess = 0;

		if (c->touched && max > 0 && c->rows.n > max + max / 8 + MODEL_SLACK)
			excess = MIN(c->rows.n - max, (uint64_t)MODEL_EXCESS_MAX);
		for (; excess > 0; excess--)
			model_take_out(m, c, 0, STORE_EXPIRED, NULL);
		model_fold(m, c);
	}
}

int store_model_page(struct store_model *m, struct store_page *q)
{
	struct model_channel *c;

	c = q->channel_id == 0 ? model_by_name(m, q->kind, q->name, q->name_len) :
	    q->channel_id <= m->n_channels ? m->channels[q->channel_id - 1] : NULL;
	store_page_begin(q);
	if (!c)
		return q->channel_id == 0 ? STORE_E_NOT_FOUND : 0;
	q->channel_id = c->id;
	if (q->count_all)
		q->counts = model_counts(c);
	for (size_t i = 0; i < c->rows.n; i++) {
		const struct model_row *row = &c->rows.at[i];
		struct store_row p = {
			.number = store_id_number(row->id),
			.time_msec = row->time_msec,
			.from = row->bytes,
			.from_len = row->from_len,
			.text = row->bytes + row->from_len,
			.text_len = row->text_len,
		};

		if (p.number <= q->after || p.number > q->upto)
			continue;
		if (!q->more)
			FUZZ_CHECK(store_page_add(q, &p) >= 0);
		q->left += q->more && q->count_left;
	}
	return 0;
}

int store_model_lookup(struct store_model *m, struct store_lookup *q)
{
	uint64_t id = store_id_channel(q->message_id);
	const struct model_rows *tables[] = {
		id > 0 && id <= m->n_channels ? &m->channels[id - 1]->rows : &(struct model_rows){}, &m->receipts,
	};

	for (size_t t = 0; t < ELEMENTSOF(tables); t++) {
		size_t i = rows_find(tables[t], q->message_id);
		const struct model_row *row = i < tables[t]->n ? &tables[t]->at[i] : NULL;

		if (!row || row->id != q->message_id || !rows_same(row->bytes, row->from_len, q->from, q->from_len))
			continue;
		q->disposition = t == 0 ? STORE_HELD : row->disposition;
		q->time_msec = row->time_msec;
		return 0;
	}
	return STORE_E_NOT_FOUND;
}

static void model_list_one(struct store_list *q, const struct model_channel *c)
{
	struct store_listed l = { .counts = model_counts(c), .name = c->name, .name_len = c->name_len, .value = "" };

	for (size_t i = 0; q->attribute && i < c->n_attributes; i++) {
		if (!rows_same(c->attributes[i].name, c->attributes[i].name_len, q->attribute, strlen(q->attribute)))
			continue;
		l.value = c->attributes[i].value;
		l.value_len = c->attributes[i].value_len;
	}
	FUZZ_CHECK(store_list_add(q, &l) == 0);
}

/* The next one of the kind behind that name. */
static const struct model_channel *model_next(const struct store_model *m, uint8_t kind, const char *name, size_t len)
{
	const struct model_channel *next = NULL;

	for (size_t i = 0; i < m->n_channels; i++) {
		const struct model_channel *c = m->channels[i];

		if (c->kind != kind || c->name_len == 0 || rows_compare(c->name, c->name_len, name, len) <= 0)
			continue;
		if (!next || rows_compare(c->name, c->name_len, next->name, next->name_len) < 0)
			next = c;
	}
	return next;
}

int store_model_list(struct store_model *m, struct store_list *q)
{
	const struct model_channel *c = model_next(m, q->kind, q->after, q->after_len);

	store_list_begin(q);
	for (; c && q->n_rows < q->max_rows; c = model_next(m, q->kind, c->name, c->name_len))
		model_list_one(q, c);
	q->more = c;
	return 0;
}

/* Of one channel's, up to the first that is young; whether some are left. */
static bool model_sweep_rows(struct model_rows *rows, uint64_t channel, uint64_t cutoff)
{
	size_t i = rows_find(rows, store_id(channel, 0));

	while (i < rows->n && store_id_channel(rows->at[i].id) == channel) {
		if (rows->at[i].time_msec >= cutoff)
			return true;
		rows_delete(rows, i);
	}
	return false;
}

/* True: it is to be dropped, and may not be. */
static bool model_sweep_channel(struct store_model *m, struct model_channel *c, bool may_drop)
{
	uint64_t age = m->rules[c->kind].max_age_usec / 1000, max = m->rules[c->kind].max_messages;
	uint64_t cutoff = age > 0 && age < m->now_msec ? m->now_msec - age : 0, row_sec = c->row_sec;
	bool left;

	while (c->rows.n > 0 && (c->rows.at[0].time_msec < cutoff || (max > 0 && c->rows.n > max)))
		model_take_out(m, c, 0, STORE_EXPIRED, NULL);
	left = model_sweep_rows(&m->receipts, c->id, cutoff);
	left |= model_sweep_rows(&m->sent, c->id, cutoff);
	model_fold(m, c);
	if (c->open || c->rows.n > 0 || left || row_sec + MODEL_EMPTY_SEC >= m->now_msec / 1000)
		return false;
	if (!may_drop)
		return true;
	c->name_len = 0;
	while (c->n_attributes > 0)
		model_drop_note(c, 0);
	return false;
}

bool store_model_sweep(struct store_model *m, bool may_drop)
{
	for (; m->sweep_at < m->n_channels; m->sweep_at++) {
		struct model_channel *c = m->channels[m->sweep_at];

		if (c->name_len > 0 && model_sweep_channel(m, c, may_drop))
			return true;
	}
	m->sweep_at = 0;
	return false;
}
