/* SPDX-License-Identifier: MIT */
/* A chat at a terminal, or with lines of standard input for a script: both listen to server and user at once. */
#include "client/command.h"

#include "client/chat-command.h"
#include "client/chat-script.h"
#include "client/chat.h"
#include "client/flags.h"
#include "client/interrupt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CMD_CHAT_HISTORY_MAX 1000000

struct cmd_chat_options {
	const char *nick, *since_text, *history_text;
	uint64_t since, history;
};

static int cmd_chat_fd(void *userdata)
{
	return chat_fd(userdata);
}

static int cmd_chat_hear(void *userdata)
{
	return chat_hear(userdata);
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

	if (ch->client->state == CLIENT_STATE_LOST)
		state = ch->back.is_taken ? " (name not free yet)" : " (connecting again)";
	(void)snprintf(prompt, sizeof(prompt), "%s%s> ", room ? room : "no room", state);
	return prompt;
}

static const struct typing_ops cmd_chat_ops = {
	.fd = cmd_chat_fd,
	.hear = cmd_chat_hear,
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
		ch->lost = code;
}

static enum exit_code cmd_chat_talk(struct chat *ch, bool is_terminal)
{
	if (is_terminal) {
		interrupt_install(true);
		chat_tell(ch, "/help lists the commands, /quit leaves");
		cmd_chat_type(ch);
		interrupt_install(ch->client->mode == CLIENT_MODE_INTERACTIVE);
	} else {
		chat_script(ch);
		chat_settle(ch);
	}
	cmd_chat_leave(ch);
	if (ch->lost != EXIT_CODE_OK)
		return ch->lost;
	/* At a terminal each was seen. */
	return ch->failed && !is_terminal ? EXIT_CODE_SOME_FAILED : EXIT_CODE_OK;
}

/* The index of the room, or negative: usage, and @why has the sentence. */
static int cmd_chat_parse(struct cmd_chat_options *o, unsigned argc, char **argv, char *why, size_t why_size)
{
	const struct flag flags[] = {
		{ "nick", &o->nick, NULL },
		{ "since", &o->since_text, NULL },
		{ "history", &o->history_text, NULL },
		{ 0 },
	};
	int first;

	first = flags_take(flags, argc, argv, why, why_size);
	if (first >= 0 && o->since_text && o->history_text) {
		(void)snprintf(why, why_size, "--since and --history are two ways to begin: give one of them");
		return -EINVAL;
	}
	if (first >= 0 && o->since_text &&
	    flags_number("since", o->since_text, 0, INT64_MAX, &o->since, why, why_size) < 0)
		return -EINVAL;
	if (first >= 0 && o->history_text &&
	    flags_number("history", o->history_text, 0, CMD_CHAT_HISTORY_MAX, &o->history, why, why_size) < 0)
		return -EINVAL;
	if (first >= 0 && (unsigned)first + 1 != argc) {
		(void)snprintf(why, why_size, "%s: write chat [OPTION...] ROOM",
			       (unsigned)first == argc ? "the room is missing" : "one room to begin with");
		return -EINVAL;
	}
	return first;
}

static enum exit_code cmd_chat_run(struct client *c, unsigned argc, char **argv)
{
	bool is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	struct cmd_chat_options options = { 0 };
	struct chat ch;
	enum exit_code code;
	char why[256];
	int first;

	first = cmd_chat_parse(&options, argc, argv, why, sizeof(why));
	if (first < 0)
		return client_say(c, EXIT_CODE_USAGE, "%s", why);
	if (c->mode == CLIENT_MODE_SCRIPT)
		return client_say(c, EXIT_CODE_USAGE,
				  "what is said comes from standard input, as the commands do: write ioe-client chat ROOM");
	client_label(c, 2, (char *[]){ argv[0], argv[first] });
	if (client_set_nick(c, options.nick) < 0)
		return client_say(c, EXIT_CODE_FAILED, "%s", strerror(ENOMEM));
	chat_init(&ch, c);
	if (is_terminal && typing_new(&ch.typing, &cmd_chat_ops, &ch) < 0)
		return client_say(c, EXIT_CODE_FAILED,
				  "cannot read from this terminal ($TERM): give what is to be said on standard input");
	client_set_news(c, chat_news, &ch);
	code = chat_join(&ch, argv[first], options.since_text ? &options.since : NULL,
			 options.history_text ? options.history : chat_history_default(&ch), options.history_text);
	c->comes_back = code == EXIT_CODE_OK;
	if (code == EXIT_CODE_OK)
		code = cmd_chat_talk(&ch, is_terminal);
	client_set_news(c, NULL, NULL);
	ch.typing = typing_free(ch.typing);
	chat_done(&ch);
	return code;
}

const struct command cmd_chat = {
	.name = "chat",
	.args = "[OPTION...] ROOM",
	.help = "Talks in a room.",
	.options = "  --nick=NAME     under this name\n"
		   "  --history=N     show the last N messages first; at a terminal 20, 0 for none\n"
		   "  --since=SEQ     show everything behind message number SEQ first\n",
	.words = { COMMAND_WORD_ROOM },
	.min = 1,
	.max = 8,
	.role = "chat",
	.needs_name = true,
	.run = cmd_chat_run,
};
