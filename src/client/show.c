/* SPDX-License-Identifier: MIT */
#include "client/show.h"

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

int show_time(struct buf *to, uint64_t msec)
{
	time_t seconds = (time_t)(msec / 1000);
	struct tm tm;
	char text[32];

	if (!localtime_r(&seconds, &tm) || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return buf_append_str(to, "?");
	return buf_append_str(to, text);
}

/* How many bytes at @s are one character that can be shown as it is; 0: none. */
static size_t show_plain(const char *s, size_t n, bool utf8)
{
	if (!utf8)
		return *s >= 0x20 && *s < 0x7f && *s != '\\';
	return *s == '\t' ? 0 : str_harmless_char(s, n);
}

char *show_name(char *dst, size_t cap, const char *s)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	size_t n = strlen(s), len = 0, fits = 0, k, need;

	while (n > 0) {
		k = show_plain(s, n, utf8);
		need = k > 0 ? k : strlen("\\xNN");
		if (len + need + 1 > cap) {
			memcpy(dst + fits, "...", sizeof("..."));
			return dst;
		}
		if (k > 0)
			memcpy(dst + len, s, k);
		else
			(void)snprintf(dst + len, cap - len, "\\x%02x", (unsigned char)*s);
		len += need;
		/* Up to here it can be cut. */
		if (len + sizeof("...") <= cap)
			fits = len;
		k = k > 0 ? k : 1;
		s += k;
		n -= k;
	}
	dst[len] = '\0';
	return dst;
}
