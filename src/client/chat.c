/* SPDX-License-Identifier: MIT */
#include "client/chat.h"

#include "base/clock.h"
#include "base/str.h"
#include "cli/show.h"
#include "client/chat-command.h"
#include "client/chat-show.h"
#include "client/listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CHAT_PAGE       500 /* lines of history in one request */
#define CHAT_HISTORY    20  /* lines shown at a terminal */
#define CHAT_AGAIN_MSEC 50  /* pause after a line that was refused because of the rate limit */

void chat_init(struct chat *ch, struct client *c)
{
	*ch = (struct chat){ .client = c, .held.max = CHAT_HELD_MAX, .unsent.max = CHAT_UNSENT_MAX };
}

void chat_done(struct chat *ch)
{
	comeback_done(&ch->back);
	buf_done(&ch->held);
	buf_done(&ch->unsent);
}

const char *chat_here(const struct chat *ch)
{
	return ch->n_rooms > 0 ? ch->rooms[ch->n_rooms - 1].name : NULL;
}

static struct chat_room *chat_find(struct chat *ch, const char *name, size_t len)
{
	for (size_t i = 0; i < ch->n_rooms; i++)
		if (str_casecmp(ch->rooms[i].name, strlen(ch->rooms[i].name), name, len) == 0)
			return &ch->rooms[i];
	return NULL;
}

static void chat_forget(struct chat *ch, struct chat_room *room)
{
	size_t behind = (size_t)(ch->rooms + ch->n_rooms - room - 1);

	memmove(room, room + 1, behind * sizeof(*room));
	ch->n_rooms--;
}

static void chat_put(struct chat *ch, struct buf *line)
{
	if (buf_append_str(line, "\n") < 0)
		return;
	if (ch->typing)
		typing_aside(ch->typing);
	(void)fwrite(line->data, 1, line->len, stdout);
	(void)fflush(stdout);
}

/* Prints the messages that were held back. */
static void chat_release(struct chat *ch)
{
	ch->holding = false;
	if (ch->held.len > 0)
		(void)fwrite(ch->held.data, 1, ch->held.len, stdout);
	(void)fflush(stdout);
	buf_done(&ch->held);
}

void chat_print(struct chat *ch, struct buf *line)
{
	size_t len = line->len;

	if (ch->send_only)
		return;
	if (ch->holding && buf_append_str(line, "\n") == 0 && buf_append(&ch->held, line->data, line->len) == 0)
		return;
	line->len = len;
	/* More than can be kept: it goes on in order, before the rest of what it was held back for. */
	if (ch->holding)
		chat_release(ch);
	chat_put(ch, line);
}

void chat_notify(struct chat *ch, const char *fmt, ...)
{
	_cleanup_(buf_done) struct buf line = { 0 };
	va_list ap;
	int r;

	r = buf_append_str(&line, "* ");
	va_start(ap, fmt);
	if (r == 0)
		r = buf_vprintf(&line, fmt, ap);
	va_end(ap);
	if (r == 0)
		chat_print(ch, &line);
}

void chat_news(void *userdata, const struct news *n)
{
	_cleanup_(buf_done) struct buf line = { 0 };
	struct chat *ch = userdata;
	struct chat_room *room;
	int r;

	if (n->kind == NEWS_MAIL || n->kind == NEWS_DELIVERED)
		return;
	if (n->kind == NEWS_ERROR) {
		r = buf_append_str(&line, "* the server: ");
		if (r == 0)
			r = show_field(&line, &n->text);
	} else {
		r = chat_show(ch, n, &line);
	}
	room = chat_find(ch, n->room.data ? n->room.data : "", n->room.len);
	if (room && n->kind == NEWS_SAID)
		room->last = MAX(room->last, n->number);
	if (r == 0)
		chat_print(ch, &line);
}

struct chat_history {
	struct chat *chat;
	const char *room;
	uint64_t upto, last;
};

