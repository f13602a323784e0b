/* SPDX-License-Identifier: MIT */
#include "event_reader.h"

/* More than any test says in a room: a number beyond it is a wrong one. */
#define EVENT_READER_MAX 10000000

unsigned event_reader_sum(const struct event_reader_damage *d)
{
	return d->missing + d->doubled + d->disorder + d->altered;
}

void event_reader_add(struct event_reader_damage *d, const struct event_reader_damage *more)
{
	d->missing += more->missing;
	d->doubled += more->doubled;
	d->disorder += more->disorder;
	d->altered += more->altered;
}

void event_reader_init(struct event_reader *h)
{
	*h = (struct event_reader){ .said = g_ptr_array_new_with_free_func(g_free) };
}

void event_reader_done(struct event_reader *h)
{
	g_ptr_array_unref(h->said);
}

void event_reader_take(struct event_reader *h, const struct room_said *s)
{
	g_assert_cmpuint(s->seq, <=, EVENT_READER_MAX);
	if (s->seq > h->said->len)
		g_ptr_array_set_size(h->said, (int)s->seq);
	if (h->said->pdata[s->seq - 1]) {
		h->damage.doubled++;
		return;
	}
	h->said->pdata[s->seq - 1] = g_strdup_printf("%s %s", s->from, s->text);
	h->n++;
	if (s->seq < h->last)
		h->damage.disorder++;
	h->last = MAX(h->last, s->seq);
}

bool event_reader_take_line(struct event_reader *h, const char *line, const char *room)
{
	struct room_said s;

	if (!room_parse(line, room, &s))
		return false;
	event_reader_take(h, &s);
	room_said_clear(&s);
	return true;
}

/* The size of an answer. Before it comes who has come and gone. */
static guint64 event_reader_size(struct client *c)
{
	for (;;) {
		g_autofree char *line = client_line(c);
		guint64 n;

		if (g_ascii_string_to_unsigned(line, 10, 0, EVENT_READER_MAX, &n, NULL))
			return n;
		if (!g_str_has_prefix(line, "JOINED,") && !g_str_has_prefix(line, "LEFT,"))
			harness_fail("Not a size: %.200s", line);
	}
}

void event_reader_take_history(struct event_reader *h, struct client *c, const char *room)
{
	guint64 n;

	do {
		g_autofree char *rows = NULL;
		g_auto(GStrv) lines = NULL;

		client_printf(c, "HISTORY,%s,%" G_GUINT64_FORMAT ",1000\n", room, h->last);
		n = event_reader_size(c);
		rows = client_bytes(c, n);
		lines = g_strsplit(rows, "\n", 0);
		for (size_t i = 0; lines[i] && *lines[i]; i++) {
			g_autofree char *line = g_strdup_printf("SAID,%s,%s", room, lines[i]);

			g_assert_true(event_reader_take_line(h, line, room));
		}
	} while (n > 0);
	g_assert_cmpuint(event_reader_sum(&h->damage), ==, 0);
}

void event_reader_compare(struct event_reader *h, const struct event_reader *log)
{
	for (guint i = 0; i < MAX(h->said->len, log->said->len); i++) {
		const char *said = i < h->said->len ? h->said->pdata[i] : NULL;
		const char *logged = i < log->said->len ? log->said->pdata[i] : NULL;

		if (!said)
			h->damage.missing++;
		else if (g_strcmp0(said, logged) != 0)
			h->damage.altered++;
	}
}
