/* SPDX-License-Identifier: MIT */
#include "wire/foreign.h"

#include "base/macro.h"

#include <assert.h>
#include <string.h>

#define FOREIGN_TLS_HANDSHAKE 0x16 /* the type of a TLS record, its first byte */
#define FOREIGN_IAC           '\377'

#define FOREIGN_WORDS        "This is an ioe server, not a web server: ioe-client speaks to it.\n"
#define FOREIGN_WORDS_LENGTH "66"

_Static_assert(sizeof(FOREIGN_WORDS) - 1 == 66, "Content-Length tells how many bytes follow");

static const char foreign_http[] = "HTTP/1.1 421 Misdirected Request\r\n"
				   "Content-Type: text/plain\r\n"
				   "Content-Length: " FOREIGN_WORDS_LENGTH "\r\n"
				   "Connection: close\r\n"
				   "\r\n" FOREIGN_WORDS;

/* RFC 8446, 5.1 and 6: a record of type alert, with the version that every client accepts: a fatal
 * handshake_failure. */
static const char foreign_tls[] = { 0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28 };

static const char foreign_other[] = "ERROR: bad-command: this is an ioe server, and what came is another protocol's\n";

static const struct {
	const char *data;
	size_t n;
} foreign_answers[FOREIGN_MAX] = {
	[FOREIGN_TLS] = { foreign_tls, sizeof(foreign_tls) },
	[FOREIGN_HTTP] = { foreign_http, sizeof(foreign_http) - 1 },
	[FOREIGN_OTHER] = { foreign_other, sizeof(foreign_other) - 1 },
};

size_t foreign_answer(enum foreign what, const char **ret)
{
	assert(what > FOREIGN_NONE && what < FOREIGN_MAX);
	*ret = foreign_answers[what].data;
	return foreign_answers[what].n;
}

static enum foreign foreign_look_byte(unsigned char c)
{
	if (c >= 0x20 || c == '\t' || c == '\r' || c == '\n')
		return FOREIGN_NONE;
	return c == FOREIGN_TLS_HANDSHAKE ? FOREIGN_TLS : FOREIGN_OTHER;
}

enum foreign foreign_look_more(const char *p, size_t n)
{
	const char *lf = n ? memchr(p, '\n', n) : NULL, *nul;

	n = lf ? (size_t)(lf - p) : n;
	nul = n ? memchr(p, '\0', n) : NULL;
	return nul && !memchr(p, FOREIGN_IAC, (size_t)(nul - p)) ? FOREIGN_OTHER : FOREIGN_NONE;
}

enum foreign foreign_look(const char *p, size_t n)
{
	enum foreign what = n > 0 ? foreign_look_byte((unsigned char)p[0]) : FOREIGN_NONE;

	return what != FOREIGN_NONE ? what : foreign_look_more(p, n);
}

static bool foreign_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "... HTTP/1.1". HTTP/2 has such a first line, too, so that old servers recognise it. */
static bool foreign_ends_http(const char *line, size_t n)
{
	static const char version[] = " HTTP/";
	const char *end = line + n, *at = end - (sizeof(version) - 1) - 3;

	return n >= sizeof(version) - 1 + 3 && memcmp(at, version, sizeof(version) - 1) == 0 && foreign_is_digit(end[-3]) &&
	       end[-2] == '.' && foreign_is_digit(end[-1]);
}

enum foreign foreign_look_line(const char *line, size_t n)
{
	enum foreign what = n > 0 ? foreign_look_byte((unsigned char)line[0]) : FOREIGN_NONE;

	if (what != FOREIGN_NONE)
		return what;
	if (n > 0 && memchr(line, '\0', n))
		return FOREIGN_OTHER;
	return foreign_ends_http(line, n) ? FOREIGN_HTTP : FOREIGN_NONE;
}

/* RFC 9110, 5.6.2: the characters of a method. A page can make its browser send any method but a few. */
static bool foreign_is_token(char c)
{
	return foreign_is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

size_t foreign_method(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && foreign_is_token(p[i]))
		i++;
	return i;
}

bool foreign_begins_http(const char *p, size_t n)
{
	size_t i = foreign_method(p, n);

	return i > 0 && i + 1 < n && p[i] == ' ' && p[i + 1] == '/';
}
