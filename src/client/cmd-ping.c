/* SPDX-License-Identifier: MIT */
#include "client/commands.h"

#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum exit_code cmd_ping_run(struct client *c, const struct args *a _unused_)
{
	static const char *const ping[] = { "PING", NULL };
	char server[64];
	struct peer_reply reply;
	enum exit_code code;
	uint64_t begin;

	/* Connecting is not part of the time. */
	if (!client_link(c, &code))
		return code;
	begin = clock_usec();
	code = client_request(c, PEER_REPLY_LINE, ping, &reply);
	if (code != EXIT_CODE_OK)
		return code;
	if (strcmp(reply.line, "PONG") != 0)
		return client_fail_broken(c, -EPROTO);
	(void)str_escape(server, sizeof(server), peer_server(c->peer), strlen(peer_server(c->peer)));
	(void)printf("%s: %.3f ms, %s, instance %u\n", peer_address(c->peer),
		     (double)(clock_usec() - begin) / (double)USEC_PER_MSEC, server, peer_instance(c->peer));
	return EXIT_CODE_OK;
}

const struct client_command cmd_ping = {
	.row = {
		.name = "ping",
		.help = "Shows who the server is and how fast it answers.",
	},
	.run = cmd_ping_run,
};
