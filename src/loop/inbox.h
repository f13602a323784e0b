#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Messages between threads. Each loop has one inbox, and every thread can push to it. A push never fails and never
 * waits, so a circle of threads cannot deadlock. The sources bound the number of messages (limits.pipeline, one job for
 * an upload, one accepted connection at a time).
 */

#include <stdatomic.h>

struct msg {
	struct msg *next;
	void (*act)(struct msg *m); /* runs in the receiver's thread; owns the message from then on */
};

/* A stack without a lock, of many writers and one reader, who takes all of it at once and reverses it. */
struct inbox {
	_Atomic(struct msg *) head;
	int fd; /* eventfd; readable when something was pushed on an empty inbox */
};

int inbox_init(struct inbox *in); /* 0 or negative errno */
void inbox_done(struct inbox *in);

/* Any thread. The message belongs to the receiver from then on. Never blocks, never fails. */
void inbox_push(struct inbox *in, struct msg *m);

/* In the receiver's thread: calls act() of all messages, oldest first. */
void inbox_run(struct inbox *in);
