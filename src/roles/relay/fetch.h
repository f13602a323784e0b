#pragma once
/* SPDX-License-Identifier: MIT */
/* FETCH: look in, take what waits, go. */

#include "roles/relay/session.h"

int relay_fetch(struct request *q, struct fields *f);

/* All it has queued so far is sent. */
void relay_fetch_go_on(struct relay_fetch *x, struct relay_session *rs);
/* Its session takes no more. */
void relay_fetch_gone(struct relay_fetch *x);
