#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * How threads talk: each loop has one inbox, anyone may push. It never refuses, so no circle of threads can
 * deadlock; what may be pushed is bounded at the sources (limits.pipeline, one job an upload, one accept a time).
 */

#include <stdatomic.h>

struct msg {
	struct msg *next;
	void (*act)(struct msg *m); /* runs in the receiver's thread; owns the message from then on */
};

/* A stack that is taken whole and turned round: many writers, one reader, no lock. */
struct inbox {
	_Atomic(struct msg *) head;
	int fd; /* eventfd; readable when something was pushed on an empty inbox */
};

int inbox_init(struct inbox *in); /* 0 or negative errno */
void inbox_done(struct inbox *in);

/* Takes the message over. May be called from any thread, never blocks, never fails. */
void inbox_push(struct inbox *in, struct msg *m);

/* In the receiver's thread: runs all there is, oldest first. */
void inbox_run(struct inbox *in);
