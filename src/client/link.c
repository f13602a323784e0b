/* SPDX-License-Identifier: MIT */
/*
 * Which server a command talks to. The first of the list that answers, and that one from then on: three servers hold
 * three sets of files, and a client that wandered between them would lose what it put. When its connection breaks,
 * it goes on only where HELLO names the same STORE.
 */
#include "client/client.h"

#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
	int r = peer_connect(ret, s->host, s->port, c->connect_usec);

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
		return client_say(c, EXIT_CODE_NO_SERVER, "lost the server, and none with the same files answers (%s)",
				  why);
	return client_say(c, EXIT_CODE_NO_SERVER,
			  "no server answers (%s); start one (systemctl start ioe@1) or name one (--servers HOST:PORT)",
			  why);
}

static enum exit_code client_connect(struct client *c)
{
	_cleanup_(buf_done) struct buf why = { 0 };
	int r = -ENOTCONN;

	/* What is lost is looked for where it was; that server need not be in the list. */
	if (c->state == CLIENT_STATE_LOST) {
		r = client_try(c, &c->where);
		if (r < 0)
			(void)buf_printf(&why, "%s: %s", c->where.name, client_try_words(r));
	}
	if (r < 0 && r != -EINTR)
		r = client_try_all(c, &why);
	if (r == 0)
		return EXIT_CODE_OK;
	return client_say_none(c, r, why.len > 0 ? buf_str(&why) : "out of memory");
}

struct peer *client_link(struct client *c, enum exit_code *ret_code)
{
	enum exit_code code;

	if (c->state == CLIENT_STATE_CONNECTED && peer_is_open(c->peer))
		return c->peer;
	if (c->state == CLIENT_STATE_CONNECTED)
		client_lose(c);
	if (c->state == CLIENT_STATE_LEFT)
		code = client_say(c, EXIT_CODE_NO_SERVER, "Connect to a server first: connect HOST:PORT");
	else
		code = client_connect(c);
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
