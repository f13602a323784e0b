/* SPDX-License-Identifier: MIT */
#include "wire/line.h"

#include "base/macro.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "unit/fixture/run.h"

/* What a stream was read as: "<line>" for each line, "!" for each that is too long, then what was left unfinished. */
struct script {
	char text[4096];
	size_t len;
};

static void script_put(struct script *s, const char *p, size_t n)
{
	if (s->len + n >= sizeof(s->text))
		ck_abort();
	memcpy(s->text + s->len, p, n);
	s->len += n;
	s->text[s->len] = '\0';
}

static void script_put_line(struct script *s, const char *p, size_t n)
{
	script_put(s, "<", 1);
	script_put(s, p, n);
	script_put(s, ">", 1);
}

static size_t without_cr(const char *p, size_t n)
{
	return n > 0 && p[n - 1] == '\r' ? n - 1 : n;
}

/* The meaning of a stream, without pieces. */
static void reference(struct script *s, const char *p, size_t n, size_t max)
{
	size_t i, begin = 0, len;

	s->len = 0;
	s->text[0] = '\0';
	for (i = 0; i < n; i++) {
		if (p[i] != '\n')
			continue;
		len = without_cr(p + begin, i - begin);
		if (len > max)
			script_put(s, "!", 1);
		else
			script_put_line(s, p + begin, len);
		begin = i + 1;
	}
	len = without_cr(p + begin, n - begin);
	if (len > max)
		script_put(s, "!+", 2);
	else if (n > begin)
		script_put(s, "+", 1);
}

/* One piece, in memory of its own that is gone afterwards. */
static void feed(struct line_reader *r, struct script *s, const char *piece, size_t n, size_t max)
{
	char *copy = malloc(n), *p = copy, *line = NULL;
	size_t left = n, len = 0;
	enum line_result result;

	if (n > 0)
		memcpy(copy, piece, n);
	do {
		result = line_next(r, &p, &left, max, &line, &len);
		/* ck_assert() is slow, and this is called millions of times. */
		if (p + left != copy + n || line_kept(r) > max + 1 || result == LINE_NO_MEMORY)
			ck_abort_msg("result %d, %zu bytes left, %zu kept", (int)result, left, line_kept(r));
		if (result == LINE_WHOLE) {
			if (len > max)
				ck_abort_msg("a line of %zu bytes", len);
			script_put_line(s, line, len);
			memset(line, '#', len); /* it may be changed, and that must not reach the next one */
		} else if (result == LINE_TOO_LONG) {
			script_put(s, "!", 1);
		}
	} while (result != LINE_NONE);
	if (left != 0)
		ck_abort_msg("%zu bytes were not taken", left);
	free(copy);
}

static void finish(struct line_reader *r, struct script *s)
{
	if (line_is_unfinished(r))
		script_put(s, "+", 1);
	else if (r->rest.data)
		ck_abort_msg("an idle session keeps memory");
	line_reader_done(r);
	if (r->rest.data || line_is_unfinished(r))
		ck_abort();
}

static const char *const streams[] = {
	"",
	"\n",
	"\r\n",
	"\r",
	"\n\n\r\n\n",
	"abc\nde\r\nf",
	"abcd\nabcd\r\n",
	"abcde\nx\n",
	"abcde\r\nx\n",
	"abcd\r",
	"abcd\rx\ny\n",
	"abcd\r\r\nz\n",
	"abc\r\r\nz\n",
	"a\rb\nc\r\r\n",
	"abcdefgh\nok\n",
	"abcdefghijklm",
	"\r\r\r\r\r\n\r\n",
	"abc\r\r\r\nabcd\r\n",
	"aaa\nbbbb\ncc\n",
	"\r\r\r\r\n\nabcd",
};

/* Every way to cut a short stream, at several limits. */
START_TEST(every_cut)
{
	const char *in = streams[_i];
	size_t n = strlen(in), max, begin, i;
	unsigned long cuts;
	struct script expected, got;

	for (max = 0; max <= 5; max++) {
		reference(&expected, in, n, max);
		for (cuts = 0; cuts < 1UL << (n ? n - 1 : 0); cuts++) {
			struct line_reader r = { 0 };

			got.len = 0;
			got.text[0] = '\0';
			for (begin = 0, i = 1; i <= n; i++)
				if (i == n || (cuts >> (i - 1) & 1)) {
					feed(&r, &got, in + begin, i - begin, max);
					begin = i;
				}
			finish(&r, &got);
			if (strcmp(got.text, expected.text) != 0)
				ck_abort_msg("limit %zu, cuts %lx: %s, not %s", max, cuts, got.text, expected.text);
		}
	}
}
END_TEST

