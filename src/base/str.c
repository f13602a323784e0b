/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include "base/clock.h"
#include "base/macro.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct str_unit {
	char name[4];
	uint64_t factor;
};

/* Both tables ascend, so the last unit that divides a value gives the shortest text. */
static const struct str_unit str_sizes[] = {
	{ "", 1 },
	{ "K", 1ULL << 10 },
	{ "M", 1ULL << 20 },
	{ "G", 1ULL << 30 },
	{ "T", 1ULL << 40 },
};

static const struct str_unit str_times[] = {
	{ "us", 1 }, /* only written: no setting is finer than a millisecond */
	{ "ms", USEC_PER_MSEC },
	{ "s", USEC_PER_SEC },
	{ "m", 60 * USEC_PER_SEC },
	{ "h", 3600 * USEC_PER_SEC },
	{ "d", 24 * 3600 * USEC_PER_SEC },
};

/*
 * Reads the digits at the beginning of @s and returns how many there are. It reads to their end even if the value does
 * not fit, so that "99999999999999999999x" is reported as no number, and not as too large.
 */
static size_t str_digits(const char *s, size_t n, uint64_t *ret_value, bool *ret_overflow)
{
	uint64_t v = 0;
	bool overflow = false;
	size_t i;

	for (i = 0; i < n && s[i] >= '0' && s[i] <= '9'; i++) {
		unsigned d = (unsigned)(s[i] - '0');

		if (v > (UINT64_MAX - d) / 10)
			overflow = true;
		v = v * 10 + d;
	}
	*ret_value = v;
	*ret_overflow = overflow;
	return i;
}