static int chat_history_line(void *userdata, char *text, size_t len)
{
	_cleanup_(buf_done) struct buf line = { 0 };
	struct chat_history *h = userdata;
	struct news news;
	int r;

	r = news_parse_history(text, len, &news);
	if (r < 0)
		return r;
	h->last = MAX(h->last, news.number);
	if (news.number > h->upto)
		return 0;
	news.room = (struct field){ (char *)h->room, strlen(h->room) };
	r = chat_show(h->chat, &news, &line);
	if (r == 0)
		chat_put(h->chat, &line);
	return r;
}

/* Behind @after up to @upto, a page at a time. */
static enum exit_code chat_history_all(struct chat *ch, const char *room, uint64_t after, uint64_t upto)
{
	struct client *c = ch->client;
	char from[24], count[24];
	struct peer_reply reply;
	struct chat_history h = { ch, room, upto, after };
	enum exit_code code;
	uint64_t before;
	int r;

	do {
		before = h.last;
		(void)snprintf(from, sizeof(from), "%" PRIu64, before);
		(void)snprintf(count, sizeof(count), "%" PRIu64, MIN(upto - before, (uint64_t)CHAT_PAGE));
		code = client_request(c, PEER_REPLY_SIZED, (const char *const[]){ "HISTORY", room, from, count, NULL },
				      &reply);
		if (code != EXIT_CODE_OK)
			return code;
		r = listing_read(c->peer, chat_history_line, &h);
		if (r < 0)
			return client_fail_broken(c, r);
	} while (h.last > before && h.last < upto);
	return EXIT_CODE_OK;
}

static enum exit_code chat_history_to(struct chat *ch, const char *room, uint64_t last, uint64_t count)
{
	enum exit_code code;

	if (last == 0 || count == 0)
		return EXIT_CODE_OK;
	/* Messages that arrive meanwhile belong behind the history. */
	ch->holding = true;
	code = chat_history_all(ch, room, last > count ? last - count : 0, last);
	chat_release(ch);
	return code;
}

enum exit_code chat_history(struct chat *ch, const char *room, uint64_t count)
{
	const struct chat_room *at = chat_find(ch, room, strlen(room));

	if (!at)
		return client_fail(ch->client, EXIT_CODE_USAGE, "you are not in room '%s': join it with /join", room);
	return chat_history_to(ch, at->name, at->last, count);
}

/* OK,room,LAST-SEQ,MEMBERS,OLDEST-SEQ: what is kept comes after it, if there is any. */
static uint64_t chat_upto(const struct peer_reply *reply, uint64_t last)
{
	const struct field *f = reply->fields;
	uint64_t oldest;

	if (reply->n_fields < 5 || str_to_u64(f[4].data, f[4].len, 0, INT64_MAX, &oldest) < 0 || oldest > last)
		return 0;
	return last;
}

/* Its LAST-SEQ and MEMBERS. */
static int chat_parse_join(const struct peer_reply *reply, uint64_t *ret_last, uint64_t *ret_members)
{
	const struct field *f = reply->fields;

	if (reply->kind != PEER_REPLY_LINE || reply->n_fields < 4 || f[1].len < 1 || f[1].len > CHAT_ROOM_MAX ||
	    str_to_u64(f[2].data, f[2].len, 0, INT64_MAX, ret_last) < 0 ||
	    str_to_u64(f[3].data, f[3].len, 0, INT64_MAX, ret_members) < 0)
		return -EPROTO;
	return 0;
}

static enum exit_code chat_enter(struct chat *ch, const struct peer_reply *reply, const uint64_t *since,
				 struct chat_room *ret)
{
	const struct field *f = reply->fields;
	uint64_t last, members;

	if (chat_parse_join(reply, &last, &members) < 0)
		return client_fail_broken(ch->client, -EPROTO);
	*ret = (struct chat_room){ .last = last };
	ret->name[str_harmless(ret->name, f[1].data, f[1].len)] = '\0';
	ch->rooms[ch->n_rooms] = *ret;
	if (since) {
		ch->rooms[ch->n_rooms].last = *since;
		ch->rooms[ch->n_rooms].upto = chat_upto(reply, last);
	}
	ch->n_rooms++;
	chat_notify(ch, "%s: %" PRIu64 " %s here, the last message is number %" PRIu64, ret->name, members,
		    members == 1 ? "is" : "are", last);
	return EXIT_CODE_OK;
}

