/* SPDX-License-Identifier: MIT */
#include "wire/split.h"

#include "base/macro.h"

void split_init(struct split *s, bool raw_only)
{
	*s = (struct split){ .raw_only = raw_only, .line_is_size = true };
}

static bool split_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void split_feed_digits(struct split *s, char c)
{
	if (s->digits_end)
		return;
	if (!split_is_digit(c)) {
		s->digits_end = true;
		s->next = c;
		return;
	}
	if (s->digits < SPLIT_DIGITS_MAX)
		s->digit[s->digits] = c;
	s->digits++;
}

/* The size of the line stands behind its last comma, so each comma begins it again. */
static void split_feed_line(struct split *s, char c)
{
	if (c == '\n') {
		s->line_ended = true;
		s->line_body = s->come + 1;
		s->line_is_size = s->line_is_size && s->line_digits > 0;
	} else if (c == ',') {
		s->line_is_size = true;
		s->line_comma = true;
		s->line_cr = false;
		s->line_digits = 0;
		s->line_size = 0;
	} else if (split_is_digit(c) && !s->line_cr && s->line_digits < SPLIT_DIGITS_MAX) {
		s->line_digits++;
		s->line_size = s->line_size * 10 + (uint64_t)(c - '0');
	} else if (c == '\r' && !s->line_cr) {
		s->line_cr = true;
	} else {
		s->line_is_size = false;
	}
}

void split_feed(struct split *s, const char *p, size_t n, bool recv_end)
{
	size_t i;

	/* Behind the first line and the digits only the count and the last byte matter. */
	for (i = 0; i < n && !(s->line_ended && s->digits_end); i++) {
		split_feed_digits(s, p[i]);
		if (!s->line_ended)
			split_feed_line(s, p[i]);
		s->come++;
	}
	s->come += n - i;
	if (recv_end && s->come <= SPLIT_DIGITS_MAX)
		s->ends |= 1U << s->come;
}

uint64_t split_size(const struct split *s, unsigned k)
{
	uint64_t size = 0;

	for (unsigned i = 0; i < k; i++)
		size = size * 10 + (uint64_t)(s->digit[i] - '0');
	return size;
}

/* The number of digits whose size fits the bytes exactly; 0: none. At most one fits, as one more digit makes the size
 * at least ten times as large. */
static unsigned split_exact(const struct split *s, bool *ret_any)
{
	unsigned most = (unsigned)MIN(s->digits, (uint64_t)SPLIT_DIGITS_MAX), exact = 0;

	*ret_any = false;
	for (unsigned k = 1; k <= most; k++) {
		uint64_t size = split_size(s, k), body = s->come - k;

		if (body <= size)
			*ret_any = true;
		if (body == size)
			exact = k;
	}
	return exact;
}

static bool split_line_is_whole(const struct split *s)
{
	return s->come - s->line_body >= s->line_size;
}

/* Whether a recv that counts ended inside the digits or behind them. Then the client sent the header alone, as old
 * clients do. */
static bool split_ends_in_digits(const struct split *s)
{
	return s->ends & ((2U << MIN(s->digits, (uint64_t)SPLIT_DIGITS_MAX)) - 2);
}

/* The first line of a file with a table looks like a header whose name has a comma. So this reading comes last. */
static enum split_verdict split_decide_comma(const struct split *s, enum split_moment moment, unsigned exact)
{
	if (moment == SPLIT_EOF)
		return exact > 0 ? SPLIT_RAW : SPLIT_LINE;
	if (moment != SPLIT_LONG_IDLE)
		return SPLIT_WAIT;
	if (exact > 0)
		return SPLIT_RAW;
	return split_ends_in_digits(s) ? SPLIT_WAIT : SPLIT_LINE;
}

enum split_verdict split_decide(const struct split *s, enum split_moment moment, unsigned *ret_digits)
{
	bool size = !s->raw_only && s->line_ended && s->line_is_size, line = size && !s->line_comma;
	bool any, at_end, eol_next;
	unsigned exact = split_exact(s, &any);

	if (!any)
		return s->raw_only ? SPLIT_NONE : SPLIT_LINE;
	if (line && split_line_is_whole(s))
		return SPLIT_LINE;
	if (moment == SPLIT_NOW)
		return SPLIT_WAIT;

	at_end = exact > 0 && s->ends & 1U << exact;
	eol_next = exact == s->digits && s->digits_end && (s->next == '\n' || s->next == '\r');
	*ret_digits = exact;
	if (moment != SPLIT_EOF && at_end && !eol_next)
		return SPLIT_RAW;
	if (size && s->line_comma)
		return split_decide_comma(s, moment, exact);
	if (moment == SPLIT_EOF) {
		if (line)
			return SPLIT_LINE;
		return exact > 0 ? SPLIT_RAW : SPLIT_NONE;
	}
	if (line && (exact == 0 || (s->come == s->line_body && !at_end)))
		return SPLIT_LINE;
	return moment == SPLIT_LONG_IDLE && exact > 0 ? SPLIT_RAW : SPLIT_WAIT;
}
