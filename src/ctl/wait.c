/* SPDX-License-Identifier: MIT */
/* `ioectl wait`: no event tells that a socket has come into being, so the command looks for it again and again. */
#include "base/clock.h"
#include "base/macro.h"
#include "ctl/call.h"
#include "ctl/ctl.h"
#include "ctl/failure.h"
#include "ctl/instance.h"
#include "ctl/output.h"
#include "ctl/view.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define WAIT_TIMEOUT    "30s"
#define WAIT_AGAIN_MSEC 20

/* Whether the instance serves: it is running, or degraded. If not, *ret_code is the reason. */
static bool wait_is_ready(const struct ctl_instance *i, uint64_t timeout_usec, enum exit_code *ret_code)
{
	_cleanup_(call_reply_done) struct call_reply a = { 0 };
	char state[VIEW_MAX];
	int r;

	r = call_once(i->path, "org.ioe.control.Status", NULL, MIN(timeout_usec, CTL_TIMEOUT_SEC * USEC_PER_SEC), &a);
	*ret_code = failure_of(r, &a);
	if (*ret_code != EXIT_CODE_OK)
		return false;
	(void)view_text(state, a.parameters, "state");
	return strcmp(state, "running") == 0 || strcmp(state, "degraded") == 0;
}

/* Whether waiting longer cannot help: then the command ends at once. */
static bool wait_is_final(enum exit_code code)
{
	return code == EXIT_CODE_NOT_PERMITTED;
}

static enum exit_code wait_for_one(const struct ctl_instance *i, uint64_t until_usec, const char *timeout)
{
	static const struct timespec pause = { .tv_nsec = WAIT_AGAIN_MSEC * 1000000L };
	enum exit_code code = EXIT_CODE_OK;

	for (;;) {
		uint64_t now = clock_usec();

		if (now >= until_usec)
			break;
		if (wait_is_ready(i, until_usec - now, &code))
			return EXIT_CODE_OK;
		if (wait_is_final(code))
			return failure_print(i, -EACCES, NULL);
		(void)nanosleep(&pause, NULL);
	}
	(void)fprintf(stderr, "%s was not ready within %s (%s)%s\n", i->name, timeout, i->path,
		      code == EXIT_CODE_NO_SERVER ? ": nobody listens there" : "");
	return EXIT_CODE_TIMED_OUT;
}

static enum exit_code wait_run(const struct ctl *ctl, const struct args *a)
{
	const char *what = args_get(a, "for"), *timeout = args_get(a, "timeout");
	enum exit_code code = EXIT_CODE_OK;
	uint64_t usec;
	char why[128];

	timeout = timeout ? timeout : WAIT_TIMEOUT;
	if (what && strcmp(what, "ready") != 0) {
		(void)fprintf(stderr, "ioectl: --for=ready is possible only, not '%s'\n", what);
		return EXIT_CODE_USAGE;
	}
	if (args_time("timeout", timeout, &usec, why, sizeof(why)) < 0) {
		(void)fprintf(stderr, "ioectl: %s\n", why);
		return EXIT_CODE_USAGE;
	}
	if (ctl->n_instances == 0) {
		(void)fprintf(stderr, "ioectl: no instance has a socket in %s: name one with -i\n", ctl->dir);
		return EXIT_CODE_NO_SERVER;
	}
	usec = clock_usec() + MIN(usec, 366 * 86400 * USEC_PER_SEC);
	for (size_t i = 0; i < ctl->n_instances; i++)
		code = exit_join(code, wait_for_one(&ctl->instances[i], usec, timeout), i == 0);
	return code;
}

static const struct flag wait_flags[] = {
	{ "for", "ready", NULL },
	{ "timeout", "TIME", NULL },
	{ 0 },
};

const struct ctl_command wait_command = {
	.row = {
		.name = "wait",
		.args = "[--for=ready] [--timeout=TIME]",
		.help = "until the instance answers",
		.flags = wait_flags,
	},
	.run = wait_run,
};
