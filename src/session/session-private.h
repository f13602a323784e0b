#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Inside of a session: shared by session.c (its life), input.c (bytes to lines and bodies), dispatch.c (lines to
 * requests), request.c (replies in order), observer.c, event.c, builtin.c (the verbs of every listener), the dialects
 * and raw/. For the files of session/ only.
 */

#include "net/conn.h"
#include "net/liveness.h"
#include "session/dialect.h"
#include "session/frontend.h"
#include "session/reactor.h"
#include "session/session.h"
#include "wire/line.h"

/* The input that a session keeps between passes. It exists only while there are bytes to keep. */
struct input {
	struct line_reader line; /* an unfinished line */
	char *held;              /* bytes behind a line that has to wait; owned */
	size_t held_off, held_len, held_cap;
	struct body_sink *sink;  /* NULL with body_left: the body is thrown away */
	uint64_t body_left;
	size_t accounted;          /* bytes in the memory account, for the members above */
};

/*
 * Where a session stands in its life, which only goes forward: session_set_life() is all that changes it. That the peer
 * has ended its requests (eof) is a fact beside it, and true of open sessions, too.
 */
enum session_life {
	SESSION_OPEN,
	SESSION_ENDING,    /* takes no more requests; is closed when all is answered and sent */
	SESSION_DROPPED,   /* was sent the reason (close_reason), and is sent no more; is closed soon */
	SESSION_LINGERING, /* all is sent and the server's side is shut; waits for the peer to close */
	SESSION_ENDED,     /* is freed at the end of the pass */
};

/* The reason why a session was dropped. */
enum close_reason {
	CLOSE_REASON_NONE, /* it was not dropped */
	CLOSE_REASON_SLOW, /* its peer did not take the events that waited for it */
	CLOSE_REASON_UNAVAILABLE, /* it would miss an event that cannot be read */
};

/* Nearly all sessions are idle nearly always. An idle session costs this struct and no more. */
struct session {
	struct msg msg;       /* carries it between reactor 0, which made it, and its own */
	struct conn conn;
	struct timer timer;
	struct list link;     /* the reactor's sessions, or its dead */
	struct deferred resume; /* takes up input that had to wait */
	struct list requests; /* open ones, oldest first */
	struct reactor *reactor;
	struct listener *listener;
	struct input *input;
	struct raw *raw;      /* NULL, unless the session is undecided or raw */
	struct name_claim *nick;   /* NULL: none */
	struct identity *identity; /* session_identity(); NULL: not asked for, or another one now */
	struct observer *observers;
	uint64_t active_usec; /* the last byte, either way */
	uint64_t line_usec;   /* when the unfinished line began; or when the lingering did */
	uint64_t since_usec;  /* when its reactor adopted it */
	struct address address;
	struct handle handle;
	struct liveness liveness;
	uint32_t sent_seen;   /* of conn.sent, when the timer looked last */
	unsigned n_requests : 17; /* limits.pipeline */
	unsigned dialect : 3;
	unsigned first_line : 1; /* no line has arrived yet that is known to be of this protocol */
	unsigned life : 3;       /* enum session_life */
	unsigned barrier : 1;    /* its only open request is a barrier: all input behind it waits */
	unsigned eof : 1;        /* the peer has ended its requests */
	unsigned close_reason : 2;
	unsigned body_full : 1;  /* the sink has no room now */
	unsigned raw_watch : 1;  /* input goes through raw/: undecided, or raw */
	unsigned pre_verb : 1;  /* lines are offered to roles before verbs are looked for */
	unsigned wanted : 1;     /* an observer waits for something */
};

struct request {
	struct list link; /* the session's, or the pool's */
	struct session *session; /* NULL: it has ended */
	struct reactor *reactor;
	const struct role_verb *verb; /* NULL: the line had no verb */
	struct outq out;              /* the reply, while an older request is open */
	uint8_t role;                 /* index of the role's counters and state */
	uint8_t dialect;
	bool deferred, answered, fields; /* fields: one has been written */
	bool size_undecided; /* a WRITE whose dialect and size are not known yet: its reply waits (request_resolve()) */
};

#define REQUESTS_FREE_MAX 128

/* IOE_SESSION, IOE_PEER and IOE_NAME of an event. */
struct session_words {
	char id[64], peer[ADDRESS_TEXT_MAX];
	const char *name;
};
#define SESSION_FIELDS_MAX 3

/* session.c */
const char *close_reason_name(enum close_reason why); /* "slow", "unavailable"; else "closed" */
/* In reactor 0: makes a session that @to adopts, or closes. Takes the fd over on success. 0 or -ENOMEM. */
int session_new(struct reactor *from, struct reactor *to, struct listener *l, int fd, const struct address *peer);
void session_reap_all(struct reactor *r);
void session_goaway(struct session *s, const char *why);
void session_end(struct session *s, const char *why); /* at once; the memory goes at the end of the pass */
void session_broken_file(struct session *s, int error); /* ends: the rest of what was promised cannot be read */
void session_finish(struct session *s); /* no more requests; ends when all is answered and sent */
void session_drop(struct session *s, enum close_reason why); /* for event.c: nothing but the reason is sent any more */
void session_maybe_close(struct session *s);
/* Logs an event with the fields of the session, within the log rate limit. */
void session_report(struct session *s, enum log_event what, const char *fmt, ...) _printf_(3, 4);
/* Fills the fields that name the session; they point into the texts. Returns their number. */
size_t session_fields(struct session *s, struct session_words *words, struct log_field fields[SESSION_FIELDS_MAX]);

static inline bool session_has_ended(const struct session *s)
{
	return s->life == SESSION_ENDED;
}

/* Whether the session takes no more requests. */
static inline bool session_is_ending(const struct session *s)
{
	return s->life != SESSION_OPEN;
}

/* Whether the session takes no more requests, or has received all that its peer sends. */
static inline bool session_is_closing(const struct session *s)
{
	return s->life != SESSION_OPEN || s->eof;
}

/* Whether no more requests will come and all are answered. Such a session is sent no event either. */
bool session_has_no_requests(const struct session *s);
static inline bool session_is_over(const struct session *s)
{
	return unlikely(session_is_closing(s)) && session_has_no_requests(s);
}

/* request.c */
struct request *request_new(struct session *s, const struct role_verb *verb, unsigned role);
/* The request is no longer size_undecided: its reply leaves, if there is one. */
void request_resolve(struct request *q, enum dialect d);
void request_put(struct request *q, const void *data, size_t n); /* bytes of its reply */
void request_done(struct request *q); /* its reply is whole: it is answered, and gone */
static inline bool request_is_padded(const struct request *q)
{
	return q->verb && q->verb->verb.flags & VERB_PADDED;
}
void request_cancel(struct request *q); /* it was no request: removes it without an answer */
void request_drop_all(struct session *s); /* the session ends: frees answered ones, and detaches the others */
void request_pool_done(struct reactor *r);
