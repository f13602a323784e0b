/* SPDX-License-Identifier: MIT */
#include "client/client.h"

#include "base/buf.h"
#include "base/stdfd.h"
#include "base/str.h"
#include "cli/show.h"
#include "client/advice.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>

/* The command and its first argument, cut where it is long. */
void client_label(struct client *c, const char *command, const char *arg)
{
	char shown[64] = "";

	if (arg)
		(void)show_name(shown, sizeof(shown), arg);
	(void)snprintf(c->label, sizeof(c->label), "%.32s%s%s", command, arg ? " " : "", shown);
}

/*
 * Prints one line to standard error. Names of files, rooms and people are in it, which others have chosen: no part of
 * the line steers the terminal.
 */
_printf_(2, 0) static void client_print_line(const char *label, const char *fmt, va_list ap)
{
	_cleanup_(freep) char *text = NULL, *shown = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	else
		shown = show_line(text);
	/* Earlier output stands before this line. */
	(void)fflush(stdout);
	(void)fprintf(stderr, "ioe-client: %s%s%s\n", label, label[0] ? ": " : "", shown ? shown : strerror(ENOMEM));
}

void client_print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	client_print_line("", fmt, ap);
	va_end(ap);
}

enum exit_code client_fail(const struct client *c, enum exit_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	client_print_line(c->label, fmt, ap);
	va_end(ap);
	return code;
}

enum exit_code client_fail_refused(const struct client *c, const struct peer_reply *reply)
{
	const struct failure_row *row = failure_from_error_code(reply->code);
	_cleanup_(freep) char *text = advice_translate(reply->text);
	/* The server's sentence can have advice, and the server knows more. */
	bool advise = row->advice && !(text && strstr(text, "; "));

	if (!text)
		return client_fail(c, row->code, "%s", row->words);
	return client_fail(c, row->code, "%s%s%s%s%s", row->words, text[0] ? ": " : "", text, advise ? "; " : "",
			   advise ? row->advice : "");
}

void client_print_replaced(const struct client *c)
{
	_cleanup_(buf_done) struct buf since = { 0 };

	(void)show_time(&since, c->received_msec);
	client_print("%s: the server's data was replaced; messages since %s can be missing", c->where.name,
		     buf_str(&since));
}

/* The advice for a connection that broke. */
static const char *client_broken_advice(const struct client *c)
{
	return c->comes_back ? "; connecting again" : "";
}

/* A server that is about to leave has sent the reason, a word of the protocol. */
static enum exit_code client_fail_goaway(const struct client *c, const char *why)
{
	const char *advice = c->comes_back ? client_broken_advice(c) : ": try again in a moment";

	if (strcmp(why, "stopping") == 0)
		return client_fail(c, EXIT_CODE_LATER, "%s: the server is being stopped%s", c->where.name, advice);
	return client_fail(c, EXIT_CODE_LATER, "%s: the server has ended the connection (%s)%s", c->where.name, why,
			   advice);
}

enum exit_code client_fail_broken(struct client *c, int error)
{
	const char *goaway = c->peer ? peer_goaway(c->peer) : NULL;
	enum error_code unwanted = c->peer ? peer_unwanted(c->peer) : ERROR_MAX;
	size_t len = goaway ? strnlen(goaway, 200) : 0;
	char why[201] = "";

	/* Copied: the peer frees its own. */
	if (goaway)
		why[str_harmless(why, goaway, len)] = '\0';
	client_drop(c);
	if (unwanted != ERROR_MAX) {
		c->state = CLIENT_STATE_LEFT;
		return client_fail(
			c, failure_from_error_code(unwanted)->code,
			"%s: the server has ended the connection (%s): ask its administrator before you connect again",
			c->where.name, goaway ? why : "it does not say why");
	}
	/* A refusal to send is none of the connection's. */
	if (error == -EBUSY || error == -EINVAL || error == -ENOMEM)
		return client_fail(c, EXIT_CODE_FAILED, "%s", strerror(-error));
	if (goaway)
		return client_fail_goaway(c, why);
	return client_fail(c, failure_from_errno(error), "%s: %s%s", c->where.name, failure_errno_words(error),
			   client_broken_advice(c));
}

enum exit_code client_fail_output(const struct client *c, int error)
{
	/* Bytes that cannot be written would be tried, and fail, again and again. */
	__fpurge(stdout);
	clearerr(stdout);
	return client_fail(c, EXIT_CODE_FAILED, "cannot write to standard output: %s", strerror(-error));
}

enum exit_code client_flush(const struct client *c, enum exit_code code)
{
	int r = stdfd_flush();

	return r < 0 ? client_fail_output(c, r) : code;
}
