#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The role relay: mailboxes. A message is kept on disk until its receiver acknowledges it. One file for each verb;
 * name.h, words.h and session.h are what they share. The files in owner/ run in the thread of the owner of a mailbox,
 * all others in that of the session.
 */

#include "channel/engine.h"
#include "channel/subscriber.h"
#include "roles/relay/name.h"
#include "session/role.h"

struct relay_options {
	uint64_t retention_usec;
	uint64_t max_messages, max_bytes; /* of a mailbox */
	bool nick_mail;
	uint64_t open, sessions;
};
extern const struct option_section relay_section;

extern const struct role relay_role;

/* The role's state: made at the start, then only read, by all reactors. */
struct relay_state {
	struct channel_engine *engine;
};

/* A mailbox is a channel. Sessions subscribe to it with WAIT,on. */
extern const struct channel_policy relay_policy;

/* An outcome of relay itself, beside enum channel_outcome. */
enum relay_outcome {
	RELAY_E_ENDED = CHANNEL_E_MAX, /* the session has ended or takes no more */
};
/* Answers the request with the error for an outcome that is not 0: of either enum, or a negative errno. */
void relay_refuse(struct request *q, int outcome);
/* Whether mail can be kept. False: there is no store, and the request was answered. */
bool relay_has_store(const struct call *call);
