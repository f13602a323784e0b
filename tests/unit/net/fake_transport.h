#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A transport that does all that one may do and that TCP never does: it has a handshake, takes and gives one byte at a
 * time, says EAGAIN every second time, keeps bytes back in both directions, and breaks when a test says so.
 */

#include "net/transport.h"

enum fake_way {
	FAKE_SLOW = 1 << 0,     /* says EAGAIN every second time */
	FAKE_KEEP = 1 << 1,     /* takes more from the kernel than is read, and keeps what is written for a while */
	FAKE_SENDFILE = 1 << 2, /* has a sendfile() of its own */
};
#define FAKE_WAYS 8

/* Of those that are made from now on: how they are, and which call, counted over all of them, breaks (0: none). */
void fake_transport_set(unsigned ways, unsigned break_at);
int fake_transport_new(struct transport **ret);

/* Those with FAKE_KEEP keep all that is written, until it is false again. */
void fake_transport_hold(bool on);

unsigned fake_transport_count_calls(void); /* since fake_transport_set() */
unsigned fake_transport_count(void);       /* those that live */
