/* SPDX-License-Identifier: MIT */
#include "client/command.h"

#include "base/clock.h"
#include "client/flags.h"
#include "client/mail.h"

#include <errno.h>
#include <string.h>

/* Until the connection breaks or somebody interrupts. */
static enum exit_code cmd_watch_listen(struct mail *m)
{
	static const char *const on[] = { "WAIT", "on", NULL };
	struct client *c = m->client;
	struct peer_reply reply;
	enum exit_code code;
	unsigned connection;
	int r = 0;

	code = client_ask(c, PEER_REPLY_LINE, on, &reply);
	connection = c->connection;
	while (code == EXIT_CODE_OK && r == 0 && c->connection == connection) {
		code = mail_settle(m);
		if (code == EXIT_CODE_OK)
			r = client_listen(c, -1);
	}
	if (r == -EINTR)
		return EXIT_CODE_INTERRUPTED;
	return r < 0 ? client_say_broken(c, r) : code;
}

static enum exit_code cmd_watch_on(struct mail *m)
{
	struct client *c = m->client;
	enum exit_code code;

	for (;;) {
		code = cmd_watch_listen(m);
		/* An acknowledgement has made another connection. */
		if (c->state == CLIENT_STATE_CONNECTED && code == EXIT_CODE_OK)
			continue;
		if (c->state != CLIENT_STATE_LOST || code == EXIT_CODE_INTERRUPTED)
			return code;
		code = client_resume(c, clock_usec() + c->silence_usec);
		if (code != EXIT_CODE_OK)
			return code;
		client_note("connected again to %s", c->where.name);
	}
}

/* Back to the prompt, where nobody would print what comes. */
static void cmd_watch_end(struct client *c)
{
	static const char *const off[] = { "WAIT", "off", NULL };
	struct peer_reply reply;

	client_set_news(c, NULL, NULL);
	if (c->state == CLIENT_STATE_CONNECTED && peer_is_open(c->peer))
		(void)client_ask(c, PEER_REPLY_LINE, off, &reply);
}

static enum exit_code cmd_watch_run(struct client *c, unsigned argc, char **argv)
{
	struct mail m = { .client = c };
	const char *nick = NULL;
	const struct flag flags[] = { { "nick", &nick, NULL }, { 0 } };
	enum exit_code code;
	char why[256];
	int first;

	first = flags_take(flags, argc, argv, why, sizeof(why));
	if (first < 0)
		return client_say(c, EXIT_CODE_USAGE, "%s", why);
	if ((unsigned)first < argc)
		return client_say(c, EXIT_CODE_USAGE, "too many words: write watch %s", cmd_watch.args);
	if (client_set_nick(c, nick) < 0)
		return client_say(c, EXIT_CODE_FAILED, "%s", strerror(ENOMEM));
	client_set_news(c, mail_news, &m);
	code = cmd_watch_on(&m);
	if (code == EXIT_CODE_INTERRUPTED)
		cmd_watch_end(c);
	client_set_news(c, NULL, NULL);
	mail_done(&m);
	return code;
}

const struct command cmd_watch = {
	.name = "watch",
	.args = "[OPTION...]",
	.help = "Prints messages as they come, and takes them, until interrupted.",
	.max = 3,
	.run = cmd_watch_run,
};
