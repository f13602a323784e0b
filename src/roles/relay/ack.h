#pragma once
/* SPDX-License-Identifier: MIT */
/* The verb ACK: removes messages from the mailbox and notifies their senders. */

#include "roles/relay/session.h"

int relay_ack(const struct call *call);

/* Acknowledges for a session whose dialect has no ACK. */
void relay_ack_given(struct relay_state *state, struct session *s, const struct relay_name *box, const uint64_t *ids,
		     size_t n);
