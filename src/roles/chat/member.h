#pragma once
/* SPDX-License-Identifier: MIT */
/* Members of a room: the verbs JOIN and PART, new names, and the policy of chat's channels. */

#include "roles/chat/request.h"
#include "roles/chat/session.h"

extern const struct channel_policy chat_policy;

int chat_member_join(struct request *q, struct fields *f);
int chat_member_part(struct request *q, struct fields *f);

/* Origin: enters a room without a JOIN, for the request @q. welcome() answers it. On failure @q is answered with the
 * error, and unwelcome() is called. 0 or -ENOMEM. */
int chat_member_enter(struct request *q, const char *room, void (*welcome)(struct chat_request *x),
		      void (*unwelcome)(struct chat_request *x));

/* Origin: the same without a request; a failure is not reported. */
int chat_member_enter_alone(struct chat_session *cs, const char *room);

/* Origin: the session of this subscription has a new name. A session above its rate (not @within_rate) must leave. */
void chat_member_renamed(struct chat_session *cs, struct channel_subscription *sub, bool within_rate);
