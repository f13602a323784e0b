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

/* What an act has done with its request. Dispatch asserts that it is true. */
enum act_outcome {
	ACT_ANSWERED, /* it is answered, and gone */
	ACT_DEFERRED, /* request_defer() was called: somebody answers it later, or has done so already */
	ACT_PASSED,   /* neither: the caller of role.line() or request_act() goes on with it */
};

/* What an act is handed. All of it is valid during the call only: what is needed later is copied. */
struct call {
	struct request *request; /* to be answered or deferred */
	struct fields *fields;   /* as many as the row allows; in the memory of the line */
	const void *options;     /* the struct of the role's section, as it is now. NULL: the role has none */
	void *state;             /* what start() of the role returned. NULL: it has no start() */
	struct session *session; /* has not ended; session_identity() tells who it is */
	enum dialect dialect;    /* of the request */
};

/*
 * Acts on one request in the session's thread: answers it (session.h: request_ok() and the like), or defers it. Returns
 * enum act_outcome; or a negative errno where it failed for a reason of ours, before anything was answered: dispatch
 * answers internal (or busy) and logs.
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
	 * NULL or, on a listener that offers the role: a line that is no verb of any role (in line and raw, with its
	 * right number of fields) is the only field of the call. Returns as a role_act_fn; ACT_PASSED: the line is not
	 * the role's. What the line does it does by request_act(). @alone: the listener has no other role.
	 */
	int (*line)(const struct call *call, bool alone);

	/* NULL or: on a listener of several roles, unmatched input (bytes without a line's end that are no request)
	 * has stood alone for a second: an old client of this role may have sent it. Answers, by request_act(); the
	 * session is closed then. The call has no field. */
	void (*unmatched)(const struct call *call);

	/* NULL or: on a listener whose only role this is, a new session has been idle for legacy_wait. It is an old
	 * client's, raw from now on, and waits to be sent something (session.h: session_event_text()). */
	void (*idle)(struct session *s);

	/* In main, before the reactors start; @ret_state is in each call. 0, or a
	 * negative errno with a sentence in @why: the daemon does not start. */
	int (*start)(const struct role_start *with, void **ret_state, char *why, size_t why_size);
	/* In main, after the reactors have ended. */
	void (*stop)(void *state);
	/* NULL or, in main, now and then, and behind a reload: has a worker look at what the role stands on. */
	void (*check)(void *state);
	/* NULL or, in main: how many messages were dropped since the start because they were too old. */
	uint64_t (*expired)(void *state);
	/* NULL or, in main: adds what is wrong just now with what the role stands on (warning.h). Never blocks. */
	void (*warn)(void *state, struct warnings *to);
	/* In main: new settings, already checked. Reactors switch by themselves (call.options). */
	void (*reload)(void *state, const struct settings *s);
};

struct role_start {
	const struct settings *settings;
	int state_dirfd;        /* the instance's state directory, locked; the daemon's */
	const char *state_dir;  /* its path, for error messages */
	struct worker_pool *workers;
	struct loop *loop;      /* main's: the home of jobs that main submits */
	struct reactor_set *reactors; /* not running yet, but their number is known */
	struct channel_engine *engine; /* channel/engine.h; NULL without role.uses_channels */
};
