#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Stored messages, as a verb reads them: pages of a channel, and the disposition of one message. At the origin, past
 * the owner of the channel: a reader sees all messages that were acknowledged before it asked.
 *
 * The caller embeds a request and keeps it until on_complete() is called, in the thread of its loop.
 */

#include "channel/channel.h"

/* Messages with numbers above @after, oldest first. */
struct channel_page {
	/* The caller sets these. */
	struct loop *loop;
	const struct channel_policy *policy;
	const char *name; /* of the channel; valid for the call only */
	size_t name_len;
	uint64_t after;
	size_t max_messages, max_bytes; /* the first message is in the page whatever its size */
	bool count_left, count_all;
	void (*on_complete)(struct channel_page *p);

	/* The answer. */
	int result;                 /* 0, enum channel_outcome (NOT_FOUND: it is not on disk), or negative errno */
	uint64_t channel_id;
	size_t n_messages;
	bool more;                  /* there are further messages */
	uint64_t left;              /* count_left: how many */
	struct store_counts counts; /* count_all: of the whole channel */

	/* The engine's. */
	struct store_page stored;
	size_t at; /* of the next message */
};

/* Origin. The engine must have a store. */
void channel_page_read(struct channel_page *p, struct channel_engine *engine);
/* The next message of the page. False: there is none. The texts live as long as the page; the event has no channel. */
bool channel_page_next(struct channel_page *p, struct channel_event *ret);
/* Frees the messages; the rest of the answer stays. */
void channel_page_done(struct channel_page *p);

/* The disposition of a message that this sender has sent. */
struct channel_lookup {
	/* The caller sets these. */
	struct loop *loop;
	uint64_t id;
	const char *from; /* valid for the call only */
	size_t from_len;
	void (*on_complete)(struct channel_lookup *l);

	/* The answer. */
	int result; /* as in a page; CHANNEL_E_NOT_FOUND: nothing is known of such a message, or not any more */
	unsigned disposition; /* CHANNEL_HELD... */
	uint64_t time_msec; /* of the disposition; CHANNEL_HELD: when the message was stored */

	/* The engine's. */
	struct store_lookup stored;
};

/* Origin. The engine must have a store. */
void channel_lookup(struct channel_lookup *l, struct channel_engine *engine);