int str_to_u64(const char *s, size_t n, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t v;
	bool overflow;

	if (n == 0 || str_digits(s, n, &v, &overflow) != n)
		return -EINVAL;
	if (overflow || v < min || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

static bool str_is_unit(const char *s, size_t n, const char *name, bool any_case)
{
	size_t len = strlen(name);

	return any_case ? str_casecmp(s, n, name, len) == 0 : n == len && memcmp(s, name, n) == 0;
}

/* Reads a number and the unit behind it, which is one of @units. 0, -EINVAL, -ERANGE (over 2^63 - 1). */
static int str_to_unit(const char *s, size_t n, const struct str_unit *units, size_t n_units, bool any_case,
		       uint64_t *ret)
{
	uint64_t v;
	bool overflow;
	size_t k = str_digits(s, n, &v, &overflow);

	if (k == 0)
		return -EINVAL;
	for (size_t i = 0; i < n_units; i++) {
		if (!str_is_unit(s + k, n - k, units[i].name, any_case))
			continue;
		if (overflow || v > (uint64_t)INT64_MAX / units[i].factor)
			return -ERANGE;
		*ret = v * units[i].factor;
		return 0;
	}
	return -EINVAL;
}

int str_to_size(const char *s, size_t n, uint64_t *ret)
{
	return str_to_unit(s, n, str_sizes, ELEMENTSOF(str_sizes), true, ret);
}

int str_to_usec(const char *s, size_t n, uint64_t *ret)
{
	/* Zero needs no unit. */
	if (str_to_u64(s, n, 0, 0, ret) == 0)
		return 0;
	return str_to_unit(s, n, str_times + 1, ELEMENTSOF(str_times) - 1, false, ret);
}

static char *str_from_unit(char *dst, uint64_t v, const struct str_unit *units, size_t n_units)
{
	size_t i, len;

	if (v == 0) {
		memcpy(dst, "0", 2);
		return dst;
	}
	i = n_units - 1;
	while (v % units[i].factor != 0)
		i--;
	len = str_put_u64(dst, v / units[i].factor);
	memcpy(dst + len, units[i].name, strlen(units[i].name) + 1);
	return dst;
}

char *str_from_size(char dst[STR_NUMBER_MAX], uint64_t bytes)
{
	return str_from_unit(dst, bytes, str_sizes, ELEMENTSOF(str_sizes));
}

char *str_from_usec(char dst[STR_NUMBER_MAX], uint64_t usec)
{
	return str_from_unit(dst, usec, str_times, ELEMENTSOF(str_times));
}

static const uint64_t str_powers[20] = {
	0, /* one digit even for 0 */
	10ULL,
	100ULL,
	1000ULL,
	10000ULL,
	100000ULL,
	1000000ULL,
	10000000ULL,
	100000000ULL,
	1000000000ULL,
	10000000000ULL,
	100000000000ULL,
	1000000000000ULL,
	10000000000000ULL,
	100000000000000ULL,
	1000000000000000ULL,
	10000000000000000ULL,
	100000000000000000ULL,
	1000000000000000000ULL,
	10000000000000000000ULL,
};

static const char str_pairs[] = "00010203040506070809101112131415161718192021222324"
				"25262728293031323334353637383940414243444546474849"
				"50515253545556575859606162636465666768697071727374"
				"75767778798081828384858687888990919293949596979899";

size_t str_put_u64(char *dst, uint64_t v)
{
	/* Bits times log10(2), in 4096ths, is the number of digits or one less. */
	size_t guess = (size_t)(64 - __builtin_clzll(v | 1)) * 1233 >> 12;
	size_t len = guess + (v >= str_powers[guess]);
	char *p = dst + len;

	while (v >= 100) {
		p -= 2;
		memcpy(p, str_pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10)
		memcpy(p - 2, str_pairs + v * 2, 2);
	else
		p[-1] = (char)('0' + v);
	return len;
}

static bool str_is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* The length of the UTF-8 character at @s (n > 0); 0: there is none. The limits of the second byte are from RFC
 * 3629. */
static size_t str_utf8_char(const unsigned char *s, size_t n)
{
	unsigned char c = s[0];

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4 || n < 2 || !str_is_tail(s[1]))
		return 0;
	if (c < 0xe0)
		return 2;
	if (n < 3 || !str_is_tail(s[2]))
		return 0;
	if (c < 0xf0)
		return (c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) ? 0 : 3;
	if (n < 4 || !str_is_tail(s[3]))
		return 0;
	return (c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f) ? 0 : 4;
}

bool str_is_utf8(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	uint64_t w;
	size_t k;

	while (n > 0) {
		if (n >= sizeof(w)) {
			memcpy(&w, p, sizeof(w));
			if ((w & 0x8080808080808080ULL) == 0) {
				p += sizeof(w);
				n -= sizeof(w);
				continue;
			}
		}
		k = str_utf8_char(p, n);
		if (k == 0)
			return false;
		p += k;
		n -= k;
	}
	return true;
}

static bool str_is_c0_or_del(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static bool str_is_c1(const unsigned char *s, size_t n)
{
	return n >= 2 && s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f;
}

/* Ranges of code points that break their line or change its direction on a terminal, ascending. */
static const struct {
	uint16_t first, last;
} str_misleading[] = {
	{ 0x061c, 0x061c }, /* ARABIC LETTER MARK */
	{ 0x200e, 0x200f }, /* LEFT-TO-RIGHT and RIGHT-TO-LEFT MARK */
	{ 0x2028, 0x202e }, /* LINE and PARAGRAPH SEPARATOR, embeddings and overrides */
	{ 0x2066, 0x2069 }, /* isolates */
};

/* Whether the character of @n bytes at @s, which is valid UTF-8, is one of those. */
static bool str_is_misleading(const unsigned char *s, size_t n)
{
	unsigned c = n == 2 ? (s[0] & 0x1fU) << 6 | (s[1] & 0x3fU) :
		     n == 3 ? (s[0] & 0x0fU) << 12 | (s[1] & 0x3fU) << 6 | (s[2] & 0x3fU) : 0;

	for (size_t i = 0; i < ELEMENTSOF(str_misleading); i++)
		if (c >= str_misleading[i].first && c <= str_misleading[i].last)
			return true;
	return false;
}

bool str_has_control(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i;

	for (i = 0; i < n; i++)
		if (str_is_c0_or_del(p[i]) || str_is_c1(p + i, n - i))
			return true;
	return false;
}

char *str_escape(char *dst, size_t cap, const char *s, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 0, mark = 0, i; /* mark: the last place where "..." still fits */

	assert(cap >= 4);
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		bool plain = c >= 0x20 && c <= 0x7e && c != '\\';

		if (len + 4 <= cap)
			mark = len;
		if (len + (plain ? 1 : 4) >= cap) {
			memcpy(dst + mark, "...", 4);
			return dst;
		}
		if (plain) {
			dst[len++] = (char)c;
			continue;
		}
		dst[len++] = '\\';
		dst[len++] = 'x';
		dst[len++] = hex[c >> 4];
		dst[len++] = hex[c & 15];
	}
	dst[len] = '\0';
	return dst;
}

size_t str_harmless_char(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t k;

	if (str_is_c1(p, n) || (str_is_c0_or_del(*p) && *p != '\t'))
		return 0;
	k = str_utf8_char(p, n);
	return k > 1 && str_is_misleading(p, k) ? 0 : k;
}

size_t str_harmless(char *dst, const char *s, size_t n)
{
	size_t len = 0, k;

	for (; n > 0; s += k, n -= k) {
		k = str_harmless_char(s, n);
		if (k == 0) {
			k = str_utf8_char((const unsigned char *)s, n);
			k = MAX(k, (size_t)1);
			dst[len++] = '?';
			continue;
		}
		/* byte by byte from the front, as @dst can be @s */
		for (size_t i = 0; i < k; i++)
			dst[len++] = s[i];
	}
	return len;
}

bool str_is_harmless(const char *s, size_t n)
{
	size_t k;

	for (; n > 0; s += k, n -= k) {
		k = *s == '\t' ? 0 : str_harmless_char(s, n);
		if (k == 0)
			return false;
	}
	return true;
}

static int str_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : (unsigned char)c;
}

int str_casecmp(const char *a, size_t an, const char *b, size_t bn)
{
	size_t i;

	for (i = 0; i < an && i < bn; i++) {
		int d = str_lower(a[i]) - str_lower(b[i]);

		if (d != 0)
			return d;
	}
	return an < bn ? -1 : an > bn;
}
