/* SPDX-License-Identifier: MIT */
#include "client/show.h"

#include "base/str.h"

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