static enum exit_code chat_request_join(struct chat *ch, const char *room, const uint64_t *since,
					struct peer_reply *ret)
{
	char after[24] = "";

	if (since)
		(void)snprintf(after, sizeof(after), "%" PRIu64, *since);
	return client_request(ch->client, PEER_REPLY_LINE,
			      (const char *const[]){ "JOIN", room, since ? after : NULL, NULL }, ret);
}

uint64_t chat_history_default(const struct chat *ch)
{
	return ch->typing ? CHAT_HISTORY : 0;
}

enum exit_code chat_join(struct chat *ch, const char *room, const uint64_t *since, uint64_t n_history,
			 bool requested)
{
	struct chat_room *known = chat_find(ch, room, strlen(room)), joined;
	struct peer_reply reply;
	enum exit_code code;

	if (known) {
		joined = *known;
		chat_forget(ch, known);
		ch->rooms[ch->n_rooms++] = joined;
		return EXIT_CODE_OK;
	}
	if (ch->n_rooms == CHAT_ROOMS_MAX)
		return client_fail(ch->client, EXIT_CODE_LIMIT,
				   "you are in %d rooms, and more are not possible: /part one", CHAT_ROOMS_MAX);
	code = chat_request_join(ch, room, since, &reply);
	if (ch->n_rooms == 0) {
		ch->connection = ch->client->connection;
		ch->data = ch->client->data;
	}
	if (code == EXIT_CODE_OK)
		code = chat_enter(ch, &reply, since, &joined);
	if (code == EXIT_CODE_OK && !since)
		code = chat_history_to(ch, joined.name, joined.last, n_history);
	/* For history that the user did not request, the reason is printed here. */
	if (!requested && code != EXIT_CODE_OK && ch->client->state == CLIENT_STATE_CONNECTED && ch->n_rooms > 0)
		code = EXIT_CODE_OK;
	return code;
}

enum exit_code chat_part(struct chat *ch, const char *room)
{
	struct chat_room *known = chat_find(ch, room, strlen(room));
	struct peer_reply reply;
	enum exit_code code;

	code = client_request(ch->client, PEER_REPLY_LINE, (const char *const[]){ "PART", room, NULL }, &reply);
	if (code != EXIT_CODE_OK || !known)
		return code;
	chat_notify(ch, "%s left; --since=%" PRIu64 " goes on from here", known->name, known->last);
	chat_forget(ch, known);
	return code;
}

/* Joins again behind the last message received; or from now on, where the data was replaced. */
static enum exit_code chat_rejoin(struct chat *ch, struct chat_room *room, bool *forget)
{
	struct client *c = ch->client;
	uint64_t last, members;
	struct peer_reply reply;
	enum exit_code code;
	char after[24];
	int r;

	(void)snprintf(after, sizeof(after), "%" PRIu64, room->last);
	code = client_send(c, (const char *const[]){ "JOIN", room->name, *forget ? NULL : after, NULL });
	if (code != EXIT_CODE_OK)
		return code;
	r = peer_reply(c->peer, &reply);
	if (r < 0)
		return client_fail_broken(c, r);
	if (reply.kind == PEER_REPLY_ERROR && reply.code == ERROR_BAD_ARGUMENT && !*forget) {
		/* There is no such number yet: a copy was put back by a daemon that does not change its STORE then. */
		client_print_replaced(c);
		*forget = true;
		return chat_rejoin(ch, room, forget);
	}
	if (reply.kind == PEER_REPLY_ERROR)
		return client_fail_refused(c, &reply);
	if (chat_parse_join(&reply, &last, &members) < 0)
		return client_fail_broken(c, -EPROTO);
	if (*forget)
		room->last = room->upto = last;
	return EXIT_CODE_OK;
}

/* Joins all rooms on a new connection. A room that refuses the user is given up, which is printed; where one is
 * busy, all that are left are tried again later. */
