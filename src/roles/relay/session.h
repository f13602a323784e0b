#pragma once
/* SPDX-License-Identifier: MIT */
/* What relay knows of a session that takes mail: whose mailbox, and how far it has been read. */

#include "roles/relay/relay.h"

struct relay_fetch;

struct relay_session {
	struct observer observer;
	struct relay_state *state;
	struct relay_name box;     /* its mailbox */
	uint64_t channel, cursor;  /* that one's id, and the number of the last message this session was given */
	struct relay_fetch *fetch; /* one that goes on once its last page is sent */

	/* Ids of what was given in line and raw, until the peer's TCP has it. */
	uint64_t *given;
	size_t n_given, max_given;

	/* wait.c's */
	bool wanted;                /* WAIT,on */
	bool subscribed, moving;    /* it is let in; an op to let it in or out is under way */
	struct relay_name subscribed_to; /* where that is */
	struct request *asked;      /* the WAIT that is to be answered */
};

/* Who this session's mail is from. Returns the length. */
size_t relay_session_from(const struct session *s, char dst[SESSION_NAME_MAX]);

/* The request's, made where there is none yet. 0 or -ENOMEM. */
int relay_session_get(struct request *q, struct relay_session **ret);
struct relay_session *relay_session_find(struct session *s); /* NULL: none, or it takes no more */

/* Its mailbox has this id now. Returns the number behind which it goes on. */
uint64_t relay_session_resume(struct relay_session *rs, uint64_t channel);
/* Whether that is from its mailbox, or from that of the name it had before. */
bool relay_session_wants(struct session *s, const struct channel_event *e);
/* A message has been queued to it. */
void relay_session_given(struct session *s, const struct channel_event *e);
