#pragma once
/* SPDX-License-Identifier: MIT */
/* The state that all commands share: the servers and the connection; how a request is sent and how a failure is
 * printed. */

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
	CLIENT_STATE_BROKEN,    /* the connection broke: the next command connects again, to the same data */
	CLIENT_STATE_LEFT,      /* the user has to connect */
};

struct search;

struct client {
	struct servers servers;
	uint64_t connect_usec, timeout_usec;
	enum client_mode mode;
	enum client_state state;
	struct peer *peer;      /* only in CONNECTED */
	struct server where;    /* the last one connected to; its own copies */
	char *store;            /* of it */
	unsigned data;          /* another number for each STORE: numbers of before mean nothing there */
	uint64_t received_msec; /* of the connection that broke: when bytes last arrived, since 1970 */
	const char *role;       /* the command under way needs this role; NULL: none; */
	bool needs_name;        /* it acts under the user's name; */
	bool comes_back;        /* and it connects again by itself */
	char *nick;             /* NULL: the name the server gives */
	bool is_named;          /* the server knows it */
	unsigned connection;    /* another number for each */
	peer_news_fn news;      /* of each connection from now on: client_set_news() */
	void *news_data;
	char label[128];        /* the command under way, for messages: "get notes.txt" */
	bool quit;
};

void client_done(struct client *c);

/* link.c: the connection */

/* Returns the connected server, which offers the role that the command needs; connects and takes the nick where
 * necessary. NULL: the reason was printed, and @ret_code is the exit code of the command. */
struct peer *client_link(struct client *c, enum exit_code *ret_code);
/* After the connection broke: connects to the same server, or to the same data elsewhere, with the same nick, and
 * tries until then. comeback.h does it in steps. */
enum exit_code client_resume(struct client *c, uint64_t until_usec);
/* The nick to take at the next client_link(). NULL: no change. OK, or it is out of memory and prints that. */
enum exit_code client_set_nick(struct client *c, const char *nick);
/* Changes the nick at once. */
enum exit_code client_rename(struct client *c, const char *nick);
/* Pauses before the same request is sent again, longer each time; @pause_usec is 0 before the first. 0 or -EINTR. */
int client_pause(uint64_t *pause_usec);
/* Events of the server go to @fn; NULL: they are dropped. */
void client_set_news(struct client *c, peer_news_fn fn, void *userdata);
/* Waits for an event of the server, -1: without limit. 0, also when the time is over; -EINTR, and the connection is
 * usable; another negative errno: the connection broke. */
int client_listen(struct client *c, int timeout_msec);
/* Closes the connection and connects to @s alone. Prints why it fails. */
enum exit_code client_link_to(struct client *c, const struct server *s);
/* One attempt to connect, nothing is printed; a silent server leaves @others their share of the time. 0 or negative
 * errno. */
int client_dial(const struct client *c, const struct server *s, size_t others, struct peer **ret);
/* Prints that no server was found, for the reason @error: -EINTR, -EBUSY, or another. */
enum exit_code client_fail_none(const struct client *c, int error, const char *why);
/* Prepares a search for a server; and takes its result: 0 and the connection is in use, or search.error. */
int client_search(const struct client *c, struct search **ret);
int client_take_search(struct client *c, struct search *s);
/* 0: the server knows the nick, or none is needed; negative errno; or it refused: *ret_refused. */
#define CLIENT_E_REFUSED 1
int client_take_nick(struct client *c, struct peer_reply *ret_refused);
/* Closes a connection that cannot be used further. */
void client_drop(struct client *c);
/* Closes the connection because the user leaves. */
void client_leave(struct client *c);

/* print.c: messages on standard error, "ioe-client: get notes.txt: ...". Each returns the exit code that goes with
 * it. */

/* Sets the label of the command under way; @arg NULL: it has no words. */
void client_label(struct client *c, const char *command, const char *arg);
void client_print(const char *fmt, ...) _printf_(1, 2);
enum exit_code client_fail(const struct client *c, enum exit_code code, const char *fmt, ...) _printf_(3, 4);
/* Prints the server's ERROR. */
enum exit_code client_fail_refused(const struct client *c, const struct peer_reply *reply);
/* The connection broke with @error: the client drops it, and does not come back where the server refuses that. */
enum exit_code client_fail_broken(struct client *c, int error);
/* The data of the server was replaced while the client was away. To be printed once for each client.data. */
void client_print_replaced(const struct client *c);
/* Standard output cannot be written. */
enum exit_code client_fail_output(const struct client *c, int error);
/* Flushes standard output at the end of a command: @code, or the code of the failure to write. */
enum exit_code client_flush(const struct client *c, enum exit_code code);

/*
 * Sends a request and waits for a reply of @kind: @words are the fields, up to a NULL. Any other reply is a failure,
 * and printed. A request to a server that is busy is sent again, within the time for one reply. Returns NO_SERVER only
 * where client_link() does.
 */
enum exit_code client_request(struct client *c, enum peer_reply_kind kind, const char *const *words,
			      struct peer_reply *ret);
/* Only sends the request; client_answer() has to follow. */
enum exit_code client_send(struct client *c, const char *const *words);
enum exit_code client_send_fields(struct client *c, const struct field *fields, unsigned n);
enum exit_code client_answer(struct client *c, enum peer_reply_kind kind, struct peer_reply *ret);
