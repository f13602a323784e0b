/* SPDX-License-Identifier: MIT */
#include "client/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum exit_code cmd_connect_run(struct client *c, const struct args *a)
{
	_cleanup_(servers_done) struct servers list = { 0 };
	char why[256] = "";
	int r;

	r = servers_parse(a->words[0], &list, why, sizeof(why));
	if (r == 0 && list.n > 1) {
		(void)snprintf(why, sizeof(why), "one server at a time: write connect HOST:PORT");
		r = -EINVAL;
	}
	if (r < 0)
		return client_fail(c, EXIT_CODE_USAGE, "%s", r == -EINVAL ? why : strerror(-r));
	return client_link_to(c, &list.at[0]);
}

const struct client_command cmd_connect = {
	.row = {
		.name = "connect",
		.args = "HOST:PORT",
		.help = "Goes to another server.",
		.min = 1,
		.max = 1,
	},
	.run = cmd_connect_run,
};
