#pragma once
/* SPDX-License-Identifier: MIT */
/* WAIT: mail is delivered as it comes. */

#include "roles/relay/session.h"

int relay_wait(struct request *q, struct fields *f);

/* The next step to where the session wants to be: after a change of what it wants, or of its name. */
void relay_wait_resolve(struct relay_session *rs, struct session *s);
