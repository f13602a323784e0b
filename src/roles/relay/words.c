/* SPDX-License-Identifier: MIT */
#include "roles/relay/words.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

#define RELAY_WORDS_ID_MAX ((uint64_t)INT64_MAX) /* the store's integers are signed */

static int relay_words_append_u64(struct buf *to, uint64_t v)
{
	char digits[STR_NUMBER_MAX];

	return buf_append(to, digits, str_put_u64(digits, v));
}

static int relay_words_append_encoded(struct buf *to, const char *s, size_t n)
{
	int r = buf_reserve(to, 3 * n + 1);

	if (r < 0)
		return r;
	to->len += field_encode_harmless(to->data + to->len, s, n);
	return 0;
}

static int relay_words_append_harmless(struct buf *to, const char *s, size_t n)
{
	int r = buf_reserve(to, n + 1);

	if (r < 0)
		return r;
	to->len += str_harmless(to->data + to->len, s, n);
	return 0;
}

/* MAIL,ID,FROM,TIME,TEXT */
static int relay_words_mail(const struct channel_event *e, struct buf *to)
{
	int r = buf_append(to, "MAIL,", 5);

	if (r >= 0)
		r = relay_words_append_u64(to, e->id);
	if (r >= 0)
		r = buf_append(to, ",", 1);
	if (r >= 0)
		r = relay_words_append_encoded(to, e->from, e->from_len);
	if (r >= 0)
		r = buf_append(to, ",", 1);
	if (r >= 0)
		r = relay_words_append_u64(to, e->time_msec);
	if (r >= 0)
		r = buf_append(to, ",", 1);
	if (r >= 0)
		r = relay_words_append_encoded(to, e->text, e->text_len);
	return r < 0 ? r : buf_append(to, "\n", 1);
}

/* FROM: TEXT */
static int relay_words_plain(const struct channel_event *e, const char *end, struct buf *to)
{
	int r = relay_words_append_harmless(to, e->from, e->from_len);

	if (r >= 0)
		r = buf_append(to, ": ", 2);
	if (r >= 0)
		r = relay_words_append_harmless(to, e->text, e->text_len);
	return r < 0 ? r : buf_append(to, end, strlen(end));
}

static int relay_words_delivered(const struct channel_event *e, struct buf *to)
{
	int r = buf_append(to, "DELIVERED,", 10);

	if (r >= 0)
		r = buf_append(to, e->text, e->text_len);
	return r < 0 ? r : buf_append(to, "\n", 1);
}

int relay_words_format(const struct channel_event *e, enum dialect d, struct buf *to)
{
	const struct dialect_traits *traits = dialect_traits(d);
	int r;

	if (e->type == RELAY_EVENT_DELIVERED)
		r = traits->has_events ? relay_words_delivered(e, to) : 0;
	else if (traits->has_events)
		r = relay_words_mail(e, to);
	else
		r = relay_words_plain(e, traits->line_end, to);
	return r < 0 ? -ENOMEM : 0;
}

size_t relay_words_put_receipt(char dst[RELAY_WORDS_RECEIPT_MAX], uint64_t id, const char *name, size_t name_len,
			       uint64_t time_msec)
{
	size_t n = str_put_u64(dst, id);

	dst[n++] = ',';
	n += field_encode_harmless(dst + n, name, name_len);
	dst[n++] = ',';
	return n + str_put_u64(dst + n, time_msec);
}

int relay_words_parse_id(const struct field *f, uint64_t *ret)
{
	return str_to_u64(f->data, f->len, 1, RELAY_WORDS_ID_MAX, ret) < 0 ? -EINVAL : 0;
}

void relay_words_join_text(struct fields *f, enum dialect d)
{
	const struct field *rest = &f->at[2];

	if (!dialect_traits(d)->has_bare_lines || f->n < 3)
		return;
	f->at[1].len = (size_t)(rest->data + rest->len - f->at[1].data);
	f->n = 2;
}

const char *relay_words_disposition(unsigned disposition)
{
	static const char *const words[] = {
		[CHANNEL_HELD] = "held",
		[CHANNEL_TAKEN] = "delivered",
		[CHANNEL_EXPIRED] = "expired",
	};

	return disposition < ELEMENTSOF(words) ? words[disposition] : "expired";
}
