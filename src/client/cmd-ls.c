/* SPDX-License-Identifier: MIT */
#include "client/command.h"

#include "base/str.h"
#include "client/listing.h"
#include "wire/field.h"

#include <stdio.h>

/* A name is somebody else's: nothing of it may steer a terminal, nor end the line it stands in. */
static int cmd_ls_print(_unused_ void *userdata, char *name, size_t len)
{
	long decoded = field_decode(name, len);

	/* A % that nothing belongs to is shown as it is. */
	if (decoded >= 0)
		len = (size_t)decoded;
	len = str_harmless(name, name, len);
	(void)fwrite(name, 1, len, stdout);
	(void)fputc('\n', stdout);
	return 0;
}

static enum exit_code cmd_ls_run(struct client *c, unsigned argc, char **argv)
{
	struct peer_reply reply;
	enum exit_code code;
	int r;

	code = client_ask(c, PEER_REPLY_SIZED, (const char *const[]){ "LIST", argc > 1 ? argv[1] : NULL, NULL },
			  &reply);
	if (code != EXIT_CODE_OK)
		return code;
	r = listing_read(c->peer, cmd_ls_print, NULL);
	return r < 0 ? client_say_broken(c, r) : EXIT_CODE_OK;
}

const struct command cmd_ls = {
	.name = "ls",
	.args = "[FOLDER]",
	.help = "Lists a folder of the server, a name a line; folders end in /.",
	.max = 1,
	.run = cmd_ls_run,
};
