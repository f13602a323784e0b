#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Recognises other protocols by the first bytes of a session. A web page can make a browser connect here and send bytes
 * that an attacker chose, in the body of an HTTP request or in a TLS hello. So the session refuses a client that begins
 * like that, before it acts on any line. No I/O.
 */

#include <stdbool.h>
#include <stddef.h>

enum foreign {
	FOREIGN_NONE, /* it can be a client of ioe */
	FOREIGN_TLS,
	FOREIGN_HTTP,
	FOREIGN_OTHER, /* some binary protocol */
	FOREIGN_MAX,
};

/*
 * The answer as early as possible: @p are the first @n bytes of a session; those behind the first LF do not count.
 * Binary protocols begin with a byte below 0x20 other than TAB, CR and LF, or have a NUL. Behind a telnet IAC a NUL can
 * belong to a telnet command: then foreign_look_line() decides.
 */
enum foreign foreign_look(const char *p, size_t n);

/* The same for the next bytes, while the first line has not ended. */
enum foreign foreign_look_more(const char *p, size_t n);

/* The same for the whole first line, without its LF or CR LF and without telnet commands. It finds HTTP, too, by the
 * end of the line ("HTTP/1.1"). */
enum foreign foreign_look_line(const char *line, size_t n);

/* Whether a line begins as a request of HTTP: a method, a blank and a path. No request of ioe does. For a line whose
 * end has not arrived, or was not kept. */
bool foreign_begins_http(const char *p, size_t n);

/* How many bytes at the beginning of @p can be an HTTP method. */
size_t foreign_method(const char *p, size_t n);

/* An answer in the foreign protocol, so that its client can show an error to its user. @what is not FOREIGN_NONE. *ret
 * is static. Returns the length. */
size_t foreign_answer(enum foreign what, const char **ret);
