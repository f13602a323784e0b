#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A session: a connected client, its dialect and its open requests. This header is all that roles see of it; the rest
 * is in session-private.h.
 *
 * A request is the slot through which its reply leaves: replies leave in the order of the requests, in whatever order
 * they are made. A request lives until it is answered, even if its session ends before. Whoever deferred a request
 * always answers it; a reply to a session that has ended is thrown away.
 */

#include "base/macro.h"
#include "log/event.h"
#include "session/identity.h"
#include "session/name.h"
#include "session/role.h"
#include "wire/dialect.h"
#include "wire/error_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address;
struct loop;
struct reactor;
struct session;

/* For a deferred request; an act has them in its call (role.h). */
const struct settings *request_settings(const struct request *q); /* of its reactor, valid during the call */
struct loop *request_loop(const struct request *q); /* of its reactor: for jobs and timers */
struct worker_pool *request_workers(const struct request *q);
void *request_role_state(const struct request *q); /* what start() of the verb's role returned */
bool request_is_gone(const struct request *q); /* the session has ended */
struct session *request_session(const struct request *q); /* NULL: it has ended */
struct reactor *request_reactor(const struct request *q); /* whose thread this is */

/*
 * Call exactly one of these functions to answer a request; the request is freed by that. Text is one line without its
 * end. Fields are encoded if the dialect needs it.
 */
void request_ok(struct request *q); /* OK */
void request_line(struct request *q, const char *text, size_t len); /* as it is */
/* word, fields...: request_begin(q, "OK"); request_field(q, name, n); request_end(q); nothing else in between. */
void request_begin(struct request *q, const char *word);
void request_field(struct request *q, const char *data, size_t len);
void request_field_u64(struct request *q, uint64_t v);
void request_end(struct request *q);
/* "ERROR: CODE: text". The text is a sentence with the wrong value and the range; bytes outside printable ASCII are
 * escaped. */
void request_error(struct request *q, enum error_code code, const char *fmt, ...) _printf_(3, 4);
/* Answers nothing, for a line that has no answer unless it fails. */
void request_noreply(struct request *q);
/* A sized answer: the number of bytes, LF, and the bytes, which are already in the dialect's form. */
void request_sized(struct request *q, const void *body, size_t len);
/* A sized answer in one piece: the caller fills the returned memory, @len bytes, and then commits the same @len, which
 * answers. In between it calls nothing of the session or the request; without a commit nothing was answered. NULL: no
 * memory, or the session has ended. */
char *request_sized_reserve(struct request *q, size_t len);
void request_sized_commit(struct request *q, size_t len);
/* A sized answer: @len bytes of the file from @off on, sent with sendfile(). Consumes the fd, also where the session
 * has ended. */
void request_file(struct request *q, int fd, uint64_t off, uint64_t len);

/*
 * Defers the answer: after the act has returned, the request stays valid until it is answered, in this thread only. A
 * job carries it through a worker, which must not use it.
 */
void request_defer(struct request *q);

/*
 * For acts without a verb of the client's: for a line without a verb, or for a further act of a deferred request. The
 * rights are checked as if the session had sent the role's verb @verb with the fields @f; then @act is called. Returns
 * what @act returned; or ACT_ANSWERED: the session has not the right. The session must not have ended.
 */
int request_act(struct request *q, const char *verb, struct fields *f, role_act_fn act);

/*
 * Claims a name for the request's session, as NICK does. The session must not have ended. @shared: other sessions of
 * its address that share the name can have it, too. 0: the request is deferred, and done() answers it, in this thread
 * and perhaps before this function returns. Its @result is 0, -EEXIST (another session has the name) or -ENOMEM; its
 * @name is the name as it was given, valid during the call only. If the session ends before, the request is answered
 * and done() is not called. -EINVAL: the name has not the form of a nick; -EPERM: it reads as an address, a verb or an
 * answer; -ENOMEM. After these three the request is not deferred.
 */
int request_claim_name(struct request *q, const char *name, size_t len, bool shared,
		       void (*done)(struct request *q, int result, const char *name));
/* Answers with the error for a refused name; @error is one of those above. */
void request_refuse_name(struct request *q, const char *name, size_t len, int error);

/*
 * The receiver of a body: of the bytes that follow the line of a request (WRITE). The session copies or reads them to
 * the place that get() returns.
 */
struct body_sink {
	const struct body_sink_ops *ops;
};
struct body_sink_ops {
	/* Sets @ret to the place of the next bytes, and returns how many fit. The place stays valid until the next call
	 * of the sink, which is not always put(). 0: none fit at the moment; the sink calls request_body_resume()
	 * later. */
	size_t (*get)(struct body_sink *b, char **ret);
	/* @n bytes have arrived there. The sink can answer the request in this call; after the last byte of the body it
	 * must, at some time. */
	void (*put)(struct body_sink *b, size_t n);
	/* Only for BODY_SIZE_UNDECIDED: the body has @size bytes. The first @n_front of them, at @front, do not come
	 * through put(); they are at most BODY_FRONT_MAX. */
	void (*resolve)(struct body_sink *b, uint64_t size, const char *front, size_t n_front);
	/* The session has ended before all bytes had arrived. The sink must still answer the request, without effect,
	 * and is not called any more. */
	void (*gone)(struct body_sink *b);
};

