/* SPDX-License-Identifier: MIT */
/*
 * Which server a command talks to. The first of the list that answers, and that one from then on: three servers hold
 * three sets of files, and a client that wandered between them would lose what it put. When its connection breaks,
 * it goes on only where HELLO names the same STORE.
 */
#include "client/client.h"

#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define LINK_AGAIN_MSEC 300 /* between two tries */

static void client_forget(struct client *c)
{
	c->peer = peer_free(c->peer);
	free(c->where.name);
	free(c->where.host);
	free(c->where.port);
	c->where = (struct server){ 0 };
	free(c->store);
	c->store = NULL;
}

void client_done(struct client *c)
{
	client_forget(c);
	free(c->nick);
	servers_done(&c->servers);
}

void client_lose(struct client *c)
{
	c->peer = peer_free(c->peer);
	c->state = CLIENT_STATE_LOST;
}

void client_leave(struct client *c)
{
	client_forget(c);
	c->state = CLIENT_STATE_LEFT;
}

int client_dial(const struct client *c, const struct server *s, struct peer **ret)
{
	int r = peer_connect(ret, s->host, s->port, c->connect_usec, c->connect_usec);

	if (r == 0)
		peer_set_timeout(*ret, c->silence_usec);
	return r;
}

/* Consumes @p. @s may be the client's own c->where. */
static int client_adopt(struct client *c, const struct server *s, struct peer *p)
{
	struct server where = { strdup(s->name), strdup(s->host), strdup(s->port) };
	char *store = strdup(peer_store(p));

	client_forget(c);
	c->peer = p;
	c->where = where;
	c->store = store;
	c->state = CLIENT_STATE_CONNECTED;
	c->is_named = !c->nick;
	c->connection++;
	peer_set_news(p, c->news, c->news_data);
	if (where.name && where.host && where.port && store)
		return 0;
	client_leave(c);
	return -ENOMEM;
}

/* A try that counts only where the files are those of before, if there was a before. */
static int client_try(struct client *c, const struct server *s)
{
	_cleanup_(peer_freep) struct peer *p = NULL;
	int r;

	r = client_dial(c, s, &p);
	if (r < 0)
		return r;
	if (c->store && strcmp(peer_store(p), c->store) != 0)
		return -ESTALE;
	return client_adopt(c, s, STEAL_PTR(p));
}

static const char *client_try_words(int error)
{
	return error == -ESTALE ? "it holds other files" : exit_errno_words(error);
}

/* Goes down the list; on failure @why says what each server said. */
static int client_try_all(struct client *c, struct buf *why)
{
	for (size_t i = 0; i < c->servers.n; i++) {
		const struct server *s = &c->servers.at[i];
		int r;

		/* Tried just now. */
		if (c->state == CLIENT_STATE_LOST && strcmp(s->name, c->where.name) == 0)
			continue;
		r = client_try(c, s);
		if (r == 0) {
			if (i > 0)
				client_note("using %s, since no server before it answers: %s", s->name, buf_str(why));
			return 0;
		}
		(void)buf_printf(why, "%s%s: %s", why->len > 0 ? "; " : "", s->name, client_try_words(r));
		if (r == -EINTR)
			return r;
	}
	return -ENOTCONN;
}

static enum exit_code client_say_none(const struct client *c, int error, const char *why)
{
	if (error == -EINTR)
		return client_say(c, EXIT_CODE_INTERRUPTED, "interrupted");
	if (c->state == CLIENT_STATE_LOST)
		return client_say(c, EXIT_CODE_NO_SERVER, "lost the server, and none with the same files answers (%s); try again when it runs",
				  why);
	return client_say(c, EXIT_CODE_NO_SERVER,
			  "no server answers (%s); start one (systemctl start ioe@1) or name one (--servers HOST:PORT)",
			  why);
}

static int client_find(struct client *c, struct buf *why)
{
	int r = -ENOTCONN;

	/* What is lost is looked for where it was; that server need not be in the list. */
	if (c->state == CLIENT_STATE_LOST) {
		r = client_try(c, &c->where);
		if (r < 0)
			(void)buf_printf(why, "%s: %s", c->where.name, client_try_words(r));
	}
	return r < 0 && r != -EINTR ? client_try_all(c, why) : r;
}

static enum exit_code client_connect(struct client *c)
{
	_cleanup_(buf_done) struct buf why = { 0 };
	int r;

	r = client_find(c, &why);
	if (r == 0)
		return EXIT_CODE_OK;
	return client_say_none(c, r, why.len > 0 ? buf_str(&why) : "out of memory");
}

