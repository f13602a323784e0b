#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Other protocols, told by a session's first bytes. A browser can be made to connect here and to send what a stranger
 * chose inside of its own words, in a request's body or in a TLS hello: so whoever begins like one of these is not
 * listened to any further. No I/O.
 */

#include <stdbool.h>
#include <stddef.h>

enum foreign {
	FOREIGN_NONE, /* nothing that speaks against this protocol */
	FOREIGN_TLS,
	FOREIGN_HTTP,
	FOREIGN_OTHER, /* binary, whatever it is */
	FOREIGN_MAX,
};

/*
 * As soon as it can be told: @p are the first @n bytes of a session, of which only those up to the first LF count. A
 * first byte below 0x20 that is neither TAB, CR nor LF, or a NUL. Behind the IAC of a telnet a NUL may be part of what
 * telnet says, and is left to foreign_look_line().
 */
enum foreign foreign_look(const char *p, size_t n);

/* The same for the bytes that follow those, if the line goes on. */
enum foreign foreign_look_more(const char *p, size_t n);

/* The same for a whole first line, without its end and without what telnet says; and whether it is HTTP's, which
 * the end of the line tells. */
enum foreign foreign_look_line(const char *line, size_t n);

/* Whether a line begins as HTTP's does, which is none of this protocol: a method, a blank and a path. For one whose end
 * is not there, or was not kept. */
bool foreign_begins_http(const char *p, size_t n);

/* How many of the bytes a method may have at its beginning. */
size_t foreign_method(const char *p, size_t n);

/* What its client can show to its user. @what is not FOREIGN_NONE. Static; returns the length. */
size_t foreign_answer(enum foreign what, const char **ret);
