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

/* One word at @p, which is no blank: moves *to on and returns what is behind it, NULL with *ret_why. */
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

int words_split(const char *line, struct words *ret, const char **ret_why)
{
	_cleanup_(words_done) struct words w = { 0 };
	size_t len = strlen(line);
	char *to;

	/* Every second character a word of one, at most; and no word is longer than it was written. */
	w.memory = malloc(len + 2);
	w.at = calloc(len / 2 + 2, sizeof(*w.at));
	if (!w.memory || !w.at)
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
