/* SPDX-License-Identifier: MIT */
#include "ctl/ask.h"

#include "base/clock.h"
#include "base/macro.h"
#include "ctl/client.h"
#include "ctl/failure.h"

#include <errno.h>
#include <stdio.h>

struct ask {
	const struct ctl_instance *instance;
	uint64_t timeout_usec;
	ask_fn fn;
	void *userdata;
	enum exit_code code; /* of a page that was not as it should be */
};

static int ask_page(void *userdata, struct json_object *parameters)
{
	struct ask *a = userdata;

	a->code = a->fn(a->userdata, a->instance, parameters);
	return a->code == EXIT_CODE_OK ? 0 : -ECANCELED;
}

/* False: it does not run, and that is no failure. */
static bool ask_one(const struct ctl *ctl, struct ask *ask, const char *method, struct json_object *parameters, bool more)
{
	_cleanup_(client_answer_done) struct client_answer a = { 0 };
	int r;

	r = client_ask_more(ask->instance->path, method, parameters, ask->timeout_usec,
			    more ? ask_page : NULL, ask, &a);
	if (r == -ECANCELED && ask->code != EXIT_CODE_OK)
		return true;
	/* A socket that was left behind is no instance. */
	if (ctl->all && failure_of(r, &a) == EXIT_CODE_NO_SERVER)
		return false;
	ask->code = failure_print(ask->instance, r, &a);
	if (ask->code == EXIT_CODE_OK)
		ask->code = ask->fn(ask->userdata, ask->instance, a.parameters);
	return true;
}

static enum exit_code ask_all(const struct ctl *ctl, const char *method, struct json_object *parameters, bool more,
			     uint64_t timeout_usec, ask_fn fn, void *userdata)
{
	enum exit_code joined = EXIT_CODE_OK;
	bool first = true;

	for (size_t i = 0; i < ctl->n_instances; i++) {
		struct ask ask = {
			.instance = &ctl->instances[i],
			.timeout_usec = timeout_usec,
			.fn = fn,
			.userdata = userdata,
		};

		if (!ask_one(ctl, &ask, method, parameters, more))
			continue;
		joined = exit_join(joined, ask.code, first);
		first = false;
	}
	if (first) {
		(void)fprintf(stderr, "No instance runs (looked in %s/*/control.sock; -s PATH asks one elsewhere)\n",
			      ctl->dir);
		return EXIT_CODE_NO_SERVER;
	}
	return joined;
}

enum exit_code ask_each(const struct ctl *ctl, const char *method, struct json_object *parameters, ask_fn fn, void *userdata)
{
	return ask_all(ctl, method, parameters, false, CTL_TIMEOUT_SEC * USEC_PER_SEC, fn, userdata);
}

enum exit_code ask_each_more(const struct ctl *ctl, const char *method, struct json_object *parameters, ask_fn fn,
			    void *userdata)
{
	return ask_all(ctl, method, parameters, true, CTL_TIMEOUT_SEC * USEC_PER_SEC, fn, userdata);
}

enum exit_code ask_each_long(const struct ctl *ctl, const char *method, struct json_object *parameters,
			    uint64_t timeout_usec, ask_fn fn, void *userdata)
{
	return ask_all(ctl, method, parameters, false, timeout_usec, fn, userdata);
}

enum exit_code ask_is_one(const struct ctl *ctl, const char *command)
{
	if (ctl->n_instances <= 1)
		return EXIT_CODE_OK;
	(void)fprintf(stderr, "ioectl: %s is for one instance, and %zu have a socket: say which with -i\n", command,
		      ctl->n_instances);
	return EXIT_CODE_USAGE;
}
