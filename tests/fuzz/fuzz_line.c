/* SPDX-License-Identifier: MIT */
/*
 * Framing. The first byte is the limit, the second how many bytes behind it say how long the pieces are; the rest is
 * the stream. Cut into these pieces it must be read as it is in one, and as its meaning is, said in the simplest way.
 */
#include "fuzz/fuzz.h"
#include "wire/line.h"

#include <stdbool.h>
#include <string.h>

/* What was read: for each line a tag, its length and its bytes. */
struct transcript {
	char *data;
	size_t len;
};

static void transcript_put(struct transcript *t, const void *p, size_t n)
{
	if (n > 0)
		memcpy(t->data + t->len, p, n);
	t->len += n;
}

static void transcript_line(struct transcript *t, const char *line, size_t len)
{
	transcript_put(t, "L", 1);
	transcript_put(t, &len, sizeof(len));
	transcript_put(t, line, len);
}

static void transcript_init(struct transcript *t, size_t size)
{
	/* The worst is a stream of LF: a tag and a length for each byte. */
	t->data = malloc(size * (2 + sizeof(size_t)) + 2);
	FUZZ_CHECK(t->data);
	t->len = 0;
}

static size_t without_cr(const char *s, size_t n)
{
	return n > 0 && s[n - 1] == '\r' ? n - 1 : n;
}

static void read_plainly(struct transcript *t, const char *s, size_t n, size_t max)
{
	const char *end = s + n, *lf;

	for (; s < end; s = lf + 1) {
		size_t len;

		lf = memchr(s, '\n', (size_t)(end - s));
		len = without_cr(s, (size_t)((lf ? lf : end) - s));
		if (len > max)
			transcript_put(t, "!", 1);
		else if (lf)
			transcript_line(t, s, len);
		if (!lf) {
			transcript_put(t, "+", 1);
			break;
		}
	}
}

static void read_piece(struct line_reader *r, struct transcript *t, const char *s, size_t n, size_t max)
{
	char *piece = malloc(n), *p = piece, *line = NULL;
	size_t left = n, len = 0, before;
	enum line_result result;

	FUZZ_CHECK(piece || n == 0);
	if (n > 0)
		memcpy(piece, s, n);
	do {
		before = left;
		result = line_next(r, &p, &left, max, &line, &len);
		FUZZ_CHECK(p == piece + (n - left));
		FUZZ_CHECK(line_kept(r) <= max + 1);
		FUZZ_CHECK(r->rest.cap <= max + 1);
		FUZZ_CHECK(result == LINE_NONE || left < before);
		switch (result) {
		case LINE_WHOLE:
			FUZZ_CHECK(len <= max);
			FUZZ_CHECK(len == 0 || !memchr(line, '\n', len));
			transcript_line(t, line, len);
			len = line_strip_telnet(line, len);
			FUZZ_CHECK(len <= max);
			break;
		case LINE_TOO_LONG:
			FUZZ_CHECK(line_kept(r) == 0);
			transcript_put(t, "!", 1);
			break;
		case LINE_NONE:
			FUZZ_CHECK(left == 0);
			break;
		case LINE_NO_MEMORY:
			abort();
		}
	} while (result != LINE_NONE);
	free(piece);
}

static void read_pieces(struct transcript *t, const uint8_t *cuts, size_t n_cuts, const char *s, size_t n, size_t max)
{
	struct line_reader r = { 0 };
	size_t i = 0, k;

	while (n > 0) {
		k = n_cuts > 0 ? cuts[i++ % n_cuts] : n;
		if (k > n)
			k = n;
		read_piece(&r, t, s, k, max);
		if (k == 0) /* an empty piece is allowed; two in a row would not end */
			read_piece(&r, t, s, k = 1, max);
		s += k;
		n -= k;
	}
	if (line_is_unfinished(&r))
		transcript_put(t, "+", 1);
	else
		FUZZ_CHECK(!r.rest.data);
	line_reader_done(&r);
}

static void check_same(const struct transcript *a, const struct transcript *b)
{
	FUZZ_CHECK(a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct transcript plain, whole, pieces;
	const uint8_t *cuts;
	size_t n_cuts, max;
	const char *s;

	if (size < 2)
		return 0;
	max = data[0];
	n_cuts = data[1] % 16;
	data += 2;
	size -= 2;
	if (size < n_cuts)
		return 0;
	cuts = data;
	s = (const char *)data + n_cuts;
	size -= n_cuts;

	transcript_init(&plain, size);
	transcript_init(&whole, size);
	transcript_init(&pieces, size);
	read_plainly(&plain, s, size, max);
	read_pieces(&whole, NULL, 0, s, size, max);
	read_pieces(&pieces, cuts, n_cuts, s, size, max);
	check_same(&plain, &whole);
	check_same(&plain, &pieces);
	free(plain.data);
	free(whole.data);
	free(pieces.data);
	return 0;
}
