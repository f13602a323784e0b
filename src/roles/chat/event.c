/* SPDX-License-Identifier: MIT */
/*
 * In the dialects line and raw, text of others goes to a terminal as it is: control characters and broken UTF-8 are
 * replaced by '?'. In ioe/1 they are encoded. The same is done to rooms and names: new ones are harmless by their
 * alphabet, but the store can have older ones.
 */
#include "roles/chat/event.h"

#include "base/str.h"
#include "wire/field.h"

#include <errno.h>
#include <string.h>

/* Reserves memory for @n bytes of text, each of which can become three, and for the words around them. */
static int chat_event_room(struct buf *to, size_t n)
{
	return buf_reserve(to, 3 * n + 128);
}

static void chat_event_word(struct buf *to, const char *word)
{
	size_t n = strlen(word);

	memcpy(to->data + to->len, word, n);
	to->len += n;
}

static void chat_event_field(struct buf *to, const char *s, size_t n)
{
	to->data[to->len++] = ',';
	to->len += field_encode_harmless(to->data + to->len, s, n);
}

static void chat_event_number(struct buf *to, uint64_t v)
{
	to->len += str_put_u64(to->data + to->len, v);
}

static void chat_event_text(struct buf *to, const char *s, size_t n)
{
	to->len += str_harmless(to->data + to->len, s, n);
}

static void chat_event_fields(const struct channel_event *e, struct buf *to)
{
	static const char *const words[] = {
		[CHAT_EVENT_SAID] = "SAID",
		[CHAT_EVENT_JOINED] = "JOINED",
		[CHAT_EVENT_LEFT] = "LEFT",
		[CHAT_EVENT_TOPIC] = "TOPIC",
	};

	chat_event_word(to, words[e->type]);
	chat_event_field(to, e->channel, e->channel_len);
	if (e->type == CHAT_EVENT_SAID) {
		chat_event_word(to, ",");
		chat_event_number(to, e->number);
		chat_event_word(to, ",");
		chat_event_number(to, e->time_msec);
	}
	chat_event_field(to, e->from, e->from_len);
	if (e->type != CHAT_EVENT_JOINED)
		chat_event_field(to, e->text, e->text_len);
	chat_event_word(to, "\n");
}

int chat_event_format(const struct channel_event *e, enum dialect d, struct buf *to)
{
	const struct dialect_traits *traits = dialect_traits(d);
	int r = chat_event_room(to, e->channel_len + e->from_len + e->text_len);

	if (r < 0)
		return -ENOMEM;
	if (traits->has_events) {
		chat_event_fields(e, to);
		return 0;
	}
	switch ((enum chat_event_type)e->type) {
	case CHAT_EVENT_SAID:
		chat_event_text(to, e->from, e->from_len);
		chat_event_word(to, ": ");
		chat_event_text(to, e->text, e->text_len);
		break;
	case CHAT_EVENT_JOINED:
		chat_event_text(to, e->from, e->from_len);
		chat_event_word(to, " joined!");
		break;
	case CHAT_EVENT_LEFT:
		chat_event_text(to, e->from, e->from_len);
		chat_event_word(to, " left!");
		break;
	case CHAT_EVENT_TOPIC:
		return 0; /* not sent in this dialect */
	}
	chat_event_word(to, traits->line_end);
	return 0;
}

int chat_event_line(const struct channel_event *e, enum dialect d, struct buf *to)
{
	int r = chat_event_room(to, e->from_len + e->text_len);

	if (r < 0)
		return r;
	chat_event_number(to, e->number);
	chat_event_word(to, ",");
	chat_event_number(to, e->time_msec);
	if (dialect_traits(d)->encodes_fields) {
		chat_event_field(to, e->from, e->from_len);
		chat_event_field(to, e->text, e->text_len);
	} else {
		chat_event_word(to, ",");
		chat_event_text(to, e->from, e->from_len);
		chat_event_word(to, ",");
		chat_event_text(to, e->text, e->text_len);
	}
	chat_event_word(to, "\n");
	return 0;
}
