#pragma once
/* SPDX-License-Identifier: MIT */
/* Members of a room: the verbs JOIN and PART, new names, and the policy of chat's channels. */

#include "roles/chat/request.h"
#include "roles/chat/session.h"

extern const struct channel_policy chat_policy;

int chat_member_join(const struct call *call);
int chat_member_part(const struct call *call);

/* For an act without a JOIN: enters the room of the first field. welcome() answers the request. On failure the request
 * is answered with the error, and unwelcome() is called. Returns as a role_act_fn. */
int chat_member_enter(const struct call *call, void (*welcome)(struct chat_request *x),
		      void (*unwelcome)(struct chat_request *x));

/* The same without a request of the session; a failure is not reported. 0 or -ENOMEM. */
int chat_member_enter_alone(struct chat_session *cs, const struct field *room);

/* The session of this subscription has a new name. A session above its rate (not @within_rate) must leave. */
void chat_member_renamed(struct chat_session *cs, struct channel_subscription *sub, bool within_rate);
