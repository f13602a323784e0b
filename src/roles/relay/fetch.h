#pragma once
/* SPDX-License-Identifier: MIT */
/* The verb FETCH: delivers the messages of the mailbox once. */

#include "roles/relay/session.h"

int relay_fetch(const struct call *call);

/* The session's output has drained. */
void relay_fetch_go_on(struct relay_fetch *x, struct relay_session *rs);
/* The session has ended. */
void relay_fetch_gone(struct relay_fetch *x);
