#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The request of a verb to a room, on the side of the session: its thread makes and submits the request, the room's
 * owner acts on it (owner/act.h), and back in the session's thread it answers the verb. All verbs of chat but HISTORY
 * and ROOMS use it.
 */

#include "channel/engine.h"
#include "channel/subscriber.h"
#include "roles/chat/chat.h"
#include "roles/chat/owner/act.h"
#include "wire/field.h"

/* A request to the room @room, whose name is checked; @text (or NULL) is copied to args.text. 0; positive: the name is
 * wrong, and the request of the session was answered; or -ENOMEM. */
int chat_request_new(const struct call *call, const struct field *room, const struct field *text, enum chat_kind kind,
		     void (*answer)(struct chat_request *x), struct chat_request **ret);
struct chat_request *chat_request_free(struct chat_request *x);

/* Answers the request, which has a session's, with the error for rq.result. */
void chat_request_refuse(struct chat_request *x);

/* The same without a request of the session, so nothing is answered. NULL: out of memory. */
struct chat_request *chat_request_new_alone(struct channel_engine *engine, struct session *s, const char *room,
					    size_t room_len, enum chat_kind kind);

/* Sets the target of KICK, MUTE, BAN or ROLE. False: it is no valid name, and the request was answered. */
bool chat_request_set_target(struct chat_request *x, const struct field *target);

/* Whether @len bytes are within chat.text. False: the request was answered. */
bool chat_request_text_fits(const struct call *call, size_t len);

/* Counts one message of the session (chat.rate). False: it is one too many, and the request was answered. */
struct chat_session;
bool chat_request_within_rate(const struct call *call, struct chat_session *cs);
