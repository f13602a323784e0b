/* SPDX-License-Identifier: MIT */
#include "client/command.h"

#include "base/str.h"
#include "wire/field.h"
#include "wire/line.h"

#include <errno.h>
#include <stdio.h>

#define CMD_LS_LINE_MAX (64U << 10)

/* A name is somebody else's: nothing of it may steer a terminal, nor end the line it stands in. */
static void cmd_ls_print(char *name, size_t len)
{
	long decoded = field_decode(name, len);

	/* A % that nothing belongs to is shown as it is. */
	if (decoded >= 0)
		len = (size_t)decoded;
	len = str_harmless(name, name, len);
	(void)fwrite(name, 1, len, stdout);
	(void)fputc('\n', stdout);
}

static int cmd_ls_read(struct peer *p)
{
	_cleanup_(line_reader_done) struct line_reader reader = { 0 };
	char piece[16384], *at, *line;
	enum line_result result;
	size_t left, len;
	ssize_t k;

	while ((k = peer_read_body(p, piece, sizeof(piece))) > 0) {
		at = piece;
		left = (size_t)k;
		while ((result = line_next(&reader, &at, &left, CMD_LS_LINE_MAX, &line, &len)) != LINE_NONE) {
			if (result != LINE_WHOLE)
				return result == LINE_NO_MEMORY ? -ENOMEM : -EMSGSIZE;
			cmd_ls_print(line, len);
		}
	}
	return (int)k;
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
	r = cmd_ls_read(c->peer);
	return r < 0 ? client_say_broken(c, r) : EXIT_CODE_OK;
}

const struct command cmd_ls = {
	.name = "ls",
	.args = "[FOLDER]",
	.help = "Lists a folder of the server, a name a line; folders end in /.",
	.max = 1,
	.run = cmd_ls_run,
};
