/* SPDX-License-Identifier: MIT */
/* A chat at a terminal, or with lines of standard input for a script: both listen to server and user at once. */
#include "client/commands.h"

#include "client/chat-command.h"
#include "client/chat-script.h"
#include "client/chat.h"
#include "client/interrupt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CMD_CHAT_HISTORY_MAX 1000000

struct cmd_chat_options {
	uint64_t since, history;
};

static int cmd_chat_fd(void *userdata)
{
	return chat_fd(userdata);
}

static int cmd_chat_receive(void *userdata)
{
	return chat_receive(userdata);
}

static int cmd_chat_patience(void *userdata)
{
	return chat_patience(userdata);
}

static const char *cmd_chat_prompt(void *userdata)
{
	static char prompt[CHAT_ROOM_MAX + 32];
	const struct chat *ch = userdata;
	const char *room = chat_here(ch), *state = "";

	if (ch->client->state == CLIENT_STATE_BROKEN)
		state = ch->back.is_taken ? " (name not free yet)" : " (connecting again)";
	(void)snprintf(prompt, sizeof(prompt), "%s%s> ", room ? room : "no room", state);
	return prompt;
}

static const struct typing_ops cmd_chat_ops = {
	.fd = cmd_chat_fd,
	.receive = cmd_chat_receive,
	.patience = cmd_chat_patience,
	.prompt = cmd_chat_prompt,
	.complete = chat_command_complete,
	.does = "Say",
	.alone = true,
};

/* Until the end of file, /quit, or an interrupt with nothing typed. */
static void cmd_chat_type(struct chat *ch)
{
	char *line;
	int r = 1;

	while (!ch->quit && r > 0) {
		r = typing_line(ch->typing, &line);
		if (r > 0 && !chat_line(ch, line))
			typing_drop(ch->typing);
	}
}

static void cmd_chat_leave(struct chat *ch)
{
	enum exit_code code = EXIT_CODE_OK;

	while (ch->n_rooms > 0 && ch->client->state == CLIENT_STATE_CONNECTED && code == EXIT_CODE_OK)
		code = chat_part(ch, chat_here(ch));
	if (code != EXIT_CODE_OK && ch->client->state == CLIENT_STATE_LEFT)
		ch->ended = code;
}

static enum exit_code cmd_chat_talk(struct chat *ch, bool is_terminal)
{
	if (is_terminal) {
		interrupt_install(true);
		chat_notify(ch, "/help lists the commands, /quit leaves");
		cmd_chat_type(ch);
		interrupt_install(ch->client->mode == CLIENT_MODE_INTERACTIVE);
	} else {
		chat_script(ch);
		chat_flush(ch);
	}
	cmd_chat_leave(ch);
	if (ch->ended != EXIT_CODE_OK)
		return ch->ended;
	/* At a terminal each was seen. */
	return ch->failed && !is_terminal ? EXIT_CODE_SOME_FAILED : EXIT_CODE_OK;
}

static enum exit_code cmd_chat_parse(struct client *c, const struct args *a, struct cmd_chat_options *ret)
{
	char why[256];

	if (a->n > 1)
		return client_fail(c, EXIT_CODE_USAGE, "one room to begin with: write chat %s", cmd_chat.row.args);
	if (args_has(a, "since") && args_has(a, "history"))
		return client_fail(c, EXIT_CODE_USAGE, "--since and --history are two ways to begin: give one of them");
	if ((args_has(a, "since") && args_number(a, "since", 0, INT64_MAX, &ret->since, why, sizeof(why)) < 0) ||
	    (args_has(a, "history") &&
	     args_number(a, "history", 0, CMD_CHAT_HISTORY_MAX, &ret->history, why, sizeof(why)) < 0))
		return client_fail(c, EXIT_CODE_USAGE, "%s", why);
	if (c->mode == CLIENT_MODE_SCRIPT)
		return client_fail(
			c, EXIT_CODE_USAGE,
			"the messages would come from standard input, as the commands do: write ioe-client chat ROOM");
	return EXIT_CODE_OK;
}

static enum exit_code cmd_chat_run(struct client *c, const struct args *a)
{
	bool is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	struct cmd_chat_options options = { 0 };
	enum exit_code code;
	struct chat ch;

	code = cmd_chat_parse(c, a, &options);
	if (code == EXIT_CODE_OK)
		code = client_set_nick(c, args_get(a, "nick"));
	if (code != EXIT_CODE_OK)
		return code;
	chat_init(&ch, c);
	if (is_terminal && typing_new(&ch.typing, &cmd_chat_ops, &ch) < 0)
		return client_fail(c, EXIT_CODE_FAILED,
				   "cannot read from this terminal ($TERM): give the messages on standard input");
	client_set_news(c, chat_news, &ch);
	code = chat_join(&ch, a->words[0], args_has(a, "since") ? &options.since : NULL,
			 args_has(a, "history") ? options.history : chat_history_default(&ch), args_has(a, "history"));
	c->comes_back = code == EXIT_CODE_OK;
	if (code == EXIT_CODE_OK)
		code = cmd_chat_talk(&ch, is_terminal);
	client_set_news(c, NULL, NULL);
	ch.typing = typing_free(ch.typing);
	chat_done(&ch);
	return code;
}

static const struct flag cmd_chat_flags[] = {
	COMMANDS_FLAG_NICK,
	{ "history", "N", "show the last N messages first; at a terminal 20, 0 for none" },
	{ "since", "SEQ", "show everything behind message number SEQ first" },
	{ 0 },
};

const struct client_command cmd_chat = {
	.row = {
		.name = "chat",
		.args = "[OPTION...] ROOM",
		.help = "Talks in a room.",
		.flags = cmd_chat_flags,
		.min = 1,
		.max = UINT32_MAX,
	},
	.words = { COMMAND_WORD_ROOM },
	.role = "chat",
	.needs_name = true,
	.run = cmd_chat_run,
};
