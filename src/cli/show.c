/* SPDX-License-Identifier: MIT */
#include "cli/show.h"

#include "base/macro.h"
#include "base/str.h"

#include <langinfo.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int show_field(struct buf *to, const struct field *f)
{
	int r;

	if (f->len == 0)
		return 0;
	r = buf_reserve(to, f->len);
	if (r < 0)
		return r;
	to->len += str_harmless(to->data + to->len, f->data, f->len);
	return 0;
}

char *show_date(char dst[SHOW_DATE_MAX], uint64_t msec)
{
	time_t seconds = (time_t)(msec / 1000);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || strftime(dst, SHOW_DATE_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		(void)snprintf(dst, SHOW_DATE_MAX, "?");
	return dst;
}

int show_time(struct buf *to, uint64_t msec)
{
	char text[SHOW_DATE_MAX];

	return buf_append_str(to, show_date(text, msec));
}

int show_clock(struct buf *to, uint64_t msec)
{
	time_t seconds = (time_t)(msec / 1000), now = time(NULL);
	struct tm tm, today;
	char text[32];
	bool is_today;

	if (!localtime_r(&seconds, &tm) || !localtime_r(&now, &today))
		return buf_append_str(to, "?");
	is_today = tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday;
	if (strftime(text, sizeof(text), is_today ? "%H:%M" : "%Y-%m-%d %H:%M", &tm) == 0)
		return buf_append_str(to, "?");
	return buf_append_str(to, text);
}

char *show_line(const char *text)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	size_t n = strlen(text), len = 0;
	_cleanup_(freep) char *harmless = malloc(n + 1);
	char *to = malloc(4 * n + sizeof("\\xNN"));

	if (!harmless || !to) {
		free(to);
		return NULL;
	}
	n = str_harmless(harmless, text, n);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)harmless[i];

		if (utf8 || c < 0x80)
			to[len++] = (char)c;
		else
			len += (size_t)snprintf(to + len, sizeof("\\xNN"), "\\x%02x", c);
	}
	to[len] = '\0';
	return to;
}

char *show_name(char *dst, size_t cap, const char *s)
{
	_cleanup_(freep) char *line = show_line(s);
	size_t n = line ? strlen(line) : 0;

	if (n >= cap) {
		n = cap - sizeof("...");
		while (n > 0 && ((unsigned char)line[n] & 0xc0) == 0x80)
			n--;
		(void)snprintf(dst, cap, "%.*s...", (int)n, line);
	} else {
		(void)snprintf(dst, cap, "%s", line ? line : "?");
	}
	return dst;
}