static void chat_join_all(struct chat *ch)
{
	bool forget = ch->data != ch->client->data;
	enum exit_code code;

	ch->connection = ch->client->connection;
	for (size_t i = 0; i < ch->n_rooms && ch->client->state == CLIENT_STATE_CONNECTED;) {
		code = chat_rejoin(ch, &ch->rooms[i], &forget);
		if (code == EXIT_CODE_OK)
			i++;
		else if (code == EXIT_CODE_LATER && ch->client->state == CLIENT_STATE_CONNECTED)
			comeback_delay(&ch->back, ch->client);
		else if (ch->client->state == CLIENT_STATE_CONNECTED)
			chat_forget(ch, &ch->rooms[i]);
	}
	if (ch->client->state != CLIENT_STATE_CONNECTED)
		return;
	ch->data = ch->client->data;
	comeback_done(&ch->back);
}

/* At a terminal: one step, and 1 where the server is there again, 0 where it is not yet. */
static int chat_try(struct chat *ch)
{
	/* Lines about the connection stand above the line being typed, and the prompt can change. */
	if (ch->back.search && search_is_over(ch->back.search))
		typing_prompt_changed(ch->typing);
	return comeback_step(&ch->back, ch->client, &ch->ended);
}

static int chat_wait(struct chat *ch)
{
	struct client *c = ch->client;

	ch->ended = comeback_wait(&ch->back, c, ch->at_end ? clock_usec() + c->timeout_usec : USEC_NEVER);
	return ch->ended == EXIT_CODE_OK ? 1 : -ENOTCONN;
}

static void chat_send_unsent(struct chat *ch);

static int chat_resume(struct chat *ch)
{
	struct client *c = ch->client;
	int r;

	if (c->state == CLIENT_STATE_BROKEN) {
		r = ch->typing ? chat_try(ch) : chat_wait(ch);
		if (r <= 0)
			return r;
		ch->ended = EXIT_CODE_OK;
		client_print("connected again to %s", c->where.name);
	}
	if (c->state != CLIENT_STATE_CONNECTED)
		return -ENOTCONN;
	chat_join_all(ch);
	chat_send_unsent(ch);
	return 0;
}

/* Receives events; 1 where the connection is in the rooms, and goes on. */
static int chat_receive_peer(struct chat *ch)
{
	struct client *c = ch->client;
	int r;

	if (c->state != CLIENT_STATE_CONNECTED)
		return 0;
	r = MIN(peer_receive(c->peer), 0);
	/* A server that is about to leave sends no more; a connection that a request has made again is in no room. */
	if (r == 0 && peer_goaway(c->peer))
		r = -ECONNRESET;
	return r < 0 ? r : ch->connection == c->connection;
}

int chat_receive(struct chat *ch)
{
	struct client *c = ch->client;
	int r;

	/* Again once it is back: what came behind the answers is not in the kernel any more. */
	while ((r = chat_receive_peer(ch)) <= 0) {
		if (r < 0) {
			if (ch->typing)
				typing_prompt_changed(ch->typing);
			ch->ended = client_fail_broken(c, r);
		}
		r = chat_resume(ch);
		if (r < 0 || (ch->typing && c->state == CLIENT_STATE_BROKEN))
			return r;
	}
	return 0;
}

int chat_fd(const struct chat *ch)
{
	return ch->client->peer ? peer_fd(ch->client->peer) : comeback_fd(&ch->back);
}

int chat_patience(const struct chat *ch)
{
	return ch->client->peer ? -1 : comeback_patience(&ch->back);
}

/* Sends one message, again after a pause if the rate limit refuses it: a script or a paste does not know the limit. */
static enum exit_code chat_request_say(struct chat *ch, const char *room, const char *text, struct peer_reply *ret)
{
	const char *const request[] = { "SAY", room, text, NULL };
	struct client *c = ch->client;
	uint64_t until_usec = clock_usec() + c->timeout_usec;
	enum exit_code code;
	int r;

	for (;;) {
		code = client_send(c, request);
		if (code != EXIT_CODE_OK)
			return code;
		r = peer_reply(c->peer, ret);
		if (r < 0)
			return client_fail_broken(c, r);
		if (ret->kind == PEER_REPLY_LINE)
			return EXIT_CODE_OK;
		if (ret->kind != PEER_REPLY_ERROR)
			return client_fail_broken(c, -EPROTO);
		if ((ret->code != ERROR_LIMIT && ret->code != ERROR_BUSY) || clock_usec() >= until_usec)
			return client_fail_refused(c, ret);
		r = client_listen(c, CHAT_AGAIN_MSEC);
		if (r == -EINTR)
			return client_fail(c, EXIT_CODE_INTERRUPTED, "interrupted, and not sent: %s", text);
		if (r < 0)
			return client_fail_broken(c, r);
	}
}

