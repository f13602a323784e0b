#pragma once
/* SPDX-License-Identifier: MIT */
/* ACK: what is done is taken out, and its senders hear of it. */

#include "roles/relay/session.h"

int relay_ack(struct request *q, struct fields *f);

/* For a session that does not acknowledge by itself. */
void relay_ack_given(struct relay_state *state, struct session *s, const struct relay_name *box, const uint64_t *ids,
		     size_t n);
