/* SPDX-License-Identifier: MIT */
#include "client/screen.h"

#include "base/stdfd.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void screen_init(struct screen *s)
{
	*s = (struct screen){ .harmless = isatty(STDOUT_FILENO) };
}

static int screen_put(const char *data, size_t n)
{
	/* errno can be stale where stdio failed earlier. */
	errno = 0;
	if (n > 0 && fwrite(data, 1, n, stdout) != n)
		return errno > 0 ? -errno : -EIO;
	return 0;
}

/* How much of one line fits @cap, cut between two characters. */
static size_t screen_fit(const char *data, size_t n, size_t cap)
{
	size_t k = cap;

	if (n <= cap)
		return n;
	while (k > cap - 4 && ((unsigned char)data[k] & 0xc0) == 0x80)
		k--;
	return k;
}

static int screen_put_harmless(const char *data, size_t n)
{
	const char *lf;
	char out[4096];
	size_t k;
	int r;

	for (; n > 0; data += k, n -= k) {
		lf = memchr(data, '\n', n);
		if (lf == data) {
			k = 1;
			r = screen_put("\n", 1);
		} else {
			k = screen_fit(data, lf ? (size_t)(lf - data) : n, sizeof(out));
			r = screen_put(out, str_harmless(out, data, k));
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* How many bytes at the end are a character begun and not ended. */
static size_t screen_unfinished(const char *data, size_t n)
{
	for (size_t i = 1; i <= 3 && i <= n; i++) {
		unsigned char c = (unsigned char)data[n - i];
		size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if ((c & 0xc0) == 0x80)
			continue;
		return want > i ? i : 0;
	}
	return 0;
}

int screen_write(struct screen *s, const char *data, size_t n)
{
	size_t k;
	int r;

	if (!s->harmless)
		return screen_put(data, n);
	/* A character that was begun is ended first, a byte at a time; 4 bytes are a character or none. */
	while (s->n_tail > 0 && n > 0) {
		s->tail[s->n_tail++] = *data++;
		n--;
		if (s->n_tail < sizeof(s->tail) && screen_unfinished(s->tail, s->n_tail) == s->n_tail)
			continue;
		k = s->n_tail;
		s->n_tail = 0;
		r = screen_put_harmless(s->tail, k);
		if (r < 0)
			return r;
	}
	k = screen_unfinished(data, n);
	memcpy(s->tail, data + n - k, k);
	s->n_tail += k;
	return screen_put_harmless(data, n - k);
}

int screen_finish(struct screen *s)
{
	int r = screen_put_harmless(s->tail, s->n_tail);

	s->n_tail = 0;
	return r < 0 ? r : stdfd_flush();
}