/* @is_late: the line was typed while the server was away. */
static enum exit_code chat_send(struct chat *ch, const char *text, bool is_late)
{
	const char *room = chat_here(ch);
	struct peer_reply reply;
	enum exit_code code;
	uint64_t number;

	if (!room)
		return client_fail(ch->client, EXIT_CODE_USAGE, "you are in no room: join one with /join ROOM");
	/* The line that was typed arrives again as a message. */
	if (ch->typing && !is_late)
		typing_wipe(ch->typing);
	code = chat_request_say(ch, room, text, &reply);
	if (code != EXIT_CODE_OK && ch->client->state == CLIENT_STATE_BROKEN)
		client_print("it is not known whether this was sent: %s", text);
	if (code == EXIT_CODE_OK && reply.n_fields > 1 &&
	    str_to_u64(reply.fields[1].data, reply.fields[1].len, 0, INT64_MAX, &number) == 0)
		ch->rooms[ch->n_rooms - 1].upto = number;
	return code;
}

/* Keeps a line while the server is away. */
static enum exit_code chat_keep_unsent(struct chat *ch, const char *line)
{
	size_t len = ch->unsent.len;

	if (buf_append_str(&ch->unsent, line) < 0 || buf_append(&ch->unsent, "", 1) < 0) {
		ch->unsent.len = len;
		return client_fail(ch->client, EXIT_CODE_LATER,
				   "the server is away, and no more than %u KiB are kept for it: %s",
				   CHAT_UNSENT_MAX >> 10, line);
	}
	chat_notify(ch, "the server is away; this is sent when it is back: %s", line);
	return EXIT_CODE_OK;
}

/* Sends the kept lines when the server is there again. If the connection breaks again, the rest stays kept. */
static void chat_send_unsent(struct chat *ch)
{
	size_t n = 0;

	while (n < ch->unsent.len && ch->client->state == CLIENT_STATE_CONNECTED) {
		(void)chat_send(ch, ch->unsent.data + n, true);
		n += strlen(ch->unsent.data + n) + 1;
	}
	buf_consume(&ch->unsent, n);
}

static bool chat_is_catching_up(const struct chat *ch)
{
	for (size_t i = 0; i < ch->n_rooms; i++)
		if (ch->rooms[i].last < ch->rooms[i].upto)
			return true;
	return false;
}

void chat_flush(struct chat *ch)
{
	struct client *c = ch->client;
	uint64_t until_usec = clock_usec() + c->timeout_usec;
	bool over;

	ch->at_end = true;
	do {
		/* Messages that have arrived by now were in time. */
		over = clock_usec() >= until_usec;
		if (!chat_is_catching_up(ch) || chat_receive(ch) < 0 || !chat_is_catching_up(ch) || over)
			return;
	} while (client_listen(c, (int)(c->timeout_usec / USEC_PER_MSEC)) != -EINTR);
}

bool chat_line(struct chat *ch, char *line)
{
	enum exit_code code = EXIT_CODE_OK;
	bool is_command;

	/* The server is about to leave, or has left: connect again first. */
	if (chat_receive(ch) < 0) {
		ch->quit = ch->failed = true;
		return false;
	}
	is_command = line[0] == '/' && !ch->send_only;
	if (is_command && line[1] != '/')
		code = chat_command_run(ch, line + 1);
	else if (line[0] != '\0' && ch->client->state != CLIENT_STATE_CONNECTED)
		code = chat_keep_unsent(ch, line + is_command);
	else if (line[0] != '\0')
		code = chat_send(ch, line + is_command, false);
	if (code != EXIT_CODE_OK) {
		ch->failed = true;
		ch->code = code;
	}
	if (ch->client->state == CLIENT_STATE_LEFT)
		ch->ended = code;
	return code == EXIT_CODE_OK;
}
