#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * How one takes part in what several hear, with each server: what a member says to come in, what it says to all, and
 * what it hears. Everyone is in one room, "bench".
 */

#include "frame.h"

#include <stddef.h>
#include <stdint.h>

#define PUBSUB_MAX 512 /* bytes of anything that is said */

/* With a length, because MQTT has NULs. */
struct pubsub_bytes {
	const char *p;
	size_t n;
};

enum pubsub_kind {
	PUBSUB_SAID,   /* a message */
	PUBSUB_REPLY,  /* the answer to one's own */
	PUBSUB_IGNORED /* others come in, or the server wants to know whether one is there */
};

struct pubsub {
	const char *name;
	struct pubsub_bytes enter; /* {m}: who it is, four hexadecimal digits */
	struct pubsub_bytes ready; /* ends what is answered to that */
	struct pubsub_bytes before, behind; /* the text that is said */
	/* Templates (frame.h), which differ in the first byte. None: never comes. */
	struct pubsub_bytes said, reply, ignored;
	int numbered; /* each message is one more than the last, and names who said it */
};

/* NULL: that server cannot do it. */
const struct pubsub *pubsub_find(const char *name);

/* They return how many bytes they have written to @buf. */
size_t pubsub_enter(const struct pubsub *p, unsigned who, char buf[PUBSUB_MAX]);
size_t pubsub_say(const struct pubsub *p, const char text[FRAME_TEXT_BYTES], char *buf);

/* Over a connection on which waiting is allowed; what is told behind that is not read. 0, -EBADMSG: refused, -EAGAIN:
 * no answer in time, or another negative errno. */
int pubsub_come_in(const struct pubsub *p, int fd, unsigned who);

/* One whole thing at @p. 0, -EAGAIN: not whole, -EBADMSG. */
int pubsub_receive(const struct pubsub *p, const char *bytes, size_t n, enum pubsub_kind *ret_kind, struct frame *ret,
		size_t *ret_len);
