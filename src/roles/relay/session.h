#pragma once
/* SPDX-License-Identifier: MIT */
/* A session's state in relay: its mailbox, and how far it has read it. In the session's thread. */

#include "roles/relay/relay.h"

struct relay_fetch;

struct relay_session {
	struct observer observer;
	struct relay_state *state;
	struct relay_name box;     /* its mailbox */
	uint64_t channel, cursor;  /* its id, and the number of the last message that the session was given */
	struct relay_fetch *fetch; /* waits until the session's output has drained; or NULL */

	/* In line and raw: ids of messages that the peer's TCP has not acknowledged yet. */
	uint64_t *given;
	size_t n_given, max_given;

	/* Of wait.c. */
	bool wanted;                /* WAIT,on */
	bool subscribed, moving;    /* a member of a mailbox; a request to enter or leave is under way */
	struct relay_name subscribed_to; /* that mailbox */
	struct request *asked;           /* the WAIT that is not answered yet, or NULL */
};

/* The sender's name of mail from this session, as long as the session has its name. NULL: out of memory. */
const char *relay_session_from(struct session *s);

/* The state of the session; makes it where there is none. 0 or -ENOMEM. */
int relay_session_get(const struct call *call, struct relay_session **ret);
struct relay_session *relay_session_find(struct session *s); /* NULL: there is none, or the session is ending */

/* Sets the id of the mailbox. Returns the cursor in it: 0 for a new id. */
uint64_t relay_session_resume(struct relay_session *rs, uint64_t channel);
/* channel_policy.wants(): whether the event is of the session's mailbox, and not of the mailbox of its former name. */
bool relay_session_wants(struct session *s, const struct channel_event *e);
/* channel_policy.queued(): moves the cursor. */
void relay_session_given(struct session *s, const struct channel_event *e);
