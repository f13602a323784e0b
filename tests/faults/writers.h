#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Clients that write files until the daemon is gone, and remember what it acknowledged. A file says in its first line
 * which version of which name it is, and the rest follows from that, so that whatever is found later can be checked.
 */

#include "integration/client.h"

#include <stdatomic.h>

#define WRITERS_THREADS 4
#define WRITERS_NAMES   12 /* each thread's own */

struct writers_file {
	unsigned tried;      /* the last version that was sent, whole or in part; 0: none */
	atomic_uint acked;   /* the last that was acknowledged; 0: none */
	unsigned acked_then; /* it, when the daemon was killed or the power was cut */
};

struct writers;

struct writers_thread {
	struct writers *writers;
	GThread *thread;
	struct client *client;
	unsigned index;
	GRand *random;
	struct writers_file files[WRITERS_NAMES];
};

struct writers {
	struct writers_thread threads[WRITERS_THREADS];
	atomic_uint acked; /* by all, in this round */
	unsigned long acked_in_all;
	size_t size_max;
};

/* What is wrong with what is found. */
struct writers_damage {
	unsigned lost;  /* acknowledged, and gone or older */
	unsigned torn;  /* no version that was ever sent */
	unsigned stray; /* a name that nobody wrote, or that should not be seen */
};

void writers_init(struct writers *w, unsigned seed, size_t size_max);
void writers_done(struct writers *w);
/* Every thread connects and writes. */
void writers_start(struct writers *w, struct daemon *d);
/* Until so many files have been acknowledged in this round; false: not before the deadline, or all threads ended. */
bool writers_wait_acked(struct writers *w, unsigned n, gint64 deadline);
/* What is acknowledged from here on need not be there any more. */
void writers_note(struct writers *w);
/* The daemon is gone: waits for the threads, too. */
void writers_join(struct writers *w);
/* Reads all that the daemon has to show, and compares; what is found is what counts from here on. */
void writers_check(struct writers *w, struct daemon *d, struct writers_damage *ret);
/* Removes about half of the files behind the daemon's back, so that the next round has new ones to make. */
void writers_thin_out(struct writers *w, struct daemon *d);
