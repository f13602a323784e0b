/* SPDX-License-Identifier: MIT */
#include "client/chat-show.h"

#include "base/str.h"
#include "cli/show.h"

#include <string.h>
#include <time.h>

static int chat_show_when(const struct chat *ch, const struct news *n, struct buf *line)
{
	int r;

	if (ch->typing)
		r = show_clock(line, n->time_msec > 0 ? n->time_msec : (uint64_t)time(NULL) * 1000);
	else if (n->kind == NEWS_HISTORY)
		r = show_time(line, n->time_msec);
	else
		return 0;
	return r == 0 ? buf_append_str(line, " ") : r;
}

static int chat_show_room(const struct chat *ch, const struct news *n, struct buf *line)
{
	int r;

	if (ch->n_rooms <= 1 || n->room.len == 0)
		return 0;
	r = buf_append_str(line, "[");
	if (r == 0)
		r = show_field(line, &n->room);
	return r == 0 ? buf_append_str(line, "] ") : r;
}

static bool chat_show_is_letter(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-' ||
	       (unsigned char)c >= 0x80;
}

/* Whether @name stands at text[at] as a word of its own. */
static bool chat_show_is_name(const char *text, size_t len, size_t at, const char *name, size_t n)
{
	return n <= len - at && str_casecmp(text + at, n, name, n) == 0 && (at == 0 || !chat_show_is_letter(text[at - 1])) &&
	       (at + n == len || !chat_show_is_letter(text[at + n]));
}

/* The text with the user's name in it marked, and whether it is in it. */
static int chat_show_marked(const struct chat *ch, const char *text, size_t len, struct buf *line, bool *ret_meant)
{
	const char *name = ch->client->nick;
	size_t n = strlen(name);
	int r = 0;

	for (size_t i = 0; r == 0 && i < len;) {
		if (!chat_show_is_name(text, len, i, name, n)) {
			r = buf_append(line, text + i++, 1);
			continue;
		}
		*ret_meant = true;
		r = buf_append_str(line, typing_bold(ch->typing));
		if (r == 0)
			r = buf_append(line, text + i, n);
		if (r == 0)
			r = buf_append_str(line, typing_plain(ch->typing));
		i += n;
	}
	return r;
}

static int chat_show_text(const struct chat *ch, const struct news *n, struct buf *line)
{
	const char *name = ch->client->nick;
	_cleanup_(buf_done) struct buf text = { 0 };
	bool meant = false;
	int r;

	if (!ch->typing || !name || !*name || (n->kind != NEWS_SAID && n->kind != NEWS_HISTORY) ||
	    str_casecmp(n->name.data, n->name.len, name, strlen(name)) == 0)
		return show_field(line, &n->text);
	r = show_field(&text, &n->text);
	if (r == 0)
		r = chat_show_marked(ch, text.data, text.len, line, &meant);
	return r == 0 && meant && n->kind == NEWS_SAID ? buf_append_str(line, "\a") : r;
}

int chat_show(const struct chat *ch, const struct news *n, struct buf *line)
{
	static const char *const verbs[] = {
		[NEWS_JOINED] = " joined",
		[NEWS_LEFT] = " left",
		[NEWS_TOPIC] = " set the topic",
		[NEWS_SAID] = "",
		[NEWS_HISTORY] = "",
	};
	bool is_message = n->kind == NEWS_SAID || n->kind == NEWS_HISTORY;
	int r;

	r = chat_show_when(ch, n, line);
	if (r == 0)
		r = chat_show_room(ch, n, line);
	if (r == 0 && !is_message)
		r = buf_append_str(line, "* ");
	if (r == 0)
		r = show_field(line, &n->name);
	if (r == 0)
		r = buf_append_str(line, verbs[n->kind]);
	if (r == 0 && (is_message || n->text.len > 0))
		r = buf_append_str(line, ": ");
	return r == 0 ? chat_show_text(ch, n, line) : r;
}