/* Longer streams of a few bytes that matter, NUL among them, in random pieces, empty ones too. */
START_TEST(random_against_reference)
{
	static const char bytes[] = { '\n', '\n', '\r', '\r', 'a', 'b', 'c', '\0', '\xff' };
	struct script expected, got;
	uint64_t x = 88172645463325252ULL;
	char in[200];
	size_t n, i, k, max;
	int round;

	for (round = 0; round < 20000; round++) {
		struct line_reader r = { 0 };

		for (i = 0; i < sizeof(in); i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			in[i] = bytes[(x >> 33) % (round % 3 ? sizeof(bytes) : 2 * sizeof(bytes)) % sizeof(bytes)];
		}
		n = (x >> 8) % (sizeof(in) + 1);
		max = (x >> 16) % 12;
		reference(&expected, in, n, max);
		got.len = 0;
		for (i = 0; i < n; i += k) {
			k = (size_t)(x >> (i % 48)) % 9;
			k = MIN(k, n - i);
			feed(&r, &got, in + i, k, max);
			if (k == 0) {
				feed(&r, &got, in + i, 1, max);
				k = 1;
			}
		}
		finish(&r, &got);
		ck_assert_uint_eq(got.len, expected.len);
		ck_assert_mem_eq(got.text, expected.text, got.len);
	}
}
END_TEST

/* A line that lies whole in the piece is returned there, and nothing is allocated for it. */
START_TEST(no_copy)
{
	struct line_reader r = { 0 };
	char piece[] = "PING\r\nREAD,a\nrest", *p = piece, *line;
	size_t n = sizeof(piece) - 1, len;

	ck_assert_int_eq(line_next(&r, &p, &n, 64, &line, &len), LINE_WHOLE);
	ck_assert_ptr_eq(line, piece);
	ck_assert_uint_eq(len, 4);
	ck_assert_int_eq(line_next(&r, &p, &n, 64, &line, &len), LINE_WHOLE);
	ck_assert_ptr_eq(line, piece + 6);
	ck_assert_uint_eq(len, 6);
	ck_assert_ptr_null(r.rest.data);
	ck_assert_int_eq(line_next(&r, &p, &n, 64, &line, &len), LINE_NONE);
	ck_assert_uint_eq(line_kept(&r), 4);
	ck_assert(line_is_unfinished(&r));
	line_reader_done(&r);
}
END_TEST

/* Told at the byte that makes it certain, once, and with nothing kept. */
START_TEST(too_long_is_reported_at_once)
{
	struct line_reader r = { 0 };
	char piece[] = "abcdefgh", *p = piece, *line;
	size_t n = 4, len;

	ck_assert_int_eq(line_next(&r, &p, &n, 4, &line, &len), LINE_NONE);
	n = 1;
	ck_assert_int_eq(line_next(&r, &p, &n, 4, &line, &len), LINE_TOO_LONG);
	ck_assert_uint_eq(line_kept(&r), 0);
	ck_assert_ptr_null(r.rest.data);
	ck_assert(line_is_unfinished(&r));
	n = 3;
	ck_assert_int_eq(line_next(&r, &p, &n, 4, &line, &len), LINE_NONE);
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(line_kept(&r), 0);
	line_reader_done(&r);
}
END_TEST

/* A reload may lower the limit below what is kept already. */
START_TEST(limit_shrinks)
{
	struct line_reader r = { 0 };
	struct script got = { .len = 0 };
	char piece[] = "0123456789", *p = piece, *line;
	size_t n = 10, len;

	ck_assert_int_eq(line_next(&r, &p, &n, 64, &line, &len), LINE_NONE);
	p = piece;
	n = 1;
	ck_assert_int_eq(line_next(&r, &p, &n, 4, &line, &len), LINE_TOO_LONG);
	feed(&r, &got, "tail\nnext\n", 10, 4);
	ck_assert_str_eq(got.text, "<next>");
	line_reader_done(&r);
}
END_TEST

START_TEST(limit_grows)
{
	struct line_reader r = { 0 };
	struct script got = { .len = 0 };
	char piece[] = "0123", *p = piece, *line;
	size_t n = 4, len;

	ck_assert_int_eq(line_next(&r, &p, &n, 4, &line, &len), LINE_NONE);
	feed(&r, &got, "456789\n", 7, 64);
	ck_assert_str_eq(got.text, "<0123456789>");
	line_reader_done(&r);
}
END_TEST

