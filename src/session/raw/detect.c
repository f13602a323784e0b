/* SPDX-License-Identifier: MIT */
/*
 * Decides what kind of client a session has. A session begins undecided. The end of a line makes it a line session. A
 * whole request of an old client that stands alone for a while makes it raw.
 */
#include "session/raw/raw-private.h"

#include "base/str.h"
#include "session/dispatch.h"
#include "session/input.h"
#include "session/raw/raw.h"
#include "wire/number.h"

#include <string.h>

const struct role *raw_only_role(const struct session *s)
{
	const struct reactor_set *set = s->reactor->set;

	if (frontend_of(s->listener)->n_roles != 1)
		return NULL;
	return set->roles[__builtin_ctzll(s->listener->role_bits)].role;
}

bool raw_is_alone(const struct session *s)
{
	const struct role *role = raw_only_role(s);

	return role && role->line;
}

static bool raw_detect_is(const struct buf *b, const char *word)
{
	return str_casecmp(b->data, b->len, word, strlen(word)) == 0;
}

bool raw_detect_begins(const struct buf *b, const char *with)
{
	size_t n = strlen(with);

	return b->len >= n && str_casecmp(b->data, n, with, n) == 0;
}

/* Whether the line is CONNECT,ip,port: it has two commas, and text behind each. */
static bool raw_detect_connect(const struct buf *b)
{
	const char *ip = b->data + strlen("CONNECT,"), *end = b->data + b->len, *comma;

	if (!raw_detect_begins(b, "CONNECT,"))
		return false;
	comma = memchr(ip, ',', (size_t)(end - ip));
	return comma && comma > ip && comma + 1 < end;
}

/* Whether it is a new client that was taken for an old one, since it was idle at first. */
bool raw_detect_hello(const struct buf *b)
{
	size_t n = strlen("HELLO,ioe/1");

	return raw_detect_begins(b, "HELLO,ioe/1") && memchr(b->data, '\n', b->len) && strchr(",\r\n", b->data[n]);
}

/* Whether it is a request of an old client, and not the begin of a line that a person types. */
bool raw_detect_request(const struct buf *b)
{
	return raw_detect_is(b, "LIST") || raw_detect_is(b, "BYE") || raw_detect_is(b, "HELLO") ||
	       (raw_detect_begins(b, "READ,") && b->len > strlen("READ,")) || raw_detect_connect(b) ||
	       number_check(b->data, b->len) == 0;
}

/* Nearly all sessions are line sessions, and known by their first bytes. */
bool raw_detect_line(const struct session *s, const char *p, size_t n)
{
	return s->dialect == DIALECT_UNDECIDED && !s->raw && memchr(p, '\n', n) &&
	       (n < 6 || str_casecmp(p, 6, "WRITE,", 6) != 0);
}

/* Where a role asks for a name first, the first line is still to come. */
void raw_become_raw(struct session *s)
{
	s->dialect = DIALECT_RAW;
	s->first_line = s->pre_verb;
}

void raw_become_line(struct session *s)
{
	struct buf data = s->raw->data;

	s->raw->data = (struct buf){};
	s->raw_watch = false;
	raw_free(s);
	input_feed(s, data.data, data.len);
	buf_done(&data);
}

/* The bytes of a command up to its first line's end. */
static size_t raw_first_line(const char *p, size_t n)
{
	const char *lf = n ? memchr(p, '\n', n) : NULL;
	size_t len = lf ? (size_t)(lf - p) : n;

	return len > 0 && p[len - 1] == '\r' ? len - 1 : len;
}

/* Decides as much as possible before the session is idle. The file of an old WRITE can have any bytes. */
bool raw_detect_foreign(struct session *s)
{
	const struct raw *w = s->raw;
	const char *p = w->data.data;
	size_t n = w->data.len;
	enum foreign what;

	if (!s->first_line || w->writing)
		return false;
	what = foreign_look(p, n);
	if (what == FOREIGN_NONE && s->pre_verb && memchr(p, '\n', n))
		what = foreign_look_line(p, raw_first_line(p, n));
	if (what != FOREIGN_NONE)
		dispatch_refuse_foreign(s, what);
	return what != FOREIGN_NONE;
}

/* No name begins as a browser's request does. */
bool raw_detect_foreign_command(struct session *s, const struct buf *data)
{
	enum foreign what = foreign_look_line(data->data, raw_first_line(data->data, data->len));

	if (what == FOREIGN_NONE && s->pre_verb && foreign_begins_http(data->data, data->len))
		what = FOREIGN_HTTP;
	if (what != FOREIGN_NONE)
		dispatch_refuse_foreign(s, what);
	return what != FOREIGN_NONE;
}
