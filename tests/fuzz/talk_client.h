#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Clients that chat and send mail in ioe/1, each with a name of its own. Together they record each message and its
 * reply, and so know for each client which messages it must receive, which it can, and which it must not.
 */

#include "base/buf.h"
#include "fuzz/sim_server.h"

#define TALK_CLIENTS 4
#define TALK_ROOMS   2
#define TALK_TEXTS   512
#define TALK_OPEN    32 /* requests of a client that are not answered yet */

/* What a client may ask for. */
enum talk_ask {
	TALK_SAY,
	TALK_SEND,
	TALK_FETCH,
	TALK_ACK,
	TALK_JOIN,
	TALK_JOIN_AFTER,
	TALK_WAIT,
	TALK_PART,
	TALK_HISTORY,
	TALK_STATUS,
	TALK_KICK,
	TALK_CLEAR,
	TALK_ACK_OTHER,
	TALK_SEND_AGAIN,
	TALK_ASK_MAX,
	/* What each connection begins with. */
	TALK_HELLO,
	TALK_NICK,
};

struct talk_request {
	enum talk_ask kind;
	unsigned room;
	unsigned text;   /* index of the message in talk.texts */
	uint64_t number; /* JOIN: the last number that is known; JOIN_AFTER: likewise */
	uint64_t after;
	uint64_t step;    /* when it was asked */
	bool sure;        /* ACK: it must be there */
};

/* A message. Its index is in its text, so it is recognised wherever it is received. */
struct talk_text {
	unsigned from, to, room; /* clients; to: mail's */
	bool is_mail, refused;
	bool again;              /* sent twice */
	uint64_t acked;          /* when its sender received OK; 0: not yet */
	uint64_t number;         /* the room's; or mail's ID. 0: not known yet */
	bool taking, cleared;    /* its receiver has sent ACK, or MAILBOX,clear */
	uint64_t taken;          /* when that was done */
	bool found;              /* in the end */
};

struct talk_member {
	bool in;
	uint64_t joined_at; /* the room's last number when it came in */
	uint64_t at;        /* the last number that it received */
	unsigned said;      /* messages that were known then */
};

struct talk_client {
	struct talk *talk;
	unsigned index;
	int fd;     /* -1: not there */
	bool named; /* it has its name, and can send requests */
	bool ended; /* it has half-closed */
	bool gone;  /* the server has closed */
	struct buf received;
	struct talk_request open[TALK_OPEN];
	unsigned n_open;
	uint64_t began;
	uint64_t last_id; /* of the mail that it received */
	unsigned clears;  /* MAILBOX,clear without a reply, those of sessions that are gone included */
	struct talk_member rooms[TALK_ROOMS];
};

struct talk {
	struct sim_server *sim;
	struct talk_client clients[TALK_CLIENTS];
	struct talk_text texts[TALK_TEXTS];
	unsigned n_texts;
	uint64_t step;
	uint64_t last[TALK_ROOMS]; /* the highest number that is known */
	unsigned said[TALK_ROOMS]; /* how many texts */
	bool small_buffers;
};

void talk_init(struct talk *t, struct sim_server *h, bool small_buffers);
void talk_begin(struct talk_client *c);            /* connects and takes its name; does nothing while it is connected */
void talk_break(struct talk_client *c, bool half); /* half-closes only, or closes */
void talk_ask(struct talk_client *c, enum talk_ask kind, unsigned x, unsigned y);
void talk_receive(struct talk_client *c, size_t max);

/* talk_receive.c: receives at most @max bytes. False: there were none. */
bool talk_recv(struct talk_client *c, size_t max);
extern const char *const talk_names[TALK_CLIENTS];

/* Waits for all replies, and checks rooms and mailboxes. */
void talk_end(struct talk *t);
