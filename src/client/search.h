#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Going down a list of servers for the first that answers. It can be done by a thread of its own, so that nobody who
 * types meanwhile is held up; whoever leaves last frees it, so it may be left at any time.
 */

#include "base/buf.h"
#include "client/servers.h"
#include "peer/peer.h"

#include <stdatomic.h>

struct search {
	struct servers list;   /* its own */
	bool is_back;          /* the first one is where the client was, and taken whatever data it holds; */
	char *store;           /* others only with this STORE. NULL: with any */
	uint64_t connect_usec; /* for silent ones together, and again for one that is there to say who it is */

	/* What became of it, once search_is_over(). */
	struct peer *peer; /* NULL: none has answered */
	size_t found;      /* which */
	int error;         /* of none: -EINTR; -EBUSY, where one may do later; -ENOTCONN */
	struct buf why;    /* what those before it said; "" where there were none */

	atomic_uint refs;
	atomic_bool over;
	int done_fd;
};

/* Inert but for what is above; 0 or negative errno. */
int search_new(struct search **ret);
struct search *search_unref(struct search *s);

/* Here; or 0 and in the background, or negative errno. */
void search_run(struct search *s);
int search_start(struct search *s);

/* Readable once it is over. */
int search_fd(const struct search *s);
bool search_is_over(const struct search *s);