START_TEST(no_limit)
{
	static const size_t limits[] = { SIZE_MAX, SIZE_MAX - 1, PTRDIFF_MAX };
	char in[300], piece[300], *p, *line;
	size_t n, len, i;

	memset(in, 'x', sizeof(in));
	for (i = 0; i < ELEMENTSOF(limits); i++) {
		struct line_reader r = { 0 };

		memcpy(piece, in, sizeof(in));
		p = piece;
		n = sizeof(piece);
		ck_assert_int_eq(line_next(&r, &p, &n, limits[i], &line, &len), LINE_NONE);
		piece[0] = '\n';
		p = piece;
		n = 1;
		ck_assert_int_eq(line_next(&r, &p, &n, limits[i], &line, &len), LINE_WHOLE);
		ck_assert_uint_eq(len, sizeof(in));
		ck_assert_mem_eq(line, in, len);
		line_reader_done(&r);
	}
}
END_TEST

/* 4 MiB in single bytes, lines of 64 KiB and one without end: seconds if it were not linear. */
START_TEST(trickle_is_linear)
{
	struct line_reader r = { 0 };
	clock_t begin = clock();
	char c, *p, *line;
	size_t i, n, len, whole = 0, too_long = 0;

	for (i = 1; i <= 4 << 20; i++) {
		c = i < 2 << 20 && i % 65537 == 0 ? '\n' : 'x';
		p = &c;
		n = 1;
		switch (line_next(&r, &p, &n, 65536, &line, &len)) {
		case LINE_WHOLE:
			ck_assert_uint_eq(len, 65536);
			whole++;
			break;
		case LINE_TOO_LONG:
			too_long++;
			break;
		case LINE_NONE:
			break;
		case LINE_NO_MEMORY:
			ck_abort();
		}
		if (r.rest.cap > 65537)
			ck_abort_msg("%zu bytes are kept", r.rest.cap);
	}
	ck_assert_uint_eq(whole, 31);
	ck_assert_uint_eq(too_long, 1);
	ck_assert_int_lt((clock() - begin) / CLOCKS_PER_SEC, 2);
	line_reader_done(&r);
}
END_TEST

START_TEST(telnet)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
		size_t len;
	} rows[] = {
		{ "", 0, "", 0 },
		{ "PING", 4, "PING", 4 },
		{ "\xff\xfd\x01PING", 7, "PING", 4 },                   /* DO ECHO */
		{ "P\xff\xfb\x03\xff\xfe\x22ING", 10, "PING", 4 },      /* WILL, DONT */
		{ "PI\xff\xf1NG", 6, "PING", 4 },                       /* NOP */
		{ "\xff\xf4\xff\xfd\x06PING", 9, "PING", 4 },           /* what Ctrl-C sends */
		{ "a\xff\xff" "b", 4, "a\xff" "b", 3 },
		{ "\xff\xff\xff\xff", 4, "\xff\xff", 2 },
		{ "a\xff\xfa\x18\x01xterm\xff\xf0" "b", 13, "ab", 2 },
		{ "a\xff\xfa\x18\xff\xff\xf0z\xff\xf0" "b", 11, "ab", 2 }, /* IAC IAC inside */
		{ "a\xff\xfa\x18xterm", 9, "a", 1 },
		{ "a\xff\xfa\x18\xff", 5, "a", 1 },
		{ "a\xff\xfa", 3, "a", 1 },
		{ "a\xff", 2, "a", 1 },
		{ "a\xff\xfd", 3, "a", 1 },
		{ "\xc3\xa4\0", 3, "\xc3\xa4\0", 3 },
	};
	size_t i;

	for (i = 0; i < ELEMENTSOF(rows); i++) {
		char *line = malloc(rows[i].n);
		size_t len;

		if (rows[i].n > 0)
			memcpy(line, rows[i].in, rows[i].n);
		len = line_strip_telnet(line, rows[i].n);
		ck_assert_msg(len == rows[i].len && (len == 0 || memcmp(line, rows[i].out, len) == 0), "row %zu", i);
		free(line);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("line");
	TCase *t = tcase_create("line");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, every_cut, 0, (int)ELEMENTSOF(streams));
	tcase_add_test(t, random_against_reference);
	tcase_add_test(t, no_copy);
	tcase_add_test(t, too_long_is_reported_at_once);
	tcase_add_test(t, limit_shrinks);
	tcase_add_test(t, limit_grows);
	tcase_add_test(t, no_limit);
	tcase_add_test(t, trickle_is_linear);
	tcase_add_test(t, telnet);
	suite_add_tcase(s, t);
	return run_suite(s);
}
