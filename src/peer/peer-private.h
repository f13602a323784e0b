#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Inside of a peer: peer.c (its life, and HELLO), request.c (what it sends) and reply.c (what comes). Nobody else
 * includes this.
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
	char *at; /* bytes in the piece not looked at yet */
	size_t left;
	struct buf line;    /* the answer as it came; NUL behind it */
	struct buf decoded; /* the same, fields decoded in place */
	struct fields fields;
	bool has_line; /* line holds one that peer_reply() has not told yet */
	char *goaway;
	enum error_code unwanted;
	peer_news_fn news;
	void *news_data;
	uint64_t n_news; /* told or thrown away */

	uint64_t sized; /* a bit for each request under way, the oldest lowest */
	unsigned n_open;
	uint64_t body_left;
	struct countdown rate; /* of what is on its way: until then so much has to go, */
	uint64_t rate_bytes;        /* and so much has */
	bool is_late;          /* it has not, and was looked at for the last time */
	char input[PEER_INPUT_MAX];
};

/* What broke first is final. Returns it. */
int peer_break(struct peer *p, int error);

/* Looks for an answer in what is there, without waiting: 1 and it is kept in p->line, 0 where none is whole, negative
 * errno. News before it is told. */
int reply_look(struct peer *p, size_t max);
/* Waits for an answer, as a whole. */
int reply_wait_line(struct peer *p, size_t max);
/* A transfer begins; so many of its bytes went; waits until more may go. */
void rate_begin(struct peer *p);
void rate_add(struct peer *p, uint64_t n);
int rate_wait(struct peer *p, short events);
/* Whether the line's first fields are these. */
bool reply_has_word(const char *line, size_t len, const char *word);
