/* SPDX-License-Identifier: MIT */
/* The two ends of a connection: connect and bye. */
#include "client/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum exit_code cmd_connect_run(struct client *c, unsigned argc _unused_, char **argv)
{
	_cleanup_(servers_done) struct servers list = { 0 };
	char why[256] = "";
	int r;

	r = servers_parse(argv[1], &list, why, sizeof(why));
	if (r == 0 && list.n > 1) {
		(void)snprintf(why, sizeof(why), "one server at a time: write connect HOST:PORT");
		r = -EINVAL;
	}
	if (r < 0)
		return client_say(c, EXIT_CODE_USAGE, "%s", r == -EINVAL ? why : strerror(-r));
	return client_link_to(c, &list.at[0]);
}

const struct command cmd_connect = {
	.name = "connect",
	.args = "HOST:PORT",
	.help = "Goes to another server.",
	.min = 1,
	.max = 1,
	.run = cmd_connect_run,
};

static enum exit_code cmd_bye_run(struct client *c, unsigned argc _unused_, char **argv _unused_)
{
	static const char *const bye[] = { "BYE", NULL };
	struct peer_reply reply;
	enum exit_code code = EXIT_CODE_OK;

	/* Nobody connects in order to leave. */
	if (c->state == CLIENT_STATE_CONNECTED && peer_is_open(c->peer))
		code = client_ask(c, PEER_REPLY_LINE, bye, &reply);
	client_leave(c);
	return code;
}

const struct command cmd_bye = {
	.name = "bye",
	.help = "Leaves the server.",
	.run = cmd_bye_run,
};
