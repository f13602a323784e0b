#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A thread plays a server that does what a test of the client's side needs, once, on a loopback port that the kernel
 * chose.
 */

#include "base/clock.h"
#include "peer/peer.h"

#include <pthread.h>

#define FAKE_HI "HI,ioe/1,ioed/0.1.0,3,file+compute,127.0.0.1,range,5f%2C3e\n"

#define FAKE_LONG_USEC  (20 * USEC_PER_SEC)
#define FAKE_SHORT_USEC (60 * USEC_PER_MSEC)

/* A conversation: an answer for each line that is heard. NULL ends it; then the server closes. */
struct fake_play {
	const char *greeting; /* said right after accept, NULL: nothing */
	const char *const *answers;
	size_t piece; /* bytes a send, 0: all at once */
	bool stay;    /* after the last answer: until the client closes */
	bool reset;   /* close with a reset */
};

struct fake {
	int listener;
	char port[8];
	pthread_t thread;
	void (*serve)(struct fake *f, int fd);
	const struct fake_play *play;
	char heard[256]; /* the last line */
};

void fake_start(struct fake *f, void (*serve)(struct fake *f, int fd));
/* The client has closed, or the server does by itself. */
void fake_stop(struct fake *f);

/* What it may do. */
void fake_serve_play(struct fake *f, int fd);
void fake_serve_flood(struct fake *f, int fd); /* a line without end */
void fake_say(int fd, const char *s, size_t n, size_t piece);
bool fake_hear(struct fake *f, int fd); /* one line; what does not fit is dropped. False at end of file */
void fake_drain(int fd);
void fake_wait(struct fake *f); /* until the test is over: a client whose bytes nobody reads is not heard closing */

/* The client: starts that play, and connects to it. */
int fake_connect(struct fake *f, const struct fake_play *play, struct peer **ret);
int fake_ask(struct peer *p, const char *line, struct peer_reply *ret);
void fake_expect_field(const struct peer_reply *reply, unsigned i, const char *expect);
