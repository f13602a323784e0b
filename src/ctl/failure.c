/* SPDX-License-Identifier: MIT */
#include "ctl/failure.h"

#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FAILURE_TEXT_MAX 256

static const struct {
	const char *error;
	enum ctl_exit code;
} failure_errors[] = {
	{ "org.varlink.service.PermissionDenied", CTL_NOT_PERMITTED },
	{ "org.ioe.control.TooManyConnections", CTL_LIMIT },
};

static enum ctl_exit failure_of_error(const char *error)
{
	for (size_t i = 0; i < ELEMENTSOF(failure_errors); i++)
		if (strcmp(failure_errors[i].error, error) == 0)
			return failure_errors[i].code;
	return CTL_FAILED;
}

enum ctl_exit failure_of(int r, const struct client_answer *a)
{
	switch (-r) {
	case 0:
		return a->error ? failure_of_error(a->error) : CTL_OK;
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return CTL_NO_SERVER;
	case EACCES:
	case EPERM:
		return CTL_NOT_PERMITTED;
	case ETIMEDOUT:
		return CTL_TIMED_OUT;
	default:
		return CTL_FAILED;
	}
}

static void failure_print_other(const struct ctl_instance *i, int r, const struct client_answer *a)
{
	char text[FAILURE_TEXT_MAX];

	if (r == -EPROTO)
		(void)fprintf(stderr, "%s: what answers on %s is no ioed\n", i->name, i->path);
	else if (r == -ECONNRESET)
		(void)fprintf(stderr, "%s closed the connection without an answer: its log says why (journalctl)\n",
			      i->name);
	else if (r < 0)
		(void)fprintf(stderr, "%s cannot be asked (%s): %s\n", i->name, i->path, strerror(-r));
	else
		(void)fprintf(stderr, "%s refused: %s\n", i->name,
			      str_escape(text, sizeof(text), a->error, strlen(a->error)));
}

enum ctl_exit failure_print(const struct ctl_instance *i, int r, const struct client_answer *a)
{
	enum ctl_exit code = failure_of(r, a);

	switch (code) {
	case CTL_OK:
		break;
	case CTL_NO_SERVER:
		(void)fprintf(stderr, "%s does not run (nobody listens on %s)\n", i->name, i->path);
		break;
	case CTL_NOT_PERMITTED:
		(void)fprintf(stderr,
			      "%s may not be administered by you: be root, or become a member of ioe-admin "
			      "(adduser NAME ioe-admin) and log in again\n",
			      i->name);
		break;
	case CTL_TIMED_OUT:
		(void)fprintf(stderr, "%s did not answer within %d s (%s): it is stopped, or stuck\n", i->name,
			      CTL_TIMEOUT_SEC, i->path);
		break;
	case CTL_LIMIT:
		(void)fprintf(stderr,
			      "%s has all the control connections it allows: try again, or see control.connections "
			      "in ioe.conf(5)\n",
			      i->name);
		break;
	case CTL_FAILED:
	case CTL_USAGE:
	case CTL_SOME_FAILED:
	case CTL_INTERRUPTED:
		failure_print_other(i, r, a);
		break;
	}
	return code;
}

enum ctl_exit failure_join(enum ctl_exit so_far, enum ctl_exit one, bool first)
{
	return first || so_far == one ? one : CTL_SOME_FAILED;
}