/* Of the size that a request's last field tells. */
#define BODY_DIGITS_MAX 18

/* An old client's WRITE can begin while the end of its size is still unknown. Then the size in its fields means
 * nothing, request_body_size() is BODY_SIZE_UNDECIDED, and resolve() is called with the size. */
#define BODY_SIZE_UNDECIDED (UINT64_MAX / 2)
#define BODY_FRONT_MAX 32

/* Only in the act of a verb with VERB_BODY: the number of bytes that follow its line, from its last field. */
uint64_t request_body_size(const struct request *q);
/* At most once, in that act, after request_defer(): the sink gets the bytes of the body. Without this call the session
 * throws them away. With size 0 neither get() nor put() is called. The sink must live until all bytes have arrived or
 * gone() was called. */
void request_body(struct request *q, struct body_sink *b);
/* Throws away the bytes that have not arrived yet; the sink is not called any more. Call before answering. */
void request_body_discard(struct request *q);
/* The sink can take bytes again. */
void request_body_resume(struct request *q);

/* Memory that a request holds for its session, in bytes, counted against the part of limits.memory that its reactor
 * has. False: over the limit, and nothing was counted (answer busy). What was counted must be given back with
 * request_unaccount() before the request is answered, also where the session has ended. */
bool request_account(struct request *q, size_t n);
void request_unaccount(struct request *q, size_t n);

/* Logs an event with the fields of the session and the request, within the log rate limit. @file: NULL, and @bytes: 0:
 * there is none. */
void request_report(struct request *q, enum log_event what, const char *file, uint64_t bytes, const char *fmt, ...)
	_printf_(5, 6);

/*
 * A session itself, for roles that keep a state longer than a request. Only in its reactor's thread, and only until it
 * has ended. Other threads, and code that keeps it for later, use its handle (name.h); reactor_find() returns the
 * session of a handle, if it still exists.
 */
struct handle session_handle(const struct session *s);
struct reactor *session_reactor(const struct session *s);
struct loop *session_loop(const struct session *s); /* for timers */
enum dialect session_dialect(const struct session *s);
const struct address *session_address(const struct session *s);
const struct settings *session_settings(const struct session *s);
bool session_offers(const struct session *s, const struct role *role, bool *ret_alone); /* its listener does */
void *session_role_state(const struct session *s, const struct role *role); /* what its start() returned */
/* The identity of the session. It is made at the first call, so that an idle session costs no memory for it. The
 * reference is the session's, which releases it when it has another name or ends; take one (identity_ref()) to keep the
 * identity longer. NULL: out of memory. A session with a nick always has an identity. */
struct identity *session_identity(struct session *s);

/*
 * An observer of a session: state of a role or of the channel engine. It is found again by its ops; a session has one
 * of each kind at most. All calls come in the session's thread, and not from within session_event() or the answer to a
 * request.
 */
struct observer {
	struct observer *next;
	const struct observer_ops *ops;
	bool want_flushed, want_acked;
	uint64_t check_usec, wait_usec; /* for the session: time of its next check for want_acked, interval */
};
struct observer_ops {
	/* The session has ended and is about to be freed, or it takes no more and will end soon. Frees the observer. */
	void (*gone)(struct observer *a, struct session *s, const char *why);
	/* NULL or: the session has another name now. */
	void (*renamed)(struct observer *a, struct session *s, const char *old);
	/* NULL or: this machine's kernel has taken all output. Called once where want_flushed was set, which is cleared
	 * before. */
	void (*on_flushed)(struct observer *a, struct session *s);
	/* NULL or: the kernel of the peer has acknowledged all bytes that were ever queued; its program has perhaps not
	 * read them yet. Called once where want_acked was set, which is cleared before. */
	void (*on_acked)(struct observer *a, struct session *s);
};
void session_add_observer(struct session *s, struct observer *a);
struct observer *session_find_observer(const struct session *s, const struct observer_ops *ops); /* NULL: none */
/* To be called after want_flushed or want_acked was set, as that can be true already. */
void session_want(struct session *s, struct observer *a);

/* Sends a whole event to one session, in line and ioe/1 with its line's end (event.h has it for many sessions). In raw
 * it waits until it can be a recv of its own; @alone: without other events, too. 0, or -EPIPE: the session takes no
 * more. */
int session_event_text(struct session *s, const void *data, size_t len, bool alone);

/* How many more bytes of events can wait for the session before it is dropped as slow. For code that queues many at
 * once. */
size_t session_event_room(const struct session *s);

/* While this is on, each line is offered to the line() of the listener's roles before verbs are looked for, one line at
 * a time. The line HELLO,ioe/1 in a raw session is not offered, and turns this off: the client is no old one, and its
 * dialect changes. */
void session_set_pre_verb(struct session *s, bool on);
