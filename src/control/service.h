#pragma once
/* SPDX-License-Identifier: MIT */
/* The methods of org.ioe.control and org.varlink.service, and the answer to a call. Knows no connection. */

#include "base/buf.h"
#include "control/control.h"
#include "loop/timer.h"
#include "wire/varlink.h"

struct server_task;

struct service {
	struct server *server;
	struct control_acts acts;
	struct loop *loop;
	struct timer level_timer; /* sets the configured log level again */
};

void service_init(struct service *s, struct server *server, const struct control_acts *acts, struct loop *l);
void service_done(struct service *s);

/* An answer that is ready later, or has several replies. Its caller owns it and can free it at any time. */
struct service_job {
	void (*ready)(struct service_job *j); /* set by the caller; service_job_answer() has a reply now */
	void *userdata;                       /* set by the caller */

	struct service *service;
	struct server_task *task;
	bool more, oneway;
	bool slow; /* control.timeout does not apply while the task is away */
	/* Appends a reply with the data that has arrived to @out, if there is any. */
	int (*act)(struct service_job *j, struct buf *out, bool *ret_done);
	void (*next)(struct service_job *j);
	void (*free)(struct service_job *j);
};

/*
 * Appends the answer to @out; nothing if the call is oneway. 0; -ENOMEM or -ENOBUFS: there is no answer. If *ret_job is
 * set, nothing was appended, and ready() is called later, from the loop.
 */
int service_answer(struct service *s, const struct varlink_call *call, struct buf *out, struct service_job **ret_job);

/* To be called once after each ready(); returns as service_answer(). If *ret_done is false, the caller asks for the
 * next reply with service_job_next(), when it wants. */
int service_job_answer(struct service_job *j, struct buf *out, bool *ret_done);
void service_job_next(struct service_job *j);
bool service_job_is_away(const struct service_job *j); /* ready() will be called */
struct service_job *service_job_free(struct service_job *j); /* NULL is fine. Returns NULL */

/* The answers to a user without the right to call, and to a connection above a limit. They return as
 * service_answer(). */
int service_deny(struct buf *out);
int service_refuse(uint64_t limit, struct buf *out);

/* The text of an interface; static. NULL: there is no such interface. */
const char *service_description(const char *interface);

/* The interface and the name of method @i, both static. False: there are fewer methods, and nothing is set. */
bool service_method_at(size_t i, const char **ret_interface, const char **ret_name);
