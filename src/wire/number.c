/* SPDX-License-Identifier: MIT */
/*
 * Doubling needs no arithmetic on the whole number. A digit of 5 or more carries 1 to its left neighbour, whatever the
 * digits on its right are. A doubled digit is even, so adding 1 never causes another carry. So one pass from the left
 * is enough.
 */
#include "wire/number.h"

#include <errno.h>
#include <stdbool.h>

/* The blanks that int() skips on both sides. isspace() depends on the locale. */
static bool number_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool number_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Finds the first digit, and the byte behind the last one. */
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
			digit = false; /* so a second '_', or one at the end, is refused */
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
	unsigned left; /* the digit to the left of *p, doubled, without the carry from *p */
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
