#pragma once
/* SPDX-License-Identifier: MIT */
/* The role relay: messages that wait for a name until it acknowledges them. */

#include "channel/channel.h"
#include "roles/relay/name.h"
#include "session/role.h"

struct relay_options {
	uint64_t retention_usec;
	uint64_t max_messages, max_bytes; /* a mailbox */
	bool nick_mail;
	uint64_t open, sessions;
};
extern const struct option_section relay_section;

extern const struct role relay_role;

/* What the role's modules share. Made at the start, then only read. */
struct relay_state {
	struct channel_engine *engine;
};

/* A mailbox is a channel, which its sessions follow while they WAIT. */
extern const struct channel_policy relay_policy;

/* What has to be refused for a reason of the engine's or the store's: answers with the error that it is. */
void relay_refuse(struct request *q, int error);
/* The store, or NULL and answered: there is none. */
struct store *relay_store(struct request *q);
