/* SPDX-License-Identifier: MIT */
#include "client/chat-command.h"

#include "base/macro.h"
#include "base/str.h"
#include "cli/show.h"
#include "cli/suggest.h"
#include "client/listing.h"
#include "client/match.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CHAT_COMMAND_WORDS   4
#define CHAT_COMMAND_HISTORY "20"
#define CHAT_COMMAND_SECONDS "600"

enum chat_command_word {
	CHAT_COMMAND_TEXT,
	CHAT_COMMAND_NAME, /* of somebody in the room */
	CHAT_COMMAND_ROOM,
};

struct chat_command {
	const char *name;
	const char *args;
	const char *help;
	unsigned min, max;             /* words; the last one takes the rest of the line */
	enum chat_command_word first;  /* the kind of the first */
	const char *otherwise;         /* the last word if the user leaves it out; NULL: then there is none */
	const char *verb;              /* NULL, or: a request is sent, with verb, room and words */
	enum exit_code (*run)(struct chat *ch, unsigned n, char **words); /* if verb is NULL; NULL: prints this table */
};

static enum exit_code chat_command_nowhere(const struct chat *ch)
{
	return client_fail(ch->client, EXIT_CODE_USAGE, "you are in no room: join one with /join ROOM");
}

static int chat_command_show_name(void *userdata, char *line, size_t len)
{
	_cleanup_(buf_done) struct buf shown = { 0 };
	long n = field_decode(line, len);
	int r;

	r = buf_append_str(&shown, "  ");
	if (r == 0)
		r = show_field(&shown, &(struct field){ line, n >= 0 ? (size_t)n : len });
	if (r == 0)
		chat_print(userdata, &shown);
	return r;
}

/* room,members,last-seq,topic */
static int chat_command_show_room(void *userdata, char *line, size_t len)
{
	_cleanup_(buf_done) struct buf shown = { 0 };
	struct fields f;
	int r;

	if (len == 0 || field_split(line, len, DIALECT_IOE1, FIELD_RULE_REST, FIELDS_MAX, &f) != FIELD_OK || f.n < 3)
		return -EPROTO;
	r = buf_append_str(&shown, "  ");
	if (r == 0)
		r = show_field(&shown, &f.at[0]);
	if (r == 0)
		r = buf_append_str(&shown, " (");
	if (r == 0)
		r = show_field(&shown, &f.at[1]);
	if (r == 0)
		r = buf_append_str(&shown, f.n > 3 && f.at[3].len > 0 ? " here): " : " here)");
	if (r == 0 && f.n > 3)
		r = show_field(&shown, &f.at[3]);
	if (r == 0)
		chat_print(userdata, &shown);
	return r;
}

static enum exit_code chat_command_list(struct chat *ch, const char *verb, const char *room, listing_fn show)
{
	struct client *c = ch->client;
	struct peer_reply reply;
	enum exit_code code;
	int r;

	code = client_request(c, PEER_REPLY_SIZED, (const char *const[]){ verb, room, NULL }, &reply);
	if (code != EXIT_CODE_OK)
		return code;
	r = listing_read(c->peer, show, ch);
	return r < 0 ? client_fail_broken(c, r) : EXIT_CODE_OK;
}

static enum exit_code chat_command_who(struct chat *ch, unsigned n, char **words)
{
	const char *room = n > 0 ? words[0] : chat_here(ch);

	return room ? chat_command_list(ch, "WHO", room, chat_command_show_name) : chat_command_nowhere(ch);
}

static enum exit_code chat_command_rooms(struct chat *ch, _unused_ unsigned n, _unused_ char **words)
{
	return chat_command_list(ch, "ROOMS", NULL, chat_command_show_room);
}

static enum exit_code chat_command_history(struct chat *ch, _unused_ unsigned n, char **words)
{
	const char *room = chat_here(ch);
	uint64_t count;

	if (str_to_u64(words[0], strlen(words[0]), 1, 1000000, &count) < 0)
		return client_fail(ch->client, EXIT_CODE_USAGE, "'%s' is no number from 1 to 1000000", words[0]);
	return room ? chat_history(ch, room, count) : chat_command_nowhere(ch);
}

static enum exit_code chat_command_join(struct chat *ch, _unused_ unsigned n, char **words)
{
	return chat_join(ch, words[0], NULL, chat_history_default(ch), false);
}

static enum exit_code chat_command_part(struct chat *ch, unsigned n, char **words)
{
	const char *room = n > 0 ? words[0] : chat_here(ch);

