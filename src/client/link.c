/* SPDX-License-Identifier: MIT */
/*
 * The server that commands are sent to: the first of the list that answers, and the same from then on. Several servers
 * hold several sets of files, and a client that changed between them would not find its own. When the connection
 * breaks, the client connects to the same server again; another one is taken only where HELLO names the same STORE.
 */
#include "client/client.h"

#include "base/buf.h"
#include "base/clock.h"
#include "client/comeback.h"
#include "client/search.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define LINK_PAUSE_USEC     (100 * USEC_PER_MSEC) /* before a request is sent again, the first time, */
#define LINK_PAUSE_MAX_USEC (2 * USEC_PER_SEC)    /* and at most */

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

void client_drop(struct client *c)
{
	if (c->peer)
		c->received_msec = peer_received_msec(c->peer);
	c->peer = peer_free(c->peer);
	c->state = CLIENT_STATE_BROKEN;
}

void client_leave(struct client *c)
{
	client_forget(c);
	c->state = CLIENT_STATE_LEFT;
}

int client_pause(uint64_t *pause_usec)
{
	uint64_t half;

	*pause_usec = *pause_usec > 0 ? MIN(2 * *pause_usec, LINK_PAUSE_MAX_USEC) : LINK_PAUSE_USEC;
	/* Half of the pause is random, so that clients that were refused together do not all return together. */
	half = *pause_usec / 2;
	if (poll(NULL, 0, (int)((half + arc4random_uniform((uint32_t)half)) / USEC_PER_MSEC)) < 0)
		return -errno;
	return 0;
}

int client_dial(const struct client *c, const struct server *s, size_t others, struct peer **ret)
{
	uint64_t least = MIN(c->connect_usec, USEC_PER_SEC), share = MAX(c->connect_usec / (others + 1), least);
	int r = peer_connect(ret, s->host, s->port, share, c->connect_usec);

	if (r == 0)
		peer_set_timeout(*ret, c->timeout_usec);
	return r;
}

/* Consumes @p. @s can be the client's own c->where. */
static int client_adopt(struct client *c, const struct server *s, struct peer *p)
{
	struct server where = { strdup(s->name), strdup(s->host), strdup(s->port) };
	char *store = strdup(peer_store(p));
	bool is_other = !c->store || !store || strcmp(store, c->store) != 0, is_replaced = c->store && is_other;

	client_forget(c);
	c->peer = p;
	c->where = where;
	c->store = store;
	c->state = CLIENT_STATE_CONNECTED;
	c->is_named = !c->nick;
	c->connection++;
	c->data += is_other;
	peer_set_timeout(p, c->timeout_usec);
	peer_set_news(p, c->news, c->news_data);
	if (!where.name || !where.host || !where.port || !store) {
		client_leave(c);
		return -ENOMEM;
	}
	if (is_replaced)
		client_print_replaced(c);
	return 0;
}

/* A lost server is looked for under its address, which need not be in the list, and then elsewhere. */
int client_search(const struct client *c, struct search **ret)
{
	bool is_back = c->state == CLIENT_STATE_BROKEN;
	struct search *s = NULL;
	int r;

	r = search_new(&s);
	if (r == 0 && is_back) {
		s->is_back = true;
		s->store = strdup(c->store);
		r = s->store ? servers_append(&s->list, &c->where) : -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < c->servers.n; i++)
		if (!is_back || strcmp(c->servers.at[i].name, c->where.name) != 0)
			r = servers_append(&s->list, &c->servers.at[i]);
	if (r < 0) {
		(void)search_unref(s);
		return r;
	}
	s->connect_usec = c->connect_usec;
	*ret = s;
	return 0;
}

int client_take_search(struct client *c, struct search *s)
{
	bool was_broken = c->state == CLIENT_STATE_BROKEN;
	int r;

	if (!s->peer)
		return s->error;
	r = client_adopt(c, &s->list.at[s->found], STEAL_PTR(s->peer));
	if (r == 0 && s->found > 0)
		client_print("using %s%s, since no server before it answers: %s", s->list.at[s->found].name,
			     was_broken ? ", which has the same data" : "", buf_str(&s->why));
	return r;
}

