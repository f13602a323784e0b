#pragma once
/* SPDX-License-Identifier: MIT */
/* Lists of rooms and mailboxes for the control socket, in pages of its own. In main's thread. */

#include "base/buf.h"
#include "channel/list.h"
#include "server/task.h"

enum control_kind {
	CONTROL_ROOMS,
	CONTROL_MAILBOXES,
};

struct control_channel {
	size_t name_at, name_len;   /* in the page's text */
	size_t topic_at, topic_len; /* of a room; 0 bytes: it has none */
	uint64_t members;           /* sessions that are subscribed now */
	uint64_t messages, bytes;   /* in the store */
	uint64_t last;              /* the highest number ever given */
};

/* Rooms or mailboxes in the order of their names, a page at a time. Each page is a round trip of the task. */
#define CONTROL_CHANNELS_PAGE 128
struct control_channels {
	struct server_task task; /* first */
	bool done;               /* this is the last page */
	char why[512];           /* not empty: why the list cannot be made */
	struct buf text;
	size_t n;
	struct control_channel page[CONTROL_CHANNELS_PAGE];

	/* For control/channels.c. */
	bool collected;
	struct channel_list list;
};

/* NULL: no memory. channels_next() fetches the first page, and after each on_arrival() the next, until done. */
struct control_channels *channels_new(struct server *s, enum control_kind kind,
				      void (*on_arrival)(struct server_task *e), void *on_arrival_data);
void channels_next(struct control_channels *c);
