/* SPDX-License-Identifier: MIT */
#include "client/commands.h"

#include "base/clock.h"
#include "client/comeback.h"
#include "client/mail.h"

#include <errno.h>
#include <string.h>

struct cmd_watch {
	struct mail mail;
	struct comeback back;
	bool was_on;
};

/* Receives until the connection breaks or a signal arrives. */
static enum exit_code cmd_watch_listen(struct cmd_watch *w)
{
	static const char *const on[] = { "WAIT", "on", NULL };
	struct client *c = w->mail.client;
	struct peer_reply reply;
	enum exit_code code;
	int r = 0;

	code = client_request(c, PEER_REPLY_LINE, on, &reply);
	if (code == EXIT_CODE_OK) {
		w->was_on = true;
		comeback_done(&w->back);
	}
	while (code == EXIT_CODE_OK && r == 0) {
		code = mail_finish(&w->mail);
		if (code == EXIT_CODE_OK)
			r = client_listen(c, -1);
	}
	if (r == -EINTR)
		return EXIT_CODE_INTERRUPTED;
	return r < 0 ? client_fail_broken(c, r) : code;
}

/* Whether to connect again after @code. Where mail was received before, a server that is full can still count the
 * old session. */
static bool cmd_watch_goes_on(struct cmd_watch *w, enum exit_code code)
{
	struct client *c = w->mail.client;

	if (c->state == CLIENT_STATE_BROKEN)
		return code != EXIT_CODE_INTERRUPTED;
	if (c->state != CLIENT_STATE_CONNECTED || !w->was_on || (code != EXIT_CODE_LATER && code != EXIT_CODE_LIMIT))
		return false;
	comeback_delay(&w->back, c);
	return true;
}

static enum exit_code cmd_watch_on(struct cmd_watch *w)
{
	struct client *c = w->mail.client;
	enum exit_code code;

	while (cmd_watch_goes_on(w, code = cmd_watch_listen(w))) {
		code = comeback_wait(&w->back, c, USEC_NEVER);
		if (code != EXIT_CODE_OK)
			return code;
		client_print("connected again to %s", c->where.name);
	}
	return code;
}

/* Back at the prompt, where mail would not be printed. */
static void cmd_watch_end(struct client *c)
{
	static const char *const off[] = { "WAIT", "off", NULL };
	struct peer_reply reply;

	client_set_news(c, NULL, NULL);
	if (c->state == CLIENT_STATE_CONNECTED && peer_is_open(c->peer))
		(void)client_request(c, PEER_REPLY_LINE, off, &reply);
}

static enum exit_code cmd_watch_run(struct client *c, const struct args *a)
{
	struct cmd_watch w = { .mail.client = c };
	enum exit_code code;

	code = client_set_nick(c, args_get(a, "nick"));
	if (code != EXIT_CODE_OK)
		return code;
	client_set_news(c, mail_news, &w.mail);
	/* Watching begins only where a server is there: its name can be mistyped. */
	if (client_link(c, &code)) {
		c->comes_back = true;
		code = cmd_watch_on(&w);
	}
	if (code == EXIT_CODE_INTERRUPTED)
		cmd_watch_end(c);
	client_set_news(c, NULL, NULL);
	comeback_done(&w.back);
	mail_done(&w.mail);
	return code;
}

static const struct flag cmd_watch_flags[] = {
	COMMANDS_FLAG_NICK,
	{ 0 },
};

const struct client_command cmd_watch = {
	.row = {
		.name = "watch",
		.args = "[OPTION...]",
		.help = "Prints and acknowledges messages as they come.",
		.flags = cmd_watch_flags,
	},
	.role = "relay",
	.needs_name = true,
	.run = cmd_watch_run,
};
