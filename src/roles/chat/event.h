#pragma once
/* SPDX-License-Identifier: MIT */
/* The events of a room, formatted for each dialect. No state; any thread. */

#include "channel/channel.h"

enum chat_event_type {
	CHAT_EVENT_SAID, /* has a number; kept where chat.durable is set */
	CHAT_EVENT_JOINED,
	CHAT_EVENT_LEFT, /* the text is the reason */
	CHAT_EVENT_TOPIC,
};

/* For channel_policy.format. */
int chat_event_format(const struct channel_event *e, enum dialect d, struct buf *to);

/* A line of HISTORY: SEQ,TIME,FROM,TEXT. 0, -ENOMEM or -ENOBUFS. */
int chat_event_line(const struct channel_event *e, enum dialect d, struct buf *to);
