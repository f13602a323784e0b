/* SPDX-License-Identifier: MIT */
#include "client/command.h"

#include "base/str.h"
#include "client/flags.h"
#include "client/mail.h"

#include <errno.h>
#include <string.h>

#define CMD_INBOX_PAGE "100" /* acknowledged together */

/* OK,delivered,left */
static enum exit_code cmd_inbox_page(struct mail *m, uint64_t *ret_delivered, uint64_t *ret_left)
{
	static const char *const fetch[] = { "FETCH", CMD_INBOX_PAGE, NULL };
	struct peer_reply reply;
	enum exit_code code;

	code = client_ask(m->client, PEER_REPLY_LINE, fetch, &reply);
	if (code != EXIT_CODE_OK)
		return code;
	if (reply.n_fields < 3 ||
	    str_to_u64(reply.fields[1].data, reply.fields[1].len, 0, INT64_MAX, ret_delivered) < 0 ||
	    str_to_u64(reply.fields[2].data, reply.fields[2].len, 0, INT64_MAX, ret_left) < 0)
		return client_say_broken(m->client, -EPROTO);
	return mail_settle(m);
}

static enum exit_code cmd_inbox_all(struct mail *m)
{
	uint64_t delivered, left, all = 0;
	enum exit_code code;

	do {
		code = cmd_inbox_page(m, &delivered, &left);
		all += code == EXIT_CODE_OK ? delivered : 0;
	} while (code == EXIT_CODE_OK && left > 0 && delivered > 0);
	if (code == EXIT_CODE_OK && all == 0 && m->client->mode != CLIENT_MODE_ONCE)
		client_note("no messages");
	return code;
}

static enum exit_code cmd_inbox_run(struct client *c, unsigned argc, char **argv)
{
	struct mail m = { .client = c };
	const char *nick = NULL;
	const struct flag flags[] = { { "nick", &nick, NULL }, { "keep", NULL, &m.keep }, { 0 } };
	enum exit_code code;
	char why[256];
	int first;

	first = flags_take(flags, argc, argv, why, sizeof(why));
	if (first >= 0 && (unsigned)first < argc)
		return client_say(c, EXIT_CODE_USAGE, "too many words: write inbox %s", cmd_inbox.args);
	if (first < 0)
		return client_say(c, EXIT_CODE_USAGE, "%s", why);
	if (client_set_nick(c, nick) < 0)
		return client_say(c, EXIT_CODE_FAILED, "%s", strerror(ENOMEM));
	client_set_news(c, mail_news, &m);
	code = cmd_inbox_all(&m);
	client_set_news(c, NULL, NULL);
	mail_done(&m);
	return code;
}

const struct command cmd_inbox = {
	.name = "inbox",
	.args = "[OPTION...]",
	.help = "Prints the messages that wait, and takes them.",
	.options = "  --nick=NAME     under this name\n"
		   "  --keep          leave them where they are\n",
	.max = 4,
	.role = "relay",
	.needs_name = true,
	.run = cmd_inbox_run,
};