	return room ? chat_part(ch, room) : chat_command_nowhere(ch);
}

static enum exit_code chat_command_nick(struct chat *ch, _unused_ unsigned n, char **words)
{
	return client_rename(ch->client, words[0]);
}

static enum exit_code chat_command_quit(struct chat *ch, _unused_ unsigned n, _unused_ char **words)
{
	ch->quit = true;
	return EXIT_CODE_OK;
}

static const struct chat_command chat_commands[] = {
	{ "who", "[ROOM]", "who is here", 0, 1, CHAT_COMMAND_ROOM, NULL, NULL, chat_command_who },
	{ "rooms", "", "what rooms there are", 0, 0, CHAT_COMMAND_TEXT, NULL, NULL, chat_command_rooms },
	{ "history", "[N]", "the last N messages, 20 without N", 1, 1, CHAT_COMMAND_TEXT, CHAT_COMMAND_HISTORY,
	  NULL, chat_command_history },
	{ "topic", "TEXT", "set the topic", 1, 1, CHAT_COMMAND_TEXT, NULL, "TOPIC", NULL },
	{ "nick", "NAME", "take another name", 1, 1, CHAT_COMMAND_TEXT, NULL, NULL, chat_command_nick },
	{ "join", "ROOM", "go to a room, or speak in it again", 1, 1, CHAT_COMMAND_ROOM, NULL, NULL, chat_command_join },
	{ "part", "[ROOM]", "leave a room", 0, 1, CHAT_COMMAND_ROOM, NULL, NULL, chat_command_part },
	{ "kick", "NAME [WHY]", "put somebody out", 1, 2, CHAT_COMMAND_NAME, NULL, "KICK", NULL },
	{ "mute", "NAME [SECONDS]", "mute somebody, for 600 seconds without a number", 2, 2, CHAT_COMMAND_NAME,
	  CHAT_COMMAND_SECONDS, "MUTE", NULL },
	{ "ban", "NAME [SECONDS]", "ban somebody, for 600 seconds without a number", 2, 2, CHAT_COMMAND_NAME,
	  CHAT_COMMAND_SECONDS, "BAN", NULL },
	{ "role", "NAME ROLE", "make somebody owner, operator or member", 2, 2, CHAT_COMMAND_NAME, NULL, "ROLE", NULL },
	{ "help", "", "this list", 0, 0, CHAT_COMMAND_TEXT, NULL, NULL, NULL },
	{ "quit", "", "leave", 0, 0, CHAT_COMMAND_TEXT, NULL, NULL, chat_command_quit },
};

static enum exit_code chat_command_help(struct chat *ch)
{
	for (size_t i = 0; i < ELEMENTSOF(chat_commands); i++)
		chat_notify(ch, "/%s %s%*s%s", chat_commands[i].name, chat_commands[i].args,
			    MAX(22 - (int)strlen(chat_commands[i].name) - (int)strlen(chat_commands[i].args), 1), "",
			    chat_commands[i].help);
	chat_notify(ch, "//text says /text");
	return EXIT_CODE_OK;
}

static const struct chat_command *chat_command_find(const char *name)
{
	for (size_t i = 0; i < ELEMENTSOF(chat_commands); i++)
		if (strcmp(chat_commands[i].name, name) == 0)
			return &chat_commands[i];
	return NULL;
}

static const char *chat_command_name_at(unsigned i)
{
	return i < ELEMENTSOF(chat_commands) ? chat_commands[i].name : NULL;
}

/* The next word of a line, or with @rest all that is left, without blanks around. NULL: there is none. */
static char *chat_command_next(char **line, bool rest)
{
	char *word = *line + strspn(*line, " \t");
	size_t len = rest ? strlen(word) : strcspn(word, " \t");

	if (*word == '\0')
		return NULL;
	*line = word + len + (word[len] != '\0');
	word[len] = '\0';
	while (len > 0 && (word[len - 1] == ' ' || word[len - 1] == '\t'))
		word[--len] = '\0';
	return word;
}

static enum exit_code chat_command_request(struct chat *ch, const char *verb, unsigned n, char **words)
{
	const char *request[CHAT_COMMAND_WORDS + 3] = { verb, chat_here(ch) };
	struct peer_reply reply;

	if (!request[1])
		return chat_command_nowhere(ch);
	for (unsigned i = 0; i < n; i++)
		request[2 + i] = words[i];
	return client_request(ch->client, PEER_REPLY_LINE, request, &reply);
}

