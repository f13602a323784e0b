/* SPDX-License-Identifier: MIT */
/*
 * Doubling needs no arithmetic on the whole number. A digit of 5 or more carries 1 to its left, whatever stands to its
 * right; and as a doubled digit is even before the carry, the carry never runs on. So one pass from the left does it.
 */
#include "wire/number.h"

#include <errno.h>
#include <stdbool.h>

/* What int() skips on both sides; not isspace(), which a locale may change. */
static bool number_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool number_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Finds the first digit and what is behind the last one. */
static int number_scan(const char *s, size_t n, const char **ret_first, const char **ret_end, bool *ret_negative)
{
	const char *p = s, *end = s + n, *first;
	bool negative = false, digit = false;

	while (p < end && number_is_blank(*p))
		p++;
	while (p < end && number_is_blank(end[-1]))
		end--;
	if (p < end && (*p == '+' || *p == '-'))
		negative = *p++ == '-';

	for (first = p; p < end; p++) {
		if (number_is_digit(*p))
			digit = true;
		else if (*p == '_' && digit)
			digit = false; /* and so no second one, nor one at the end */
		else
			return -EINVAL;
	}
	if (!digit)
		return -EINVAL;
	*ret_first = first;
	*ret_end = end;
	*ret_negative = negative;
	return 0;
}

int number_check(const char *s, size_t n)
{
	const char *first, *end;
	bool negative;

	return number_scan(s, n, &first, &end, &negative);
}

long number_double(char *dst, const char *s, size_t n)
{
	const char *p, *end;
	char *q = dst;
	unsigned left; /* the digit to the left of *p, doubled, but for the carry that *p may bring */
	bool negative;
	int r;

	r = number_scan(s, n, &p, &end, &negative);
	if (r < 0)
		return r;
	while (p < end && (*p == '0' || *p == '_'))
		p++;
	if (p == end) {
		*dst = '0';
		return 1;
	}

	if (negative)
		*q++ = '-';
	if (*p >= '5')
		*q++ = '1';
	left = '0' + 2 * (unsigned)(*p - '0') % 10;
	while (++p < end) {
		unsigned d, carry;

		if (*p == '_')
			continue;
		d = (unsigned)(*p - '0');
		carry = d >= 5;
		*q++ = (char)(left + carry);
		left = '0' + 2 * d - 10 * carry;
	}
	*q++ = (char)left;
	return q - dst;
}