enum exit_code client_fail_none(const struct client *c, int error, const char *why)
{
	/* A server is there, and busy or full. */
	enum exit_code code = error == -EBUSY ? EXIT_CODE_LATER : EXIT_CODE_NO_SERVER;

	if (error == -EINTR)
		return client_fail(c, EXIT_CODE_INTERRUPTED, "interrupted");
	if (c->state == CLIENT_STATE_BROKEN)
		return client_fail(c, code,
				   "lost the server, and none with the same files answers (%s); try again when it runs",
				   why);
	if (code == EXIT_CODE_LATER)
		return client_fail(c, code, "all servers are busy (%s); try again later", why);
	return client_fail(
		c, code, "no server answers (%s); start one (systemctl start ioe@1) or name one (--servers HOST:PORT)",
		why);
}

/* A server that is full is tried again. */
static enum exit_code client_connect(struct client *c)
{
	uint64_t until_usec = clock_usec() + c->timeout_usec, pause_usec = 0;
	struct search *s = NULL;
	enum exit_code code;
	int r;

	for (;;) {
		r = client_search(c, &s);
		if (r < 0)
			return client_fail(c, EXIT_CODE_FAILED, "%s", strerror(-r));
		search_run(s);
		r = client_take_search(c, s);
		if (r != -EBUSY || clock_usec() >= until_usec)
			break;
		s = search_unref(s);
		r = client_pause(&pause_usec);
		if (r < 0)
			return client_fail_none(c, r, "");
	}
	code = r == 0 ? EXIT_CODE_OK : client_fail_none(c, r, s->why.len > 0 ? buf_str(&s->why) : "out of memory");
	(void)search_unref(s);
	return code;
}

/* NICK,name, shared with other sessions of this address where the server knows how. */
static int client_request_nick(struct client *c, const char *nick, struct peer_reply *ret)
{
	struct field request[] = {
		{ (char *)"NICK", strlen("NICK") },
		{ (char *)nick, strlen(nick) },
		{ (char *)"shared", strlen("shared") },
	};
	int r;

	r = peer_request(c->peer, request, peer_can(c->peer, "shared") ? 3 : 2);
	return r < 0 ? r : peer_reply(c->peer, ret);
}

int client_take_nick(struct client *c, struct peer_reply *ret_refused)
{
	int r;

	if (c->is_named || !c->needs_name)
		return 0;
	r = client_request_nick(c, c->nick, ret_refused);
	if (r < 0)
		return r;
	if (ret_refused->kind == PEER_REPLY_ERROR)
		return CLIENT_E_REFUSED;
	c->is_named = true;
	return 0;
}

/* The session with this nick can be about to end. */
static enum exit_code client_introduce(struct client *c)
{
	uint64_t until_usec = clock_usec() + c->timeout_usec, pause_usec = 0;
	struct peer_reply refused;
	bool notified = false;
	int r;

	for (;;) {
		r = client_take_nick(c, &refused);
		if (r != CLIENT_E_REFUSED)
			return r < 0 ? client_fail_broken(c, r) : EXIT_CODE_OK;
		if (failure_from_error_code(refused.code)->code != EXIT_CODE_LATER || clock_usec() >= until_usec)
			return client_fail_refused(c, &refused);
		/* A session that ends soon needs no message. */
		if (!notified && pause_usec >= LINK_PAUSE_MAX_USEC) {
			client_print("another session is '%s'; trying again for %d s", c->nick,
				     (int)((until_usec - clock_usec()) / USEC_PER_SEC));
			notified = true;
		}
		if (client_pause(&pause_usec) < 0)
			return client_fail(c, EXIT_CODE_INTERRUPTED, "interrupted");
	}
}

enum exit_code client_rename(struct client *c, const char *nick)
{
	struct peer_reply reply;
	enum exit_code code;
	int r;

	if (!client_link(c, &code))
		return code;
	r = client_request_nick(c, nick, &reply);
	if (r < 0)
		return client_fail_broken(c, r);
	if (reply.kind == PEER_REPLY_ERROR)
		return client_fail_refused(c, &reply);
	code = client_set_nick(c, nick);
	c->is_named = c->is_named || code == EXIT_CODE_OK;
	return code;
}

