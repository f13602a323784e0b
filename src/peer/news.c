/* SPDX-License-Identifier: MIT */
#include "peer/news.h"

#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

/* The fields behind the first word, a letter for each: room, name, text (x), number (#), time. */
static const struct {
	const char *word;
	const char *pattern;
} news_rows[] = {
	[NEWS_SAID] = { "SAID", "r#tnx" },
	[NEWS_JOINED] = { "JOINED", "rn" },
	[NEWS_LEFT] = { "LEFT", "rnx" },
	[NEWS_TOPIC] = { "TOPIC", "rnx" },
	[NEWS_MAIL] = { "MAIL", "#ntx" },
	[NEWS_DELIVERED] = { "DELIVERED", "#nt" },
	[NEWS_HISTORY] = { NULL, "#tnx" },
};

static int news_fill(const struct fields *f, const char *pattern, struct news *ret)
{
	if (f->n < strlen(pattern))
		return -EPROTO;
	for (unsigned i = 0; pattern[i]; i++) {
		uint64_t *number = pattern[i] == '#' ? &ret->number : &ret->time_msec;

		if (pattern[i] == 'r')
			ret->room = f->at[i];
		else if (pattern[i] == 'n')
			ret->name = f->at[i];
		else if (pattern[i] == 'x')
			ret->text = f->at[i];
		else if (str_to_u64(f->at[i].data, f->at[i].len, 0, INT64_MAX, number) < 0)
			return -EPROTO;
	}
	return 0;
}

static int news_parse_fields(enum news_kind kind, char *rest, size_t len, struct news *ret)
{
	struct news news = { .kind = kind };
	struct fields fields;
	int r;

	if (field_split(rest, len, DIALECT_IOE1, FIELD_RULE_REST, FIELDS_MAX, &fields) != FIELD_OK)
		return -EPROTO;
	r = news_fill(&fields, news_rows[kind].pattern, &news);
	if (r == 0)
		*ret = news;
	return r;
}

int news_parse(char *line, size_t len, struct news *ret)
{
	const char *comma = memchr(line, ',', len);
	size_t n = comma ? (size_t)(comma - line) : len;
	int r;

	for (size_t i = 0; i < ELEMENTSOF(news_rows); i++) {
		if (!news_rows[i].word || strlen(news_rows[i].word) != n || memcmp(line, news_rows[i].word, n) != 0)
			continue;
		if (!comma)
			return -EPROTO;
		r = news_parse_fields((enum news_kind)i, line + n + 1, len - n - 1, ret);
		return r < 0 ? r : 1;
	}
	return 0;
}

int news_parse_history(char *line, size_t len, struct news *ret)
{
	return news_parse_fields(NEWS_HISTORY, line, len, ret);
}
