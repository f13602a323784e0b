#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A role: rows of verbs, rows of options, and hooks for a few moments in its life. A role is given requests; it never
 * sees a socket or its readiness. Work that can block goes to a worker.
 */

#include "base/option.h"
#include "wire/dialect.h"
#include "wire/verb.h"

#define ROLES_MAX 16

struct channel_engine;
struct fields;
struct loop;
struct reactor_set;
struct request;
struct role_start;
struct session;
struct warnings;
struct worker_pool;

/* What an act has done with its request. Dispatch checks it with an assert. */
enum act_outcome {
	ACT_ANSWERED, /* it was answered, and must not be used any more */
	ACT_DEFERRED, /* request_defer() was called: it is answered later, or was answered since */
	ACT_PASSED,   /* neither: the caller of role.line() or request_act() goes on with it */
};

/* The arguments of an act. All of them are valid during the call only; an act copies what it needs later. */
struct call {
	struct request *request; /* to be answered or deferred */
	struct fields *fields;   /* as many as the row allows; they point into the line */
	const void *options;     /* the present options of the role's section. NULL: the role has none */
	void *state;             /* what start() of the role returned. NULL: it has no start() */
	struct session *session; /* it has not ended */
	enum dialect dialect;    /* of the request */
};

/*
 * Acts on one request in the session's thread: answers it (request_ok() and the like in session.h), or defers it.
 * Returns enum act_outcome; or a negative errno for a failure of the server's own, before anything was answered:
 * dispatch then answers internal (or busy), and logs.
 */
typedef int (*role_act_fn)(const struct call *call);

struct role_verb {
	struct verb verb;
	role_act_fn act; /* NULL with VERB_NOT_YET */
};

struct role {
	const char *name;
	const struct role_verb *verbs;
	size_t n_verbs;
	const struct option_section *options; /* NULL: none */
	bool uses_channels;  /* start() needs role_start.engine */
	const char *exposed; /* behind "everybody who reaches ... may": what it lets anybody do (exposure.h) */

	/*
	 * NULL or, on a listener that offers the role: is offered each line that begins with no verb, such as a number
	 * or a chat text. In the dialects line and raw, a verb that this listener does not have counts as none if the
	 * line has the wrong number of fields for it. After session_set_pre_verb() line() is offered all lines of the
	 * session. The line is the only field of the call. Acts through request_act(). Returns as a role_act_fn;
	 * ACT_PASSED: the line is not for this role. @alone: the listener has no other role.
	 */
	int (*line)(const struct call *call, bool alone);

	/* NULL or, on a listener that offers the role: answers unmatched input. These are bytes that are no request and
	 * have no line's end, and the session has been idle for a while after them. They can come from an old client of
	 * this role. Of the listener's roles only the first with an unmatched() is called. The call has no field.
	 * Answers through request_act(); then the session is closed. */
	void (*unmatched)(const struct call *call);

	/* NULL or: on a listener with this role alone, a new session has been idle for legacy_wait. Its client is an
	 * old one that waits to be sent something (session_event_text() in session.h); the session is raw from now
	 * on. */
	void (*idle)(struct session *s);

	/* NULL or, in main, before the reactors start: makes the state of the role, which is in each call. 0, or a
	 * negative errno with a sentence in @why: the daemon does not start, and stop() is not called. */
	int (*start)(const struct role_start *with, void **ret_state, char *why, size_t why_size);
	/* NULL or, in main, after the reactors and the workers have ended: frees the state. */
	void (*stop)(void *state);
	/* NULL or, in main, from time to time and after a reload: makes a worker check the role's folder or store. */
	void (*check)(void *state);
	/* NULL or, in main: the number of messages since the start that were dropped as too old. */
	uint64_t (*expired)(void *state);
	/* NULL or, in main: adds the present warnings about the role's folder or store. Never blocks. */
	void (*warn)(void *state, struct warnings *to);
	/* NULL or, in main: gets new settings, which were checked and are valid during the call only. Reactors use them
	 * by themselves (call.options). */
	void (*reload)(void *state, const struct settings *s);
};

/* For start(). The struct and the settings are valid during the call only, the workers until the reactors have ended,
 * and all else until stop() has returned. */
struct role_start {
	const struct settings *settings;
	int state_dirfd;        /* the instance's state directory, locked; the daemon's */
	const char *state_dir;  /* its path, for error messages */
	struct worker_pool *workers;
	struct loop *loop;      /* main's: the home of jobs that main submits */
	struct reactor_set *reactors; /* not running yet, but their number is known */
	struct channel_engine *engine; /* channel/engine.h; NULL without role.uses_channels */
};
