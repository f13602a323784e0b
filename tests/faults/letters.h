#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Clients that send each other mail until the daemon is gone, and remember what was acknowledged. Each letter says
 * which one of which pair it is, so whatever comes can be checked: nothing acknowledged is missing, none comes out of
 * order for its pair, and only what was not acknowledged comes twice.
 */

#include "integration/client.h"

#include <stdatomic.h>

#define LETTERS_SENDERS   4
#define LETTERS_RECEIVERS 3

struct letters_pair {
	GArray *letters;       /* struct letter, the n-th at n - 1 */
	unsigned seen_max;     /* the highest that came */
	unsigned session_last; /* ... in the receiver's present session */
};

struct letters;

struct letters_thread {
	struct letters *letters;
	GThread *thread;
	struct client *client;
	unsigned index;
	GRand *random;
	GQueue out; /* a sender's: sent and not answered yet. A receiver's: acknowledged by him, and not answered yet */
};

/* What is wrong with what came. */
struct letters_damage {
	unsigned lost;     /* a SEND was acknowledged, and it never came */
	unsigned disorder; /* one came behind a later one of its pair */
	unsigned doubled;  /* it is held twice; or came again after its ACK was answered */
	unsigned torn;     /* nobody has sent that */
};

struct letters {
	GMutex lock; /* of all below */
	struct letters_pair pairs[LETTERS_SENDERS][LETTERS_RECEIVERS];
	struct letters_damage damage;
	bool early;  /* takes a SEND for acknowledged when it is sent: what a daemon that answers too early looks like */
	bool noted;
	struct letters_thread senders[LETTERS_SENDERS], receivers[LETTERS_RECEIVERS];
	atomic_uint acked; /* in this round */
	unsigned long acked_in_all, came, again, repeated;
};

void letters_init(struct letters *l, unsigned seed);
void letters_done(struct letters *l);
/* The senders connect, and those receivers who are not away. */
void letters_start(struct letters *l, struct daemon *d);
bool letters_wait_acked(struct letters *l, unsigned n, gint64 deadline);
/* What is acknowledged from here on need not be so. */
void letters_note(struct letters *l);
/* The daemon is gone: waits for the threads, too. */
void letters_join(struct letters *l);
/* Takes all there is, and finds out what has not come. */
void letters_check(struct letters *l, struct daemon *d, struct letters_damage *ret);
