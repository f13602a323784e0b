/* SPDX-License-Identifier: MIT */
#include "client/commands.h"

static enum exit_code cmd_bye_run(struct client *c, const struct args *a _unused_)
{
	static const char *const bye[] = { "BYE", NULL };
	struct peer_reply reply;
	enum exit_code code = EXIT_CODE_OK;

	/* No connection is made for leaving. */
	if (c->state == CLIENT_STATE_CONNECTED && peer_is_open(c->peer))
		code = client_request(c, PEER_REPLY_LINE, bye, &reply);
	client_leave(c);
	return code;
}

const struct client_command cmd_bye = {
	.row = {
		.name = "bye",
		.help = "Leaves the server.",
	},
	.run = cmd_bye_run,
};