enum exit_code client_resume(struct client *c, uint64_t until_usec)
{
	struct comeback b = { 0 };
	enum exit_code code;

	code = comeback_wait(&b, c, until_usec);
	comeback_done(&b);
	return code;
}

/* A server without the role is sent no request: an older one can take it for a message. */
static enum exit_code client_check_role(const struct client *c)
{
	static const char *const what[][2] = {
		{ "file", "files are" }, { "chat", "rooms are" }, { "relay", "mailboxes are" }, { "compute", "numbers are doubled" },
	};
	const char *others = "what you want is", *roles = peer_roles(c->peer);

	if (!c->role || peer_offers(c->peer, c->role))
		return EXIT_CODE_OK;
	for (size_t i = 0; i < ELEMENTSOF(what); i++)
		if (strcmp(what[i][0], c->role) == 0)
			others = what[i][1];
	return client_fail(c, EXIT_CODE_FAILED, "this port offers %s only; %s at another port: %s HOST:PORT",
			   roles[0] ? roles : "nothing", others, c->mode == CLIENT_MODE_ONCE ? "-s" : "connect");
}

/* The present connection, if it can be used. NULL with EXIT_CODE_OK: a new one is needed; NULL with another code: the
 * command fails. */
static struct peer *client_link_old(struct client *c, enum exit_code *ret_code)
{
	if (c->state == CLIENT_STATE_BROKEN && c->comes_back)
		*ret_code = client_fail(c, EXIT_CODE_NO_SERVER, "the connection is not back yet");
	if (c->state != CLIENT_STATE_CONNECTED || peer_is_open(c->peer))
		return c->peer;
	if (peer_unwanted(c->peer) != ERROR_MAX || c->comes_back)
		*ret_code = client_fail_broken(c, -ECONNRESET);
	else
		client_drop(c);
	return NULL;
}

struct peer *client_link(struct client *c, enum exit_code *ret_code)
{
	enum exit_code code = EXIT_CODE_OK;

	if (!client_link_old(c, &code) && code == EXIT_CODE_OK) {
		if (c->state == CLIENT_STATE_LEFT)
			code = client_fail(c, EXIT_CODE_NO_SERVER, "Connect to a server first: connect HOST:PORT");
		else
			code = client_connect(c);
	}
	if (code == EXIT_CODE_OK)
		code = client_check_role(c);
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
	r = client_dial(c, s, 0, &p);
	if (r == 0)
		r = client_adopt(c, s, STEAL_PTR(p));
	if (r < 0)
		return client_fail(c, failure_from_dial(r), "%s: %s", s->name, failure_errno_words(r));
	return EXIT_CODE_OK;
}

enum exit_code client_set_nick(struct client *c, const char *nick)
{
	char *copy;

	if (!nick || (c->nick && strcmp(nick, c->nick) == 0))
		return EXIT_CODE_OK;
	copy = strdup(nick);
	if (!copy)
		return client_fail(c, EXIT_CODE_FAILED, "%s", strerror(ENOMEM));
	free(c->nick);
	c->nick = copy;
	c->is_named = false;
	return EXIT_CODE_OK;
}

void client_set_news(struct client *c, peer_news_fn fn, void *userdata)
{
	c->news = fn;
	c->news_data = userdata;
	if (c->peer)
		peer_set_news(c->peer, fn, userdata);
}

/* Hands out the events that are there. A server that is about to leave sends no more. */
static int client_receive(struct client *c)
{
	int r = peer_receive(c->peer);

	return r == 0 && peer_goaway(c->peer) ? -ECONNRESET : r;
}

int client_listen(struct client *c, int timeout_msec)
{
	struct pollfd from = { .fd = peer_fd(c->peer), .events = POLLIN };
	int r;

	/* Bytes that were read already are not in the kernel any more. */
	r = client_receive(c);
	if (r != 0)
		return MIN(r, 0);
	if (poll(&from, 1, timeout_msec) < 0)
		return -errno;
	return MIN(client_receive(c), 0);
}
