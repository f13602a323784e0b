#pragma once
/* SPDX-License-Identifier: MIT */
/* What the commands share: the servers, the connection, and how failures are said. */

#include "base/macro.h"
#include "client/failure.h"
#include "client/servers.h"
#include "peer/peer.h"

#include <stdbool.h>
#include <stdint.h>

enum client_mode {
	CLIENT_MODE_ONCE,   /* one command, of the command line */
	CLIENT_MODE_SCRIPT, /* commands on standard input */
	CLIENT_MODE_INTERACTIVE,
};

enum client_state {
	CLIENT_STATE_FRESH,     /* not connected yet: the first command does it */
	CLIENT_STATE_CONNECTED, /* peer is there, if maybe not for long */
	CLIENT_STATE_BROKEN,      /* the connection broke: the next command goes back to where it was */
	CLIENT_STATE_LEFT,      /* the user has to connect */
};

struct search;

struct client {
	struct servers servers;
	uint64_t connect_usec, timeout_usec;
	enum client_mode mode;
	enum client_state state;
	struct peer *peer;   /* only in CONNECTED */
	struct server where; /* the last one connected to; its own copies */
	char *store;         /* of it */
	unsigned data;       /* another number for each STORE: numbers of before mean nothing there */
	uint64_t received_msec; /* when the connection that was lost was last heard of, since 1970 */
	const char *role;    /* that the command under way asks for, NULL: whatever is offered; */
	bool needs_name;     /* and whether it is done under the user's name */
	bool comes_back;     /* and whether it connects again by itself, and does not have to be told to */
	char *nick;          /* NULL: the name the server gives */
	bool is_named;       /* the server knows it */
	unsigned connection; /* another number for each */
	peer_news_fn news;   /* of each connection from now on: client_set_news() */
	void *news_data;
	char label[128];     /* the command under way, for messages: "get notes.txt" */
	bool quit;
};

void client_done(struct client *c);

/* link.c: the connection */

/* The connected server, which offers what the command asks for; connecting and taking the nick where need be. NULL: it
 * was said why, and @ret_code is how the command ends. */
struct peer *client_link(struct client *c, enum exit_code *ret_code);
/* After it broke in the middle of something: back to where it was, or to the same data elsewhere, with the same nick,
 * trying until then. comeback.h has it in steps. */
enum exit_code client_resume(struct client *c, uint64_t until_usec);
/* The nick to take at the next client_link(). NULL: no change. OK, or it is out of memory and prints that. */
enum exit_code client_set_nick(struct client *c, const char *nick);
/* Who to be from now on. */
enum exit_code client_rename(struct client *c, const char *nick);
/* A pause before the same is asked again, longer each time; @pause_usec is 0 before the first. 0 or -EINTR. */
int client_pause(uint64_t *pause_usec);
/* What the server says unasked goes to @fn; NULL: is thrown away. */
void client_set_news(struct client *c, peer_news_fn fn, void *userdata);
/* Waits until the server has said something unasked, -1: for ever. 0, also when the time is over; -EINTR, and all is
 * well; another negative errno: the connection broke. */
int client_listen(struct client *c, int timeout_msec);
/* Connects to @s alone, leaving what was. Says why it fails. */
enum exit_code client_link_to(struct client *c, const struct server *s);
/* One try, nothing said; a silent server leaves @others their share of the time. 0 or negative errno. */
int client_dial(const struct client *c, const struct server *s, size_t others, struct peer **ret);
/* No server, for that reason: -EINTR, -EBUSY, or another. */
enum exit_code client_fail_none(const struct client *c, int error, const char *why);
/* What to look for, and what was found: 0 and it is adopted, or search.error. */
int client_search(const struct client *c, struct search **ret);
int client_take_search(struct client *c, struct search *s);
/* 0: the server knows the nick, or none is needed; negative errno; or it refused: *ret_refused. */
#define CLIENT_E_REFUSED 1
int client_take_nick(struct client *c, struct peer_reply *ret_refused);
/* The connection cannot be used further. */
void client_drop(struct client *c);
/* The user wants no connection. */
void client_leave(struct client *c);

/* print.c: messages on standard error, "ioe-client: get notes.txt: ...". Each returns the exit code that goes with it. */

/* Sets the label of the command under way; @arg NULL: it has no words. */
void client_label(struct client *c, const char *command, const char *arg);
void client_print(const char *fmt, ...) _printf_(1, 2);
enum exit_code client_fail(const struct client *c, enum exit_code code, const char *fmt, ...) _printf_(3, 4);
/* The server's ERROR. */
enum exit_code client_fail_refused(const struct client *c, const struct peer_reply *reply);
/* The connection broke with @error: the client loses it; or leaves it, where the server does not want it back. */
enum exit_code client_fail_broken(struct client *c, int error);
/* The server is there, and what the client knew of its data is not; to be said once for each client.data. */
void client_print_replaced(const struct client *c);
/* Writing to standard output. */
enum exit_code client_fail_output(const struct client *c, int error);
/* Ends a command's output: @code, or what flushing it said. */
enum exit_code client_flush(const struct client *c, enum exit_code code);

/*
 * Asks and waits for an answer of @kind: @words are the fields, up to a NULL. Anything else is said. A server that is
 * busy is asked again, within the time that an answer has. Never NO_SERVER but from client_link().
 */
enum exit_code client_request(struct client *c, enum peer_reply_kind kind, const char *const *words,
			  struct peer_reply *ret);
/* Only sends it; to be followed by client_answer(). */
enum exit_code client_send(struct client *c, const char *const *words);
enum exit_code client_send_fields(struct client *c, const struct field *fields, unsigned n);
enum exit_code client_answer(struct client *c, enum peer_reply_kind kind, struct peer_reply *ret);
