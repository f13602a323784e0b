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
 * Exactly one of these answers a request, and the request is gone after it (a freed pointer). Text is one line
 * without its end. Fields are encoded where the dialect wants it.
 */
void request_ok(struct request *q); /* OK */
void request_line(struct request *q, const char *text, size_t len); /* as it is */
/* word, fields...: request_begin(q, "OK"); request_field(q, name, n); request_end(q); nothing else in between. */
void request_begin(struct request *q, const char *word);
void request_field(struct request *q, const char *data, size_t len);
void request_field_u64(struct request *q, uint64_t v);
void request_end(struct request *q);
/* ERROR: SLUG: text. The text is a sentence with the value and the range; bytes outside printable ASCII are escaped. */
void request_error(struct request *q, enum error_code code, const char *fmt, ...) _printf_(3, 4);
/* Nothing: what was said wants no answer where all is well. */
void request_noreply(struct request *q);
/* Sized: the count, LF, then the bytes, already in the dialect's form. */
void request_sized(struct request *q, const void *body, size_t len);
/* A sized answer in one piece: fill the returned memory (NULL: no memory, nothing was said), then commit, which
 * answers. */
char *request_sized_reserve(struct request *q, size_t len);
void request_sized_commit(struct request *q, size_t len);
/* Sized: @len bytes of the file from @off on, sent by sendfile. Consumes the fd. */
void request_file(struct request *q, int fd, uint64_t off, uint64_t len);

/*
 * Puts the answer off: the request stays valid after the act returns, in this thread only, until it is answered.
 * A job carries it through a worker as a pointer that nobody looks behind there.
 */
void request_defer(struct request *q);

/*
 * For what a request does without a verb: a line that is none, or what a deferred request goes on with. It is checked
 * as if the session had sent the role's verb @verb with the fields @f; then @act is called. Returns what @act returned,
 * or ACT_ANSWERED: the session may not do that. The session must not have ended.
 */
int request_act(struct request *q, const char *verb, struct fields *f, role_act_fn act);

/*
 * Claims a name for the request's session, as NICK does; @shared: others of its address who share it may have it, too.
 * 0: the request is put off, and done() answers it: @result is 0 or -EEXIST or -ENOMEM, @name as it was given. Where
 * the session ends before, the request is answered and done() not called. -EINVAL: it may not be so written; -EPERM:
 * it reads as something else; -ENOMEM: it is not put off.
 */
int request_claim_name(struct request *q, const char *name, size_t len, bool shared,
		       void (*done)(struct request *q, int result, const char *name));
/* Answers with what is wrong with the name, @error being one of those above. */
void request_refuse_name(struct request *q, const char *name, size_t len, int error);

/*
 * The bytes that follow a request's line (WRITE). The session brings them where get() points.
 */
struct body_sink {
	const struct body_sink_ops *ops;
};
struct body_sink_ops {
	/* Where the next bytes go: sets @ret and returns how many fit, 0: none now (body_resume() when there is
	 * room). */
	size_t (*get)(struct body_sink *b, char **ret);
	/* @n of them have come. The sink may answer the request from here; once all bytes have come, it must some
	 * time. */
	void (*put)(struct body_sink *b, size_t n);
	/* Only for BODY_SIZE_UNDECIDED: the body has @size bytes, of which the first @n_front, at @front, do not
	 * come by put(). There are at most BODY_FRONT_MAX of those. */
	void (*resolve)(struct body_sink *b, uint64_t size, const char *front, size_t n_front);
	/* The session ended before all bytes came. The request is still to be answered (into nowhere); the sink is no
	 * longer called. */
	void (*gone)(struct body_sink *b);
};

/* Of the size that a request's last field tells. */
#define BODY_DIGITS_MAX 18

/* An old client's WRITE may begin before it is known where its size ends: the size in its fields means nothing then,
 * request_body_size() is BODY_SIZE_UNDECIDED, and resolve() tells. */
#define BODY_SIZE_UNDECIDED (UINT64_MAX / 2)
#define BODY_FRONT_MAX 32

