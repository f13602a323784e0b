#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Clients that send each other mail until the daemon is gone, and remember what was acknowledged. Each letter says
 * which one of which pair it is, so whatever comes can be checked: nothing acknowledged is missing, none comes out of
 * order for its pair, and only what was not acknowledged comes twice.
 */

#include "integration/client.h"

#include <stdatomic.h>

#define MAIL_SCENARIO_SENDERS   4
#define MAIL_SCENARIO_RECEIVERS 3

struct mail_scenario_pair {
	GArray *messages;       /* struct mail_message, the n-th at n - 1 */
	unsigned seen_max;     /* the highest that came */
	unsigned session_last; /* ... in the receiver's present session */
};

struct mail_scenario;

struct mail_scenario_thread {
	struct mail_scenario *scenario;
	GThread *thread;
	struct client *client;
	unsigned index;
	GRand *random;
	GQueue out; /* a sender's: sent and not answered yet. A receiver's: acknowledged by him, and not answered yet */
};

/* What is wrong with what came. */
struct mail_scenario_damage {
	unsigned lost;     /* a SEND was acknowledged, and it never came */
	unsigned disorder; /* one came behind a later one of its pair */
	unsigned doubled;  /* it is held twice; or came again after its ACK was answered */
	unsigned torn;     /* nobody has sent that */
};

struct mail_scenario {
	GMutex lock; /* of all below */
	struct mail_scenario_pair pairs[MAIL_SCENARIO_SENDERS][MAIL_SCENARIO_RECEIVERS];
	struct mail_scenario_damage damage;
	bool early;  /* counts a SEND as acknowledged once it is sent, as with a daemon that answers too early */
	bool noted;
	struct mail_scenario_thread senders[MAIL_SCENARIO_SENDERS], receivers[MAIL_SCENARIO_RECEIVERS];
	atomic_uint acked; /* in this round */
	unsigned long acked_in_all, came, again, repeated;
};

void mail_scenario_init(struct mail_scenario *l, unsigned seed);
void mail_scenario_done(struct mail_scenario *l);
/* The senders connect, and those receivers who are not away. */
void mail_scenario_start(struct mail_scenario *l, struct daemon *d);
bool mail_scenario_wait_acked(struct mail_scenario *l, unsigned n, gint64 deadline);
/* What is acknowledged from here on need not be so. */
void mail_scenario_note(struct mail_scenario *l);
/* The daemon is gone: waits for the threads, too. */
void mail_scenario_join(struct mail_scenario *l);
/* Takes all there is, and finds out what has not come. */
void mail_scenario_check(struct mail_scenario *l, struct daemon *d, struct mail_scenario_damage *ret);
