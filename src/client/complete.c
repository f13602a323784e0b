/* SPDX-License-Identifier: MIT */
#include "client/complete.h"

#include "client/commands.h"
#include "client/listing.h"
#include "client/match.h"
#include "client/words.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* A word that is being completed. */
struct complete {
	struct client *client;
	struct match match;
	const char *folder; /* what stands before the last / of the word, with it */
	size_t folder_len;
	bool folders_only;
};


static void complete_command_names(struct complete *o)
{
	for (unsigned i = 0; commands_table[i]; i++)
		match_add(&o->match, commands_table[i]->name, strlen(commands_table[i]->name));
}

/* A name of a folder, or the first field of a line of ROOMS and WHO. */
static int complete_take_name(void *userdata, char *line, size_t len)
{
	struct complete *o = userdata;
	const char *comma = memchr(line, ',', len);
	long n = field_decode(line, comma ? (size_t)(comma - line) : len);

	if (n > 0 && (!o->folders_only || line[n - 1] == '/'))
		match_add(&o->match, line, (size_t)n);
	return 0;
}

/* Sends the request each time, and prints no failure: a connection that breaks here is found broken by the next
 * command. */
static void complete_request(struct complete *o, const char *role, const char *verb, const char *word, size_t len)
{
	struct field request[] = { { (char *)verb, strlen(verb) }, { (char *)word, len } };
	struct client *c = o->client;
	struct peer_reply reply;

	/* A server without the role is sent no request: an older one can take it for a message. */
	if (c->state != CLIENT_STATE_CONNECTED || !peer_is_open(c->peer) || !peer_offers(c->peer, role))
		return;
	if (peer_request(c->peer, request, len > 0 ? 2 : 1) == 0 && peer_reply(c->peer, &reply) == 0 &&
	    reply.kind == PEER_REPLY_SIZED)
		(void)listing_read(c->peer, complete_take_name, o);
}

static void complete_remote(struct complete *o)
{
	complete_request(o, "file", "LIST", o->folder, o->folder_len > 1 ? o->folder_len - 1 : 0);
}

static void complete_local(struct complete *o)
{
	_cleanup_(freep) char *folder = o->folder_len > 0 ? strndup(o->folder, o->folder_len) : strdup(".");
	_cleanup_(buf_done) struct buf name = { 0 };
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	dir = folder ? opendir(folder) : NULL;
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' && (o->match.len == 0 || entry->d_name[1] == '\0' ||
						strcmp(entry->d_name, "..") == 0))
			continue;
		name.len = 0;
		if (buf_append_str(&name, entry->d_name) < 0)
			break;
		if (fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode))
			(void)buf_append_str(&name, "/");
		match_add(&o->match, name.data, name.len);
	}
	(void)closedir(dir);
}

static void complete_word(struct complete *o, enum command_word kind)
{
	switch (kind) {
	case COMMAND_WORD_TEXT:
		break;
	case COMMAND_WORD_FOLDER:
		o->folders_only = true;
		complete_remote(o);
		break;
	case COMMAND_WORD_REMOTE:
		complete_remote(o);
		break;
	case COMMAND_WORD_LOCAL:
		complete_local(o);
		break;
	case COMMAND_WORD_ROOM:
		o->match.fold = true;
		complete_request(o, "chat", "ROOMS", NULL, 0);
		break;
	case COMMAND_WORD_NAME:
		o->match.fold = true;
		complete_request(o, "chat", "WHO", NULL, 0);
		break;
	case COMMAND_WORD_COMMAND:
		complete_command_names(o);
		break;
	}
}

/* The kind of the last word; options in front of it are passed over. */
static enum command_word complete_kind(const struct words *w)
{
	const struct client_command *command;
	unsigned at = 0;

	if (w->n == 1)
		return COMMAND_WORD_COMMAND;
	command = commands_find(w->at[0]);
	if (!command)
		return COMMAND_WORD_TEXT;
	for (unsigned i = 1; i + 1 < w->n; i++)
		at += strncmp(w->at[i], "--", 2) != 0;
	return command->words[MIN(at, (unsigned)ELEMENTSOF(command->words) - 1)];
}

static void complete_finish(struct complete *o, char quote, struct buf *insert, struct buf *shown)
{
	struct match *m = &o->match;
	bool ended = m->n == 1, is_folder = m->rest.len > 0 ? m->rest.data[m->rest.len - 1] == '/' : false;

	if (words_quote(insert, m->rest.data, m->rest.len, quote, m->len == 0 && o->folder_len == 0) < 0)
		return;
	if (ended && !is_folder) {
		if (quote)
			(void)buf_append(insert, &quote, 1);
		(void)buf_append_str(insert, " ");
	}
	if (m->n > 1 && m->rest.len == 0) {
		(void)buf_append(shown, m->all.data, m->all.len);
		if (m->n > MATCH_SHOWN)
			(void)buf_printf(shown, "  and %u more", m->n - MATCH_SHOWN);
	}
}

void complete_command(struct client *c, const char *text, size_t len, struct buf *insert, struct buf *shown)
{
	_cleanup_(freep) char *line = strndup(text, len);
	_cleanup_(words_done) struct words w = { 0 };
	struct complete o = { .client = c };
	enum command_word kind;
	const char *slash;
	char quote;

	if (!line || words_split_open(line, &w, &quote) < 0 || w.n == 0)
		return;
	kind = complete_kind(&w);
	o.match.word = w.at[w.n - 1];
	slash = strrchr(o.match.word, '/');
	if (slash && (kind == COMMAND_WORD_REMOTE || kind == COMMAND_WORD_LOCAL || kind == COMMAND_WORD_FOLDER)) {
		o.folder = o.match.word;
		o.folder_len = (size_t)(slash + 1 - o.match.word);
		o.match.word = slash + 1;
	}
	o.match.len = strlen(o.match.word);
	complete_word(&o, kind);
	complete_finish(&o, quote, insert, shown);
	match_done(&o.match);
}
