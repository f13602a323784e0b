/* SPDX-License-Identifier: MIT */
/* Sends lines to a room for a script: only failures are printed, and no line is a command. */
#include "client/commands.h"

#include "base/buf.h"
#include "client/chat-script.h"
#include "client/chat.h"
#include "client/words.h"

#include <errno.h>
#include <string.h>

static enum exit_code cmd_say_words(struct chat *ch, unsigned n, char **words)
{
	_cleanup_(buf_done) struct buf text = { 0 };
	int r;

	if (n == 1 && strcmp(words[0], "-") == 0) {
		chat_script(ch);
		return ch->failed ? EXIT_CODE_SOME_FAILED : EXIT_CODE_OK;
	}
	r = words_join(&text, n, words);
	if (r == 0)
		r = chat_script_text(ch, text.data, text.len);
	return r < 0 ? client_fail(ch->client, EXIT_CODE_FAILED, "%s", strerror(-r)) : ch->code;
}

static enum exit_code cmd_say_in(struct chat *ch, const char *room, unsigned n, char **words)
{
	enum exit_code code, left;

	code = chat_join(ch, room, NULL, 0, false);
	if (code != EXIT_CODE_OK)
		return code;
	ch->client->comes_back = true;
	code = cmd_say_words(ch, n, words);
	if (ch->ended != EXIT_CODE_OK)
		return ch->ended;
	/* The lines were sent: a failure to leave the room does not matter any more. */
	left = ch->n_rooms > 0 && ch->client->state == CLIENT_STATE_CONNECTED ? chat_part(ch, chat_here(ch)) : EXIT_CODE_OK;
	return code == EXIT_CODE_OK ? left : code;
}

static enum exit_code cmd_say_run(struct client *c, const struct args *a)
{
	enum exit_code code;
	struct chat ch;

	if (c->mode != CLIENT_MODE_ONCE && a->n == 2 && strcmp(a->words[1], "-") == 0)
		return client_fail(c, EXIT_CODE_USAGE,
				   "commands come from standard input: write ioe-client say ROOM -");
	code = client_set_nick(c, args_get(a, "nick"));
	if (code != EXIT_CODE_OK)
		return code;
	chat_init(&ch, c);
	ch.send_only = ch.at_end = true;
	client_set_news(c, chat_news, &ch);
	code = cmd_say_in(&ch, a->words[0], a->n - 1, a->words + 1);
	client_set_news(c, NULL, NULL);
	chat_done(&ch);
	return code;
}

static const struct flag cmd_say_flags[] = {
	COMMANDS_FLAG_NICK,
	{ 0 },
};

const struct client_command cmd_say = {
	.row = {
		.name = "say",
		.args = "[OPTION...] ROOM TEXT|-",
		.help = "Sends lines to a room; - is standard input.",
		.flags = cmd_say_flags,
		.min = 2,
		.max = UINT32_MAX,
	},
	.words = { COMMAND_WORD_ROOM },
	.role = "chat",
	.needs_name = true,
	.run = cmd_say_run,
};
