/* SPDX-License-Identifier: MIT */
#include "ctl/failure.h"

#include "base/macro.h"
#include "base/str.h"
#include "ctl/view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FAILURE_TEXT_MAX 1024

static const struct {
	const char *error;
	enum exit_code code;
} failure_errors[] = {
	{ "org.varlink.service.PermissionDenied", EXIT_CODE_NOT_PERMITTED },
	{ "org.ioe.control.TooManyConnections", EXIT_CODE_LATER },
	{ "org.ioe.control.NotFound", EXIT_CODE_NOT_FOUND },
	{ "org.varlink.service.InvalidParameter", EXIT_CODE_USAGE },
};

static enum exit_code failure_of_error(const char *error)
{
	for (size_t i = 0; i < ELEMENTSOF(failure_errors); i++)
		if (strcmp(failure_errors[i].error, error) == 0)
			return failure_errors[i].code;
	return EXIT_CODE_FAILED;
}

enum exit_code failure_of(int r, const struct call_reply *a)
{
	switch (-r) {
	case 0:
		return a->error ? failure_of_error(a->error) : EXIT_CODE_OK;
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return EXIT_CODE_NO_SERVER;
	case EACCES:
	case EPERM:
		return EXIT_CODE_NOT_PERMITTED;
	case ETIMEDOUT:
		return EXIT_CODE_TIMED_OUT;
	default:
		return EXIT_CODE_FAILED;
	}
}

/* The values that a daemon accepts for the parameters it refuses. */
static const struct {
	const char *parameter, *takes;
} failure_takes[] = {
	{ "filter", "any text, or KEY=VALUE where KEY is id, name, address, ip, listener, dialect, state or requests" },
	{ "id", "what ioectl clients shows as ID, such as 0.17.2041" },
	{ "why", "at most 80 bytes of text" },
	{ "level", "err, warning, notice, info or debug" },
	{ "for_usec", "above 0, and at most 366d" },
	{ "dir", "a folder's path of at most 3072 bytes" },
};

static const char *failure_find_takes(const char *parameter)
{
	for (size_t i = 0; i < ELEMENTSOF(failure_takes); i++)
		if (strcmp(failure_takes[i].parameter, parameter) == 0)
			return failure_takes[i].takes;
	return "ioectl(1) lists the valid values";
}

/* Prints why a configuration was refused: a sentence a line. */
static void failure_print_lines(const struct ctl_instance *i, const char *sentences)
{
	char text[FAILURE_TEXT_MAX];

	(void)fprintf(stderr, "%s refused the configuration, and the old one stays in force:\n", i->name);
	for (; sentences && *sentences; sentences += *sentences == '\n') {
		size_t n = strcspn(sentences, "\n");

		(void)fprintf(stderr, "  %s\n", str_escape(text, sizeof(text), sentences, n));
		sentences += n;
	}
}

static void failure_print_other(const struct ctl_instance *i, int r, const struct call_reply *a)
{
	char text[FAILURE_TEXT_MAX];

	if (r == -EPROTO)
		(void)fprintf(stderr, "%s: the program that answers on %s is not ioed\n", i->name, i->path);
	else if (r == -ECONNRESET)
		(void)fprintf(stderr, "%s closed the connection without an answer: its log says why (journalctl)\n",
			      i->name);
	else if (r < 0)
		(void)fprintf(stderr, "%s cannot be reached (%s): %s\n", i->name, i->path, strerror(-r));
	else if (strcmp(a->error, "org.ioe.control.ReloadRefused") == 0)
		failure_print_lines(i, json_object_get_string(json_object_object_get(a->parameters, "text")));
	else if (strcmp(a->error, "org.ioe.control.StoreFailed") == 0)
		(void)fprintf(stderr, "%s: %s\n", i->name, view_text(text, a->parameters, "text"));
	else if (strcmp(a->error, "org.varlink.service.MethodNotFound") == 0)
		(void)fprintf(stderr, "%s has another version, which does not know this request: restart it after an "
				      "upgrade\n",
			      i->name);
	else
		(void)fprintf(stderr, "%s refused: %s\n", i->name,
			      str_escape(text, sizeof(text), a->error, strlen(a->error)));
}

enum exit_code failure_print(const struct ctl_instance *i, int r, const struct call_reply *a)
{
	enum exit_code code = failure_of(r, a);
	char view[VIEW_MAX];

	switch (code) {
	case EXIT_CODE_OK:
		break;
	case EXIT_CODE_NO_SERVER:
		(void)fprintf(stderr, "%s does not run (nobody listens on %s)\n", i->name, i->path);
		break;
	case EXIT_CODE_NOT_PERMITTED:
		(void)fprintf(stderr,
			      "you are not allowed to administer %s: be root, or become a member of ioe-admin (adduser "
			      "NAME ioe-admin) and log in again\n",
			      i->name);
		break;
	case EXIT_CODE_TIMED_OUT:
		(void)fprintf(stderr, "%s did not answer within %d s (%s): it is stopped, or stuck\n", i->name,
			      CTL_TIMEOUT_SEC, i->path);
		break;
	case EXIT_CODE_LATER:
		(void)fprintf(stderr,
			      "%s has all the control connections it allows: try again, or see control.connections "
			      "in ioe.conf(5)\n",
			      i->name);
		break;
	case EXIT_CODE_NOT_FOUND:
		(void)fprintf(stderr, "%s has no client '%s': it has gone, or never existed\n", i->name,
			      view_text(view, a->parameters, "id"));
		break;
	case EXIT_CODE_USAGE:
		(void)view_text(view, a->parameters, "parameter");
		(void)fprintf(stderr, "%s does not accept this '%s': %s\n", i->name, view, failure_find_takes(view));
		break;
	case EXIT_CODE_FAILED:
	case EXIT_CODE_EXISTS:
	case EXIT_CODE_SOME_FAILED:
	case EXIT_CODE_INTERRUPTED:
	case EXIT_CODE_CORRUPT:
	case EXIT_CODE_LIMIT:
	case EXIT_CODE_DEGRADED:
	case EXIT_CODE_MAX:
		failure_print_other(i, r, a);
		break;
	}
	return code;
}
