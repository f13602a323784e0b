#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What an administrator sees of a session, and how an administrator ends it. Call all of it in the session's thread.
 */

#include "base/address.h"
#include "session/name.h"
#include "wire/dialect.h"

struct session;

enum client_state {
	CLIENT_IDLE,
	CLIENT_BUSY,    /* a request is open */
	CLIENT_STALLED, /* it does not read its answers */
	CLIENT_ENDING,
	CLIENT_STATE_MAX,
};

struct client {
	struct handle handle;
	struct address address;
	enum dialect dialect;
	enum client_state state;
	unsigned requests;       /* open ones */
	uint64_t connected_usec; /* real time */
	uint64_t idle_usec;
	uint64_t bytes_in, bytes_out;
	char name[NICK_MAX + 1]; /* "": none */
	char listener[64];
};

/* @now_usec and @real_usec: the two clocks (clock.h) at this moment. */
void admin_describe(const struct session *s, uint64_t now_usec, uint64_t real_usec, struct client *ret);

/*
 * Ends a session in two steps, since the notice leaves at the end of the pass: admin_kick() sends "GOAWAY,kicked: why"
 * in ioe/1, nothing in other dialects, and logs it; admin_drop(), in the next pass, closes the session. @why: text of
 * at most ADMIN_WHY_MAX bytes.
 */
#define ADMIN_WHY_MAX 80
void admin_kick(struct session *s, const char *why);
void admin_drop(struct session *s);
