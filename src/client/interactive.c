/* SPDX-License-Identifier: MIT */
#include "client/interactive.h"

#include "base/macro.h"
#include "client/command.h"
#include "client/interrupt.h"

#include <errno.h>
#include <histedit.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define INTERACTIVE_HISTORY 500

static char *interactive_prompt(EditLine *el)
{
	static char prompt[160];
	struct client *c = NULL;

	(void)el_get(el, EL_CLIENTDATA, &c);
	if (c->state == CLIENT_STATE_CONNECTED)
		(void)snprintf(prompt, sizeof(prompt), "%.150s> ", c->where.name);
	else
		(void)snprintf(prompt, sizeof(prompt), "not connected> ");
	return prompt;
}

/* What all commands that begin with @text have in common behind it, and how many they are. */
static unsigned interactive_match(const char *text, size_t len, const char **ret_rest, size_t *ret_rest_len)
{
	const struct command *command;
	unsigned n = 0;
	size_t k;

	for (unsigned i = 0; (command = command_at(i)); i++) {
		if (strncmp(command->name, text, len) != 0)
			continue;
		if (n++ == 0) {
			*ret_rest = command->name + len;
			*ret_rest_len = strlen(*ret_rest);
			continue;
		}
		for (k = 0; k < *ret_rest_len && (*ret_rest)[k] == command->name[len + k]; k++)
			;
		*ret_rest_len = k;
	}
	return n;
}

/* Tab: completes the first word. */
static unsigned char interactive_complete(EditLine *el, wint_t ch _unused_)
{
	const LineInfo *line = el_line(el);
	size_t len = (size_t)(line->cursor - line->buffer), rest_len = 0;
	const char *rest = NULL;
	char insert[32];
	unsigned n;

	n = memchr(line->buffer, ' ', len) ? 0 : interactive_match(line->buffer, len, &rest, &rest_len);
	if (n == 0 || (n > 1 && rest_len == 0))
		return CC_ERROR;
	(void)snprintf(insert, sizeof(insert), "%.*s%s", (int)rest_len, rest, n == 1 ? " " : "");
	return el_insertstr(el, insert) < 0 ? CC_ERROR : CC_REFRESH;
}

/* One line; false at the end. */
static bool interactive_line(struct client *c, EditLine *el, History *past)
{
	HistEvent event;
	const char *line;
	int n;

	interrupt_clear();
	errno = 0;
	line = el_gets(el, &n);
	if (!line && errno == EINTR) {
		/* What was typed is dropped. */
		el_reset(el);
		(void)putchar('\n');
		return true;
	}
	if (!line || n <= 0) {
		(void)putchar('\n');
		return false;
	}
	if (strspn(line, " \t\r\n") != (size_t)n)
		(void)history(past, &event, H_ENTER, line);
	interrupt_clear();
	(void)command_run_line(c, line);
	return !c->quit;
}

static void interactive_greet(struct client *c)
{
	enum exit_code code;

	/* Said when it fails; then the user has to choose. */
	if (!client_link(c, &code))
		client_leave(c);
	(void)puts("`help` lists the commands.");
}

enum exit_code interactive_run(struct client *c)
{
	History *past = history_init();
	EditLine *el = el_init("ioe-client", stdin, stdout, stderr);
	enum exit_code code = EXIT_CODE_OK;
	HistEvent event;

	if (!past || !el) {
		code = client_say(c, EXIT_CODE_FAILED,
				  "cannot read from this terminal ($TERM): give the commands on standard input");
	} else {
		(void)history(past, &event, H_SETSIZE, INTERACTIVE_HISTORY);
		(void)el_set(el, EL_CLIENTDATA, c);
		(void)el_set(el, EL_PROMPT, interactive_prompt);
		(void)el_set(el, EL_EDITOR, "emacs");
		(void)el_set(el, EL_SIGNAL, 0);
		(void)el_set(el, EL_HIST, history, past);
		/* The wide form keeps the pointers; the narrow one makes copies that it never frees. */
		(void)el_wset(el, EL_ADDFN, L"ioe-complete", L"Completes a command", interactive_complete);
		(void)el_set(el, EL_BIND, "^I", "ioe-complete", NULL);
		interactive_greet(c);
		while (interactive_line(c, el, past))
			;
	}
	if (el)
		el_end(el);
	if (past)
		history_end(past);
	return code;
}
