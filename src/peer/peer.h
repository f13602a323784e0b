#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The client's side of the protocol ioe/1: connects, sends requests and receives replies, with a deadline for each
 * step. Blocking, for the tools. Never prints, never exits. Events of the server go to a callback; GOAWAY alone is kept
 * here.
 *
 * A negative errno from a call on a peer is final: the connection is out of step, each later call returns the same
 * errno, and only peer_free() is left to do. That includes -EINTR (a signal during a wait). Excepted are requests that
 * are refused before anything is sent.
 */

#include "peer/news.h"
#include "wire/error_code.h"
#include "wire/field.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PEER_LINE_MAX (1U << 20) /* bytes of a line from the server; a longer one is -EMSGSIZE */
#define PEER_OPEN_MAX 64         /* requests under way at once */
#define PEER_RATE_MIN 128        /* bytes a second of a transfer, at least */

struct peer;

/* One reply. The peer owns it; valid until the next call on the peer. */
enum peer_reply_kind {
	PEER_REPLY_LINE,  /* OK, HI, PONG, BYE, a number: fields[0] is the word */
	PEER_REPLY_SIZED, /* size bytes follow: peer_read_body() takes them */
	PEER_REPLY_ERROR, /* error code and text */
};
struct peer_reply {
	enum peer_reply_kind kind;
	const char *line; /* as received, without its end */
	size_t line_len;
	unsigned n_fields;
	struct field *fields; /* decoded */
	uint64_t size;
	enum error_code code; /* ERROR_MAX: unknown to this client */
	const char *text; /* decoded, NUL-terminated */
};

/*
 * @dial_usec is the time to resolve the host and to connect; @timeout_usec the time for HELLO,ioe/1 and its reply, and
 * afterwards for each reply as a whole: from its request to the end of its line. A body, and bytes behind a request,
 * can take longer, as long as PEER_RATE_MIN bytes a second go in each such time. Time in which this process was stopped
 * is not counted. 0 or negative errno (-ECONNREFUSED, -ETIMEDOUT, ...; -EPROTO: no ioe server; -ENXIO, -EAGAIN,
 * -EREMOTEIO: as in resolve_host(); -EBUSY, -ESHUTDOWN, -EACCES: an ioe server that refuses the session).
 */
int peer_connect(struct peer **ret, const char *host, const char *port, uint64_t dial_usec, uint64_t timeout_usec);
struct peer *peer_free(struct peer *p); /* closes */
static inline void peer_freep(struct peer **p)
{
	if (*p)
		(void)peer_free(*p);
}

/* For each answer from now on. */
void peer_set_timeout(struct peer *p, uint64_t timeout_usec);

/* From the reply to HELLO. */
const char *peer_server(const struct peer *p); /* "ioed/0.1.0" */
unsigned peer_instance(const struct peer *p);
const char *peer_store(const struct peer *p);
const char *peer_address(const struct peer *p); /* "127.0.0.1:9001" */
const char *peer_roles(const struct peer *p);   /* "file+chat" */
bool peer_offers(const struct peer *p, const char *role);
bool peer_can(const struct peer *p, const char *cap); /* of CAPS */

/* When bytes last arrived, in milliseconds since 1970. */
uint64_t peer_received_msec(const struct peer *p);

/* Between two requests: whether the connection is open and no GOAWAY was received. Does not wait. */
bool peer_is_open(struct peer *p);

/*
 * Receives the events of the server, in order, from within any call that reads; @fn must not make such a call. @n is
 * valid during the callback. Without a callback events are dropped.
 */
typedef void (*peer_news_fn)(void *userdata, const struct news *n);
void peer_set_news(struct peer *p, peer_news_fn fn, void *userdata);

/* Between two requests: hands out the events that have arrived, without waiting. 1 where there were any, 0, or
 * negative errno, which is final. */
int peer_receive(struct peer *p);
/* Readable when there is something to receive, once peer_receive() has handed out all before. */
int peer_fd(const struct peer *p);

/* The reason of the GOAWAY that was received, else NULL. */
const char *peer_goaway(const struct peer *p);
/* The reason why reconnecting is of no use: ERROR_DENIED, an administrator has ended the session; ERROR_UNAVAILABLE,
 * the messages cannot be read; else ERROR_MAX. peer_goaway() has the words. */
enum error_code peer_unwanted(const struct peer *p);

/* Sends one request: fields are encoded, the first is the verb. 0 or negative errno; -EBUSY: over PEER_OPEN_MAX, or
 * a body is not read to its end; -EINVAL: an LF in @line. */
int peer_request(struct peer *p, const struct field *fields, unsigned n);
int peer_request_raw(struct peer *p, const char *line, size_t len); /* as it is, LF added */

/*
 * Sends bytes behind a request (WRITE) that is the only one under way. 0, negative errno, or PEER_E_ANSWERED: the reply
 * arrived before all bytes were sent, so it is an error. peer_reply() returns it; the server still waits for the rest.
 */
#define PEER_E_ANSWERED 1
int peer_send(struct peer *p, const void *data, size_t n);

/* Waits for the next answer. 0, -ETIMEDOUT, -EPROTO, -ECONNRESET (also where the server just closes) ... */
int peer_reply(struct peer *p, struct peer_reply *ret);

/* The next bytes of a sized answer, at most @n: the count, 0 after the last, or negative errno. */
ssize_t peer_read_body(struct peer *p, void *buf, size_t n);
