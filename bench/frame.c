/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include "base/macro.h"
#include "pattern.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define FRAME_DIGITS 19
#define FRAME_HEAD   16 /* of a text: four digits who, twelve the number */

static const char frame_hex[] = "0123456789abcdef";

static int frame_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int frame_who(const char *p, unsigned *ret)
{
	unsigned who = 0;
	int i, digit;

	for (i = 0; i < 4; i++) {
		digit = frame_digit(p[i]);
		if (digit < 0)
			return -EBADMSG;
		who = who << 4 | (unsigned)digit;
	}

	*ret = who;
	return 0;
}

/* A number ends at what is none, so that has to be there. */
static int frame_number(const char *p, size_t n, uint64_t *ret, size_t *ret_len)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < n && p[i] >= '0' && p[i] <= '9'; i++) {
		if (i == FRAME_DIGITS)
			return -EBADMSG;
		number = number * 10 + (uint64_t)(p[i] - '0');
	}
	if (i == n)
		return -EAGAIN;
	if (i == 0)
		return -EBADMSG;

	*ret = number;
	*ret_len = i;
	return 0;
}

static bool frame_is_special(char c)
{
	return c >= *FRAME_NUMBER && c <= *FRAME_TEXT;
}

/* What stands for itself at the template's beginning. */
static size_t frame_plain(const char *template, size_t len)
{
	size_t n;

	for (n = 0; n < len && !frame_is_special(template[n]); n++)
		;
	return n;
}

static int frame_special(char what, const char *p, size_t n, struct frame *f, size_t *ret_len)
{
	size_t need = what == *FRAME_WHO ? 4 : FRAME_TEXT_BYTES;
	uint64_t number;
	int r;

	if (what == *FRAME_NUMBER || what == *FRAME_ANY) {
		r = frame_number(p, n, &number, ret_len);
		if (r == 0 && what == *FRAME_NUMBER)
			f->number = number;
		return r;
	}

	if (n < need)
		return -EAGAIN;
	*ret_len = need;
	if (what == *FRAME_WHO)
		return frame_who(p, &f->who);
	f->text = p;
	return 0;
}

int frame_match(const char *template, size_t template_len, const char *p, size_t n, struct frame *ret, size_t *ret_len)
{
	size_t at = 0, t = 0, len;
	struct frame f = {};
	int r;

	while (t < template_len) {
		len = frame_plain(template + t, template_len - t);
		if (memcmp(template + t, p + at, MIN(len, n - at)) != 0)
			return -EBADMSG;
		if (len > n - at)
			return -EAGAIN;
		at += len;
		t += len;
		if (t == template_len)
			break;

		r = frame_special(template[t], p + at, n - at, &f, &len);
		if (r < 0)
			return r;
		at += len;
		t++;
	}

	*ret = f;
	*ret_len = at;
	return 0;
}

void frame_make_text(char text[FRAME_TEXT_BYTES], unsigned who, uint64_t number)
{
	uint64_t rest = number;
	int i;

	for (i = 3; i >= 0; i--, who >>= 4)
		text[i] = frame_hex[who & 15];
	for (i = FRAME_HEAD - 1; i >= 4; i--, rest >>= 4)
		text[i] = frame_hex[rest & 15];
	memcpy(text + FRAME_HEAD, pattern_at(number * (FRAME_TEXT_BYTES - FRAME_HEAD)), FRAME_TEXT_BYTES - FRAME_HEAD);
}
