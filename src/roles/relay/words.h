#pragma once
/* SPDX-License-Identifier: MIT */
/* How mail reads in each dialect, and the ids it is acknowledged by. Knows no session. */

#include "channel/channel.h"
#include "wire/field.h"

/* The types of events beside mail, which is 0. */
enum relay_event {
	RELAY_EVENT_DELIVERED = 1, /* to a sender, in ioe/1 only; its text is relay_words_put_receipt()'s */
};

/* channel_policy.format() */
int relay_words_format(const struct channel_event *e, enum dialect d, struct buf *to);

/* "ID,NAME,TIME" of a message that has been acknowledged. Returns the length. */
#define RELAY_WORDS_RECEIPT_MAX (20 + 1 + 3 * STORE_NAME_MAX + 1 + 20)
size_t relay_words_put_receipt(char dst[RELAY_WORDS_RECEIPT_MAX], uint64_t id, const char *name, size_t name_len,
			       uint64_t time_msec);

/* 0 or -EINVAL: no message can have that id. */
int relay_words_parse_id(const struct field *f, uint64_t *ret);

/* What SEND says behind the name. In line and raw the text has all that is left, commas too, and no key; the two
 * fields that its row allows for it lie behind each other then. */
void relay_words_join_text(struct fields *f, enum dialect d);

/* "held", "delivered", "expired" */
const char *relay_words_disposition(enum store_disposition disposition);