/* 0: the server knows the nick, or none was chosen; negative errno; or it refused: *ret_refused. */
#define LINK_E_REFUSED 1
static int client_take_nick(struct client *c, struct peer_reply *ret_refused)
{
	struct field request[] = { { (char *)"NICK", strlen("NICK") }, { c->nick, c->nick ? strlen(c->nick) : 0 } };
	int r;

	if (c->is_named)
		return 0;
	r = peer_request(c->peer, request, ELEMENTSOF(request));
	if (r == 0)
		r = peer_reply(c->peer, ret_refused);
	if (r < 0)
		return r;
	if (ret_refused->kind == PEER_REPLY_ERROR)
		return LINK_E_REFUSED;
	c->is_named = true;
	return 0;
}

static enum exit_code client_introduce(struct client *c)
{
	struct peer_reply refused;
	int r = client_take_nick(c, &refused);

	if (r == LINK_E_REFUSED)
		return client_say_refused(c, &refused);
	return r < 0 ? client_say_broken(c, r) : EXIT_CODE_OK;
}

/* One try. */
static int client_resume_once(struct client *c, struct buf *why, struct peer_reply *ret_refused)
{
	int r;

	why->len = 0;
	r = client_find(c, why);
	if (r == 0)
		r = client_take_nick(c, ret_refused);
	return r;
}

enum exit_code client_resume(struct client *c, uint64_t until_usec)
{
	_cleanup_(buf_done) struct buf why = { 0 };
	struct peer_reply refused;
	int r;

	for (;;) {
		r = client_resume_once(c, &why, &refused);
		if (r == 0)
			return EXIT_CODE_OK;
		/* The session that was lost may have the nick until the server sees its end. */
		if (r == LINK_E_REFUSED && (refused.slug != SLUG_TAKEN || clock_usec() >= until_usec))
			return client_say_refused(c, &refused);
		if (c->state == CLIENT_STATE_CONNECTED)
			client_lose(c);
		if (r == -EINTR || clock_usec() >= until_usec)
			return client_say_none(c, r, why.len > 0 ? buf_str(&why) : "no answer");
		if (poll(NULL, 0, LINK_AGAIN_MSEC) < 0)
			return client_say_none(c, -EINTR, "");
	}
}

struct peer *client_link(struct client *c, enum exit_code *ret_code)
{
	enum exit_code code;

	if (c->state == CLIENT_STATE_CONNECTED && c->is_named && peer_is_open(c->peer))
		return c->peer;
	if (c->state == CLIENT_STATE_CONNECTED && !peer_is_open(c->peer)) {
		if (peer_unwanted(c->peer) != SLUG_MAX) {
			*ret_code = client_say_broken(c, -ECONNRESET);
			return NULL;
		}
		client_lose(c);
	}
	if (c->state == CLIENT_STATE_CONNECTED)
		code = EXIT_CODE_OK;
	else if (c->state == CLIENT_STATE_LEFT)
		code = client_say(c, EXIT_CODE_NO_SERVER, "Connect to a server first: connect HOST:PORT");
	else
		code = client_connect(c);
	if (code == EXIT_CODE_OK)
		code = client_introduce(c);
	if (code != EXIT_CODE_OK) {
		*ret_code = code;
		return NULL;
	}
	return c->peer;
}

enum exit_code client_link_to(struct client *c, const struct server *s)
{
	_cleanup_(peer_freep) struct peer *p = NULL;
	int r;

	client_leave(c);
	r = client_dial(c, s, &p);
	if (r == 0)
		r = client_adopt(c, s, STEAL_PTR(p));
	if (r < 0)
		return client_say(c, r == -EINTR ? EXIT_CODE_INTERRUPTED : EXIT_CODE_NO_SERVER, "%s: %s", s->name,
				  exit_errno_words(r));
	return EXIT_CODE_OK;
}

int client_set_nick(struct client *c, const char *nick)
{
	char *copy;

	if (!nick || (c->nick && strcmp(nick, c->nick) == 0))
		return 0;
	copy = strdup(nick);
	if (!copy)
		return -ENOMEM;
	free(c->nick);
	c->nick = copy;
	c->is_named = false;
	return 0;
}

void client_set_news(struct client *c, peer_news_fn fn, void *userdata)
{
	c->news = fn;
	c->news_data = userdata;
	if (c->peer)
		peer_set_news(c->peer, fn, userdata);
}

/* What there is. One that is about to leave has said its last. */
static int client_hear(struct client *c)
{
	int r = peer_hear(c->peer);

	return r == 0 && peer_goaway(c->peer) ? -ECONNRESET : r;
}

int client_listen(struct client *c, int timeout_msec)
{
	struct pollfd from = { .fd = peer_fd(c->peer), .events = POLLIN };
	int r;

	/* What has come already is not in the kernel any more. */
	r = client_hear(c);
	if (r != 0)
		return MIN(r, 0);
	if (poll(&from, 1, timeout_msec) < 0)
		return -errno;
	return MIN(client_hear(c), 0);
}
