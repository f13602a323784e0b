#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The inside of a peer, for these three files only: peer.c (connecting, HELLO, and the end), request.c (sending) and
 * reply.c (receiving).
 */

#include "peer/peer.h"

#include "base/buf.h"
#include "peer/countdown.h"
#include "wire/line.h"

#define PEER_INPUT_MAX (64U << 10)

struct peer {
	int fd;
	int error; /* negative: final */
	uint64_t timeout_usec;
	char *server, *store, *address, *roles, *caps;
	uint64_t received_msec;
	unsigned instance;

	struct line_reader reader;
	char *at; /* the bytes in input that were not parsed yet */
	size_t left;
	struct buf line;    /* the answer as it came; NUL behind it */
	struct buf decoded; /* the same, fields decoded in place */
	struct fields fields;
	bool has_line; /* line holds a reply that peer_reply() has not returned yet */
	char *goaway;
	enum error_code unwanted;
	peer_news_fn news;
	void *news_data;
	uint64_t n_news; /* handed out or dropped */

	uint64_t sized; /* a bit for each request under way, the oldest lowest */
	unsigned n_open;
	uint64_t body_left;
	struct countdown rate; /* in this time, the transfer under way must move a number of bytes; */
	uint64_t rate_bytes;   /* it has moved these */
	bool is_late;          /* the time is over, and the input was read a last time */
	char input[PEER_INPUT_MAX];
};

/* The first error is final. Returns it. */
int peer_break(struct peer *p, int error);

/* Looks for a reply in the bytes that are there, without waiting: 1 and the reply is in p->line, 0 where none is
 * complete, negative errno. Events before it are handed out. */
int reply_look(struct peer *p, size_t max);
/* Waits for one complete reply line. */
int reply_wait_line(struct peer *p, size_t max);
/* Begin a transfer; count @n bytes of it; wait until more bytes can be moved. */
void rate_begin(struct peer *p);
void rate_add(struct peer *p, uint64_t n);
int rate_wait(struct peer *p, short events);
/* Whether the line's first fields are these. */
bool reply_has_word(const char *line, size_t len, const char *word);
