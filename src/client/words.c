/* SPDX-License-Identifier: MIT */
#include "client/words.h"

#include "base/macro.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

void words_done(struct words *w)
{
	free(w->at);
	free(w->memory);
	*w = (struct words){ 0 };
}

static bool words_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Inside quotes, @p behind the first: moves *to on and returns what is behind the last, NULL where there is none. */
static const char *words_quoted(const char *p, char quote, char **to)
{
	for (; *p != quote; p++) {
		if (quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		if (*p == '\0')
			return NULL;
		*(*to)++ = *p;
	}
	return p + 1;
}

/* Reads one word at @p, which is no blank: moves *to on and returns the place behind the word, NULL with *ret_why. */
static const char *words_one(const char *p, char **to, const char **ret_why)
{
	while (*p != '\0' && !words_is_blank(*p)) {
		if (*p == '\'' || *p == '"') {
			p = words_quoted(p + 1, *p, to);
			if (!p) {
				*ret_why =
					"a quote is not closed: put the same one behind it, or a backslash before it";
				return NULL;
			}
			continue;
		}
		if (*p == '\\' && *++p == '\0') {
			*ret_why = "nothing follows the backslash: write two for one";
			return NULL;
		}
		*(*to)++ = *p++;
	}
	*(*to)++ = '\0';
	return p;
}

static int words_alloc(struct words *w, size_t len)
{
	/* At most every second character is a word, and no word gets longer than it was written. */
	w->memory = malloc(len + 2);
	w->at = calloc(len / 2 + 3, sizeof(*w->at));
	return w->memory && w->at ? 0 : -ENOMEM;
}

/* Reads one word, of which the line can hold only the beginning. */
static const char *words_begun(const char *p, char **to, char *ret_quote)
{
	char quote = 0;

	for (; *p != '\0' && (quote || !words_is_blank(*p)); p++) {
		if (*p == quote) {
			quote = 0;
		} else if (!quote && (*p == '\'' || *p == '"')) {
			quote = *p;
		} else {
			if (*p == '\\' && (!quote || (quote == '"' && (p[1] == '"' || p[1] == '\\'))) && *++p == '\0')
				break;
			*(*to)++ = *p;
		}
	}
	*(*to)++ = '\0';
	*ret_quote = quote;
	return p;
}

int words_split_open(const char *line, struct words *ret, char *ret_quote)
{
	_cleanup_(words_done) struct words w = { 0 };
	char *to, quote;

	if (words_alloc(&w, strlen(line)) < 0)
		return -ENOMEM;
	to = w.memory;
	do {
		while (words_is_blank(*line))
			line++;
		if (*line == '#') {
			w.n = 0;
			break;
		}
		w.at[w.n++] = to;
		line = words_begun(line, &to, &quote);
	} while (*line != '\0');
	*ret_quote = w.n > 0 ? quote : 0;
	*ret = w;
	w = (struct words){ 0 };
	return 0;
}

int words_quote(struct buf *to, const char *s, size_t len, char quote, bool first)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < len; i++) {
		if (quote == '\'' && s[i] == '\'') {
			r = buf_append_str(to, "'\\''");
			continue;
		}
		if (quote == '"' ? s[i] == '"' || s[i] == '\\'
				 : !quote && (words_is_blank(s[i]) || strchr("'\"\\", s[i]) || (first && i == 0 && s[i] == '#')))
			r = buf_append_str(to, "\\");
		if (r == 0)
			r = buf_append(to, &s[i], 1);
	}
	return r;
}

int words_join(struct buf *to, unsigned n, char **words)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < n; i++) {
		r = i > 0 ? buf_append_str(to, " ") : 0;
		if (r == 0)
			r = buf_append_str(to, words[i]);
	}
	return r;
}

int words_split(const char *line, struct words *ret, const char **ret_why)
{
	_cleanup_(words_done) struct words w = { 0 };
	char *to;

	if (words_alloc(&w, strlen(line)) < 0)
		return -ENOMEM;
	to = w.memory;
	for (;;) {
		while (words_is_blank(*line))
			line++;
		if (*line == '\0' || *line == '#')
			break;
		w.at[w.n++] = to;
		line = words_one(line, &to, ret_why);
		if (!line)
			return -EINVAL;
	}
	*ret = w;
	w = (struct words){ 0 };
	return 0;
}