/* Only in the act of a verb with VERB_BODY: how many bytes follow its line, as its last field says. */
uint64_t request_body_size(const struct request *q);
/* At most once, in that act, after request_defer(): the sink gets the bytes of the body. Without this call the session
 * throws them away. With size 0 neither get() nor put() is called. The sink must live until all bytes have come or
 * gone() was called. */
void request_body(struct request *q, struct body_sink *b);
/* Throws away the bytes that have not come yet; the sink is not called again. Call before answering. */
void request_body_discard(struct request *q);
/* There is room again. */
void request_body_resume(struct request *q);

/* Memory that a request holds for its session, counted against limits.memory. False: over the limit, nothing was
 * counted (answer busy). */
bool request_account(struct request *q, size_t n);
void request_unaccount(struct request *q, size_t n);

/* Logs an event, with who asked for what, as far as log/ratelimit.h lets it through. @file: NULL, and @bytes: 0,
 * where there is none. */
void request_report(struct request *q, enum log_event what, const char *file, uint64_t bytes, const char *fmt, ...)
	_printf_(5, 6);

/*
 * A session itself, for roles whose words outlive a request. Only in its reactor's thread, and only until it has ended;
 * across threads and over time a session is its handle (name.h), and reactor_find() says whether it is still there.
 */
struct handle session_handle(const struct session *s);
struct reactor *session_reactor(const struct session *s);
struct loop *session_loop(const struct session *s); /* for timers */
enum dialect session_dialect(const struct session *s);
const struct address *session_address(const struct session *s);
const struct settings *session_settings(const struct session *s);
bool session_offers(const struct session *s, const struct role *role, bool *ret_alone); /* its listener does */
void *session_role_state(const struct session *s, const struct role *role); /* what its start() returned */
/* Who it is. The session keeps the identity until it has another name or ends; take a reference to keep it longer.
 * It is made when it is asked for first, so that an idle session costs no memory for it. NULL: out of memory, and
 * no nick. */
struct identity *session_identity(struct session *s);

/*
 * What hangs on a session: a role's or the engine's own words about it, found again by its ops, one of each kind. All
 * calls come in the session's thread, and not from within session_event() or a request's answer.
 */
struct observer {
	struct observer *next;
	const struct observer_ops *ops;
	bool want_flushed, want_acked;
	uint64_t check_usec, wait_usec; /* the session's: when it looks again whether all is taken */
};
struct observer_ops {
	/* The session has ended (it is about to be freed), or takes no more and will end soon: frees the observer. */
	void (*gone)(struct observer *a, struct session *s, const char *why);
	/* NULL or: it has another name now. */
	void (*renamed)(struct observer *a, struct session *s, const char *old);
	/* NULL or: all output is with the kernel. Called once where want_flushed was set, which is cleared before. */
	void (*on_flushed)(struct observer *a, struct session *s);
	/* NULL or: the peer's TCP has taken all that was ever queued. Likewise, for want_acked. */
	void (*on_acked)(struct observer *a, struct session *s);
};
void session_add_observer(struct session *s, struct observer *a);
struct observer *session_find_observer(const struct session *s, const struct observer_ops *ops); /* NULL: none */
/* After one of the wants was set: they may be true already. */
void session_want(struct session *s, struct observer *a);

/* An event of one's own for one session, whole, with its line's end in line and ioe/1 (event.h has it for many). In raw
 * it waits until it can be a recv of its own, @alone: not even with other events. 0, or -EPIPE: it takes no more. */
int session_event_text(struct session *s, const void *data, size_t len, bool alone);

/* Bytes of events that may wait for it yet, before it is too slow: for whoever queues many at once. */
size_t session_event_room(const struct session *s);

/* While on, each line is offered to the line() of its listener's roles before verbs are looked for in it, one at a
 * time. A raw session's HELLO,ioe/1 is not, and turns it off: it was no old client, and its dialect is another one
 * now. */
void session_set_pre_verb(struct session *s, bool on);
