#pragma once
/* SPDX-License-Identifier: MIT */
/* Mail as text in each dialect, and ids of messages. No state; any thread. */

#include "channel/channel.h"
#include "wire/field.h"

/* channel_event.type; a message of the mailbox has 0. */
enum relay_event {
	RELAY_EVENT_DELIVERED = 1, /* to a sender, in ioe/1 only; its text is relay_words_put_receipt()'s */
};

/* channel_policy.format(). */
int relay_words_format(const struct channel_event *e, enum dialect d, struct buf *to);

/* "ID,NAME,TIME" of a message that has been acknowledged. Returns the length. */
#define RELAY_WORDS_RECEIPT_MAX (20 + 1 + 3 * CHANNEL_NAME_MAX + 1 + 20)
size_t relay_words_put_receipt(char dst[RELAY_WORDS_RECEIPT_MAX], uint64_t id, const char *name, size_t name_len,
			       uint64_t time_msec);

/* Reads an id. 0, or -EINVAL: no message can have that id. */
int relay_words_parse_id(const struct field *f, uint64_t *ret);

/* Joins the text of SEND. In line and raw it is the rest of the line, commas included, and there is no key: the two
 * fields behind the name become one. */
void relay_words_join_text(struct fields *f, enum dialect d);

/* "held", "delivered", "expired": CHANNEL_HELD... */
const char *relay_words_disposition(unsigned disposition);
