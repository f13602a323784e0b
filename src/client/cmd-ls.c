/* SPDX-License-Identifier: MIT */
#include "client/commands.h"

#include "base/str.h"
#include "client/listing.h"
#include "wire/field.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A name is chosen by other people: it must not steer a terminal, nor end its line. Into a file or a pipe a name
 * that does neither is printed unchanged, so that `get` takes it. */
static int cmd_ls_print(void *userdata, char *name, size_t len)
{
	long decoded = field_decode(name, len);
	int *error = userdata;

	/* A % that nothing belongs to is shown as it is. */
	if (decoded >= 0)
		len = (size_t)decoded;
	if (isatty(STDOUT_FILENO) || !str_is_utf8(name, len) || str_has_control(name, len))
		len = str_harmless(name, name, len);
	errno = 0;
	if (fwrite(name, 1, len, stdout) == len && fputc('\n', stdout) != EOF)
		return 0;
	*error = errno > 0 ? -errno : -EIO;
	return *error;
}

/* A folder as it is printed here ("docs/"), or as people know it ("/", "."), is the server's "docs", or no word at
 * all. */
static const char *cmd_ls_folder(char *folder)
{
	size_t n = strlen(folder);

	while (n > 0 && folder[n - 1] == '/')
		n--;
	folder[n] = '\0';
	return n == 0 || strcmp(folder, ".") == 0 ? NULL : folder;
}

static enum exit_code cmd_ls_run(struct client *c, const struct args *a)
{
	const char *folder = a->n > 0 && a->words[0][0] ? cmd_ls_folder(a->words[0]) : a->words[0];
	struct peer_reply reply;
	enum exit_code code;
	int r, error = 0;

	code = client_request(c, PEER_REPLY_SIZED, (const char *const[]){ "LIST", folder, NULL }, &reply);
	if (code != EXIT_CODE_OK)
		return code;
	r = listing_read(c->peer, cmd_ls_print, &error);
	if (error < 0) {
		/* The rest is not needed, and cannot be cancelled. */
		client_drop(c);
		return client_fail_output(c, error);
	}
	return r < 0 ? client_fail_broken(c, r) : EXIT_CODE_OK;
}

const struct client_command cmd_ls = {
	.row = {
		.name = "ls",
		.args = "[FOLDER]",
		.help = "Lists a folder of the server.",
		.max = 1,
	},
	.words = { COMMAND_WORD_FOLDER },
	.role = "file",
	.run = cmd_ls_run,
};
