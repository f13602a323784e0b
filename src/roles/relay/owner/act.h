#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The requests to a mailbox: their kinds, and their arguments. act() of each runs in the thread of the mailbox's owner,
 * and decides from the mailbox and the request alone (channel/channel.h says what that forbids). The files of the verbs
 * are the origin's side.
 */

#include "channel/owner.h"
#include "roles/relay/name.h"
#include "wire/field.h"

/* The ids of the kinds: never changed, and never used again for another kind. */
enum relay_kind {
	RELAY_KIND_SEND = 1,
	RELAY_KIND_ACK = 2,
	RELAY_KIND_NOTIFY = 3, /* of a sender: its message was acknowledged */
	RELAY_KIND_CLEAR = 4,
	RELAY_KIND_ENTER = 5, /* of WAIT: the session becomes a member of its mailbox */
	RELAY_KIND_LEAVE = 6,
	RELAY_KIND_MAX,
};
extern const struct channel_request_kind relay_kinds[RELAY_KIND_MAX - 1];

static inline const struct channel_request_kind *relay_kind_row(enum relay_kind kind)
{
	return &relay_kinds[kind - 1];
}

/* NOTIFY, CLEAR and LEAVE have no arguments. */

struct relay_send {
	struct channel_request rq;
	struct {
		uint64_t max_messages, max_bytes;
		size_t key_len; /* 0: none */
		char key[CHANNEL_KEY_MAX];
	} args;

	/* The origin's. */
	size_t accounted;
	struct relay_name to;
};

#define RELAY_ACK_MAX FIELDS_MAX /* ids in a request */

struct relay_ack {
	struct channel_request rq;
	struct {
		size_t n;
		uint64_t ids[RELAY_ACK_MAX];
	} args;

	/* The owner's: the numbers of those that are in this mailbox. */
	size_t n;
	uint64_t numbers[RELAY_ACK_MAX];

	/* The origin's. */
	struct relay_state *state;
	struct relay_name box;
	struct store_removed removed[]; /* the result: @args.n places */
};

struct relay_wait_request {
	struct channel_request rq;
	struct {
		struct address address; /* of ENTER */
	} args;

	/* The origin's. */
	struct relay_name name;
};
