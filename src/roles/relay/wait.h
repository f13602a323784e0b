#pragma once
/* SPDX-License-Identifier: MIT */
/* The verb WAIT: messages are delivered as they are sent. */

#include "roles/relay/session.h"

int relay_wait(const struct call *call);

/* Call after a change of what the session wants, or of its name. */
void relay_wait_resolve(struct relay_session *rs, struct session *s);