enum exit_code chat_command_run(struct chat *ch, char *line)
{
	const struct chat_command *command;
	char *words[CHAT_COMMAND_WORDS] = { NULL }, *name = chat_command_next(&line, false), shown[64];
	const char *meant;
	unsigned n = 0;

	command = name ? chat_command_find(name) : NULL;
	meant = name && !command ? suggest(name, chat_command_name_at) : NULL;
	if (meant)
		return client_fail(ch->client, EXIT_CODE_USAGE,
				   "'/%s' is no command: did you mean /%s? /help lists all, //text says /text",
				   show_name(shown, sizeof(shown), name), meant);
	if (!command)
		return client_fail(ch->client, EXIT_CODE_USAGE,
				   "'/%s' is no command; /help lists them, //text says /text",
				   name ? str_escape(shown, sizeof(shown), name, strlen(name)) : "");
	while (n < command->max && (words[n] = chat_command_next(&line, n + 1 == command->max)))
		n++;
	if (n + 1 == command->max && command->otherwise)
		words[n++] = (char *)command->otherwise;
	if (n < command->min || line[strspn(line, " \t")] != '\0')
		return client_fail(ch->client, EXIT_CODE_USAGE, "too %s words: write /%s %s",
				   n < command->min ? "few" : "many", command->name, command->args);
	if (command->verb)
		return chat_command_request(ch, command->verb, n, words);
	return command->run ? command->run(ch, n, words) : chat_command_help(ch);
}

/* A candidate from the first field of a line: the room of ROOMS, the nick of WHO. A name that a terminal cannot show
 * is none. */
static int chat_command_match_line(void *userdata, char *line, size_t len)
{
	const char *comma = memchr(line, ',', len);
	long n = field_decode(line, comma ? (size_t)(comma - line) : len);

	if (n > 0)
		match_add(userdata, line, (size_t)n);
	return 0;
}

/* Sends the request each time, and prints no failure. */
static void chat_command_match_requested(struct chat *ch, struct match *m, const char *verb, const char *room)
{
	struct field request[] = { { (char *)verb, strlen(verb) }, { (char *)room, room ? strlen(room) : 0 } };
	struct client *c = ch->client;
	struct peer_reply reply;

	if (c->state != CLIENT_STATE_CONNECTED || !peer_is_open(c->peer))
		return;
	/* A connection that breaks here is reported by the next call that receives. */
	if (peer_request(c->peer, request, room ? 2 : 1) == 0 && peer_reply(c->peer, &reply) == 0 &&
	    reply.kind == PEER_REPLY_SIZED)
		(void)listing_read(c->peer, chat_command_match_line, m);
}

static void chat_command_match_command(struct match *m)
{
	for (size_t i = 0; i < ELEMENTSOF(chat_commands); i++)
		match_add(m, chat_commands[i].name, strlen(chat_commands[i].name));
}

/* The command whose first word is being typed at the end of @text; NULL: there is none. */
static const struct chat_command *chat_command_in_first(const char *text, size_t len)
{
	const char *blank = memchr(text, ' ', len);
	char name[16];

	if (text[0] != '/' || !blank || memchr(blank + 1, ' ', len - (size_t)(blank + 1 - text)) ||
	    (size_t)(blank - text) > sizeof(name))
		return NULL;
	memcpy(name, text + 1, (size_t)(blank - text) - 1);
	name[blank - text - 1] = '\0';
	return chat_command_find(name);
}

void chat_command_complete(void *userdata, const char *text, size_t len, struct buf *insert)
{
	struct chat *ch = userdata;
	const char *blank = memrchr(text, ' ', len), *word = blank ? blank + 1 : text;
	struct match m = { .word = word, .len = (size_t)(text + len - word), .fold = true };
	const struct chat_command *command = len > 0 ? chat_command_in_first(text, len) : NULL;
	bool is_command = !blank && len > 0 && text[0] == '/';

	if (is_command) {
		m.word++;
		m.len--;
		chat_command_match_command(&m);
	} else if (command && command->first == CHAT_COMMAND_ROOM) {
		chat_command_match_requested(ch, &m, "ROOMS", NULL);
	} else if (chat_here(ch) && (command ? command->first == CHAT_COMMAND_NAME : m.len > 0)) {
		chat_command_match_requested(ch, &m, "WHO", chat_here(ch));
	}
	(void)buf_append(insert, m.rest.data, m.rest.len);
	if (m.n == 1)
		(void)buf_append_str(insert, blank || is_command ? " " : ": ");
	else if (m.n > 1 && m.rest.len == 0)
		chat_print(ch, &m.all);
	match_done(&m);
}
