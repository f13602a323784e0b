/* SPDX-License-Identifier: MIT */
#include "ctl/request.h"

#include "base/clock.h"
#include "base/macro.h"
#include "ctl/call.h"
#include "ctl/failure.h"

#include <errno.h>
#include <stdio.h>

struct request {
	const struct ctl_instance *instance;
	uint64_t timeout_usec;
	request_fn fn;
	void *userdata;
	enum exit_code code; /* of a reply that request.fn has refused */
};

static int request_page(void *userdata, struct json_object *parameters)
{
	struct request *a = userdata;

	a->code = a->fn(a->userdata, a->instance, parameters);
	return a->code == EXIT_CODE_OK ? 0 : -ECANCELED;
}

/* Sends the request to one instance. False: no daemon listens, and with ctl->all that is no failure. */
static bool request_one(const struct ctl *ctl, struct request *q, const char *method, struct json_object *parameters,
			bool more)
{
	_cleanup_(call_reply_done) struct call_reply a = { 0 };
	int r;

	r = call_more(q->instance->path, method, parameters, q->timeout_usec, more ? request_page : NULL, q, &a);
	if (r == -ECANCELED && q->code != EXIT_CODE_OK)
		return true;
	/* The socket of a daemon that was killed is no instance. */
	if (ctl->all && failure_of(r, &a) == EXIT_CODE_NO_SERVER)
		return false;
	q->code = failure_print(q->instance, r, &a);
	if (q->code == EXIT_CODE_OK)
		q->code = q->fn(q->userdata, q->instance, a.parameters);
	return true;
}

static enum exit_code request_all(const struct ctl *ctl, const char *method, struct json_object *parameters, bool more,
				  uint64_t timeout_usec, request_fn fn, void *userdata)
{
	enum exit_code joined = EXIT_CODE_OK;
	bool first = true;

	for (size_t i = 0; i < ctl->n_instances; i++) {
		struct request q = {
			.instance = &ctl->instances[i],
			.timeout_usec = timeout_usec,
			.fn = fn,
			.userdata = userdata,
		};

		if (!request_one(ctl, &q, method, parameters, more))
			continue;
		joined = exit_join(joined, q.code, first);
		first = false;
	}
	if (first) {
		(void)fprintf(stderr, "No instance runs (looked for %s/*/control.sock; -s PATH names another socket)\n",
			      ctl->dir);
		return EXIT_CODE_NO_SERVER;
	}
	return joined;
}

enum exit_code request_each(const struct ctl *ctl, const char *method, struct json_object *parameters, request_fn fn,
			    void *userdata)
{
	return request_all(ctl, method, parameters, false, CTL_TIMEOUT_SEC * USEC_PER_SEC, fn, userdata);
}

enum exit_code request_each_more(const struct ctl *ctl, const char *method, struct json_object *parameters,
				 request_fn fn, void *userdata)
{
	return request_all(ctl, method, parameters, true, CTL_TIMEOUT_SEC * USEC_PER_SEC, fn, userdata);
}

enum exit_code request_each_long(const struct ctl *ctl, const char *method, struct json_object *parameters,
				 uint64_t timeout_usec, request_fn fn, void *userdata)
{
	return request_all(ctl, method, parameters, false, timeout_usec, fn, userdata);
}

enum exit_code request_is_one(const struct ctl *ctl, const char *command)
{
	if (ctl->n_instances <= 1)
		return EXIT_CODE_OK;
	(void)fprintf(stderr, "ioectl: %s is for one instance, and %zu have a socket: name it with -i\n", command,
		      ctl->n_instances);
	return EXIT_CODE_USAGE;
}
