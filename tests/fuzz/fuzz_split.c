/* SPDX-License-Identifier: MIT */
/*
 * Where an old client's WRITE ends its size. The first byte says whether the session is raw already, the second how
 * many bytes behind it are the lengths of the recvs; the rest came behind the comma in front of the size. At each
 * recv's end, whatever the silence then: no verdict may be against the numbers, and none may depend on how the bytes
 * were cut where cuts do not count.
 */
#include "base/macro.h"
#include "fuzz/fuzz.h"
#include "wire/split.h"

#include <stdbool.h>
#include <string.h>

static size_t count_digits(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

/* The size of the first @k digits, the simplest way. */
static uint64_t size_of(const char *s, size_t k)
{
	char digits[SPLIT_DIGITS_MAX + 1] = "";

	memcpy(digits, s, k);
	return strtoull(digits, NULL, 10);
}

/* A split of which no more has come than its size. */
static bool is_any_left(const char *s, size_t n)
{
	size_t most = MIN(count_digits(s, n), (size_t)SPLIT_DIGITS_MAX);

	for (size_t k = 1; k <= most; k++)
		if (n - k <= size_of(s, k))
			return true;
	return false;
}

/* "NAME,...,SIZE LF": where the line reading's file begins, and its size. False: there is none (yet). */
static bool is_line(const char *s, size_t n, size_t *ret_body, uint64_t *ret_size)
{
	const char *lf = n > 0 ? memchr(s, '\n', n) : NULL, *comma;
	size_t line = lf ? (size_t)(lf - s) : 0, begin;

	if (!lf)
		return false;
	*ret_body = line + 1;
	line -= line > 0 && s[line - 1] == '\r';
	comma = memrchr(s, ',', line);
	begin = comma ? (size_t)(comma + 1 - s) : 0;
	if (line == begin || line - begin > SPLIT_DIGITS_MAX || count_digits(s + begin, line - begin) < line - begin)
		return false;
	*ret_size = size_of(s + begin, line - begin);
	return true;
}

static void check_verdict(const struct split *split, const char *s, size_t n, enum split_moment moment)
{
	unsigned k = 0;
	size_t body = 0;
	uint64_t size = 0;

	switch (split_decide(split, moment, &k)) {
	case SPLIT_RAW:
		FUZZ_CHECK(moment != SPLIT_NOW);
		FUZZ_CHECK(k >= 1 && k <= SPLIT_DIGITS_MAX && k <= count_digits(s, n));
		FUZZ_CHECK(split_size(split, k) == size_of(s, k) && size_of(s, k) == n - k);
		break;
	case SPLIT_LINE:
		FUZZ_CHECK(!split->raw_only);
		FUZZ_CHECK(is_line(s, n, &body, &size) || !is_any_left(s, n));
		break;
	case SPLIT_NONE:
		FUZZ_CHECK(!is_any_left(s, n) || moment == SPLIT_EOF);
		break;
	case SPLIT_WAIT:
		FUZZ_CHECK(is_any_left(s, n));
		/* A whole file of a line session is never waited with, but where an old client may have put commas into
		 * it. */
		FUZZ_CHECK(split->raw_only || !is_line(s, n, &body, &size) || n - body < size || memchr(s, ',', body));
		break;
	}
}

/* What was counted is what is there. */
static void check_counts(const struct split *split, const char *s, size_t n)
{
	size_t digits = count_digits(s, n), body = 0;
	uint64_t size = 0;

	FUZZ_CHECK(split->come == n);
	FUZZ_CHECK(split->digits == digits && split->digits_end == (digits < n));
	FUZZ_CHECK(digits == n || split->next == s[digits]);
	FUZZ_CHECK(split->line_ended == (n > 0 && memchr(s, '\n', n)));
	if (!split->line_ended)
		return;
	FUZZ_CHECK(split->line_is_size == is_line(s, n, &body, &size));
	FUZZ_CHECK(!split->line_is_size || (split->line_body == body && split->line_size == size));
}

/* The same bytes one at a time, with the same ends of recvs among those that count, are the same. */
static void check_cuts(const struct split *split, const char *s, size_t n)
{
	struct split other;

	split_init(&other, split->raw_only);
	for (size_t i = 0; i < n; i++)
		split_feed(&other, s + i, 1, i + 1 <= SPLIT_DIGITS_MAX && split->ends & 1U << (i + 1));
	for (enum split_moment m = SPLIT_NOW; m <= SPLIT_EOF; m++) {
		unsigned k = 0, k_other = 0;
		enum split_verdict v = split_decide(split, m, &k);

		FUZZ_CHECK(split_decide(&other, m, &k_other) == v);
		FUZZ_CHECK(v != SPLIT_RAW || k == k_other);
	}
	FUZZ_CHECK(other.line_size == split->line_size && other.line_body == split->line_body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cuts;
	size_t n_cuts, n, at = 0;
	struct split split;
	const char *s;
	bool out = false;

	if (size < 2 || size - 2 < data[1] % 16U)
		return 0;
	n_cuts = data[1] % 16;
	cuts = data + 2;
	s = (const char *)cuts + n_cuts;
	n = size - 2 - n_cuts;

	split_init(&split, data[0] & 1);
	for (size_t i = 0; at < n; i++) {
		size_t k = i < n_cuts ? MIN((size_t)cuts[i] + 1, n - at) : n - at;

		split_feed(&split, s + at, k, i == 0 || split.raw_only);
		at += k;
		check_counts(&split, s, at);
		check_cuts(&split, s, at);
		for (enum split_moment m = SPLIT_NOW; m <= SPLIT_EOF; m++)
			check_verdict(&split, s, at, m);
		/* More bytes bring no split back. */
		FUZZ_CHECK(!out || count_digits(s, at) == at || !is_any_left(s, at));
		out = !is_any_left(s, at);
	}
	return 0;
}
