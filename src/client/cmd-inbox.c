/* SPDX-License-Identifier: MIT */
#include "client/commands.h"

#include "base/str.h"
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

	code = client_request(m->client, PEER_REPLY_LINE, fetch, &reply);
	if (code != EXIT_CODE_OK)
		return code;
	if (reply.n_fields < 3 ||
	    str_to_u64(reply.fields[1].data, reply.fields[1].len, 0, INT64_MAX, ret_delivered) < 0 ||
	    str_to_u64(reply.fields[2].data, reply.fields[2].len, 0, INT64_MAX, ret_left) < 0)
		return client_fail_broken(m->client, -EPROTO);
	return mail_finish(m);
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
		client_print("no messages");
	return code;
}

static enum exit_code cmd_inbox_run(struct client *c, const struct args *a)
{
	struct mail m = { .client = c, .keep = args_has(a, "keep") };
	enum exit_code code;

	code = client_set_nick(c, args_get(a, "nick"));
	if (code != EXIT_CODE_OK)
		return code;
	client_set_news(c, mail_news, &m);
	code = cmd_inbox_all(&m);
	client_set_news(c, NULL, NULL);
	mail_done(&m);
	return code;
}

static const struct flag cmd_inbox_flags[] = {
	COMMANDS_FLAG_NICK,
	{ "keep", NULL, "leave them where they are" },
	{ 0 },
};

const struct client_command cmd_inbox = {
	.row = {
		.name = "inbox",
		.args = "[OPTION...]",
		.help = "Prints waiting messages and acknowledges them.",
		.flags = cmd_inbox_flags,
	},
	.role = "relay",
	.needs_name = true,
	.run = cmd_inbox_run,
};
